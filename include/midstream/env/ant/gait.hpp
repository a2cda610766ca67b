/// \file
/// An expert for ant-pinpad that needs no training: a trot along the guide's way. The paper's is trained by PPO
/// (C.1.1); docs/ant.md compares them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "midstream/env/ant/guide.hpp"

namespace midstream::env {

/// Legs 0 and 2 and legs 1 and 3 swing in turn. Hips are held straight; a leg whose foot is on the ground pulls or
/// pushes by its ankle, as far as it points along or against the heading, so that the ant walks in any direction
/// without turning to it. Found by a random search for speed on flat ground, then rounded: about 1.4 m/s.
struct AntGait {
    double frequency = 3.4;     ///< strides a second
    double stance = 1.0;        ///< the ankles' mean angle, radians
    double stride = 0.5;        ///< of an ankle along its stride, radians
    double lift = 0.32;         ///< of a foot off the ground, radians
    double lead = 0.1;          ///< phase of the stride, radians
    double lag = 0.6;           ///< phase of the lift behind it, radians
    double stiffness = 2.0;     ///< torque, in units of the largest, for a radian away from where a joint should be
    double resistance = 0.165;  ///< likewise for a radian a second
    double noise = 0;           ///< standard deviation of what is added to the torques, in the same units
    static constexpr void describe(const auto& self, auto&& part) {
        part("frequency", self.frequency);
        part("stance", self.stance);
        part("stride", self.stride);
        part("lift", self.lift);
        part("lead", self.lead);
        part("lag", self.lag);
        part("stiffness", self.stiffness);
        part("resistance", self.resistance);
        part("noise", self.noise);
    }

    /// In units of the largest, hip before ankle, leg by leg.
    using Torques = std::array<float, AntDimensions::joints>;

    /// The torques, at this time of the gait, that walk towards `heading` (radians from the x axis of the world).
    Torques towards(double heading, double time, const double* position, const double* velocity) const {
        const double yaw = ant_yaw(position);
        Torques torques;
        for (int leg = 0; leg < AntDimensions::legs; ++leg) {
            const double along = std::cos(heading - yaw - (0.25 + 0.5 * leg) * std::numbers::pi);
            const double phase = 2 * std::numbers::pi * frequency * time + (leg % 2) * std::numbers::pi;
            const double ankle =
                stance - stride * along * std::cos(phase + lead) - lift * std::max(0.0, -std::sin(phase - lag));
            const double wanted[2] = {AntRest::hip, ankle};
            for (int i = 0; i < 2; ++i) {
                const int joint = 2 * leg + i;
                const double torque = stiffness * (wanted[i] - position[7 + joint]) - resistance * velocity[6 + joint];
                torques[joint] = static_cast<float>(std::clamp(torque, -1.0, 1.0));
            }
        }
        return torques;
    }

    /// Walks to the centre of the next cell of the guide's way; where there is none, to that of its own.
    template <class E>
    Torques act(const E& environment, core::Random& random) const {
        const auto goal = AntGuide::next_centre(environment, environment.colour());
        const double* position = environment.simulation().position();
        Torques torques =
            towards(std::atan2(goal[1] - position[1], goal[0] - position[0]),
                    environment.steps() * E::ant_world.control_step(), position, environment.simulation().velocity());
        if (noise > 0)
            for (float& torque : torques) torque += static_cast<float>(noise * random.normal());
        return torques;
    }
};

}  // namespace midstream::env
