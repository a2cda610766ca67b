/// \file
/// The guided ant as one sees it from its back: what an expert learns to ride by with far less experience than from the
/// map (AntMap, the paper's view).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "midstream/env/ant/guide.hpp"

namespace midstream::env {

/// A view for GuidedAntPinpad that looks ahead. The ant is the same after a quarter turn about its vertical axis, so
/// its four legs are taken in the order in which they stand from the one to the left of the way: of the four horizontal
/// frames that the body has (x between two legs, y to the left) that one is chosen whose x is nearest to the guide's
/// direction. In this frame, in this order (speeds through symlog):
/// - the torso's height; the vertical; the torso's velocity, its spin; angles and speeds of the joints, leg by leg;
/// - the guide's direction at the ant's cell; that at the cell it leads to, unless this is where the next colour is;
///   from the torso to the centre of that cell, in cells (without a way, to that of its own cell);
/// - whether to the left, to the right and behind, as the guide's direction has it, lies a cell that ends the episode.
/// Actions are torques of the legs in that order too.
struct AntRider {
    static constexpr int legs = AntDimensions::legs,  ///< of the ant
        joints = AntDimensions::joints;               ///< of the ant, two a leg
    template <class Ant>
    static constexpr int width = 1 + 3 + 3 + 3 + 2 * joints + 3 * 2 + 3;

    template <class Ant>
    static void observe(const Ant& ant, float* row) {
        const double *position = ant.simulation().position(), *velocity = ant.simulation().velocity();
        const Frame frame(ant);
        const double* q = position + 3;
        const auto plane = [&](double x, double y) {
            *row++ = static_cast<float>(x);
            *row++ = static_cast<float>(y);
        };
        const auto plane_of = [&](const std::array<double, 2>& v) { plane(v[0], v[1]); };
        *row++ = static_cast<float>(position[2]);
        // The vertical in the body's own frame, its horizontal part turned by the quarters; likewise the spin.
        plane_of(frame.turned(2 * (q[1] * q[3] - q[0] * q[2]), 2 * (q[2] * q[3] + q[0] * q[1])));
        *row++ = static_cast<float>(1 - 2 * (q[1] * q[1] + q[2] * q[2]));
        const auto speed = frame.from_world(velocity[0], velocity[1]);
        plane(symlog(speed[0]), symlog(speed[1]));
        *row++ = symlog(velocity[2]);
        const auto spin = frame.turned(velocity[3], velocity[4]);
        plane(symlog(spin[0]), symlog(spin[1]));
        *row++ = symlog(velocity[5]);
        for (int i = 0; i < joints; ++i) *row++ = static_cast<float>(position[7 + frame.joint(i)]);
        for (int i = 0; i < joints; ++i) *row++ = symlog(velocity[6 + frame.joint(i)]);

        const int here = ant.agent(), move = AntGuide::move(ant, here);
        const bool led = move != AntGuide::none;
        const int next = led ? ant.board().moved(here, move) : here;
        const int after =
            led && ant.board().contents[next] != ant.colour() ? AntGuide::move(ant, next) : AntGuide::none;
        plane_of(frame.from_world(along(move)));
        plane_of(frame.from_world(along(after)));
        const auto goal = Ant::centre(next);
        plane_of(frame.from_world((goal[0] - position[0]) / Ant::ant_world.cell,
                                  (goal[1] - position[1]) / Ant::ant_world.cell));
        for (const int side : sides(move)) *row++ = led && deadly(ant, here, side) ? 1.0f : 0.0f;
    }

    template <class Ant>
    static void act(const Ant& ant, const float* action, float* torques) {
        const Frame frame(ant);
        for (int i = 0; i < joints; ++i) torques[frame.joint(i)] = action[i];
    }

private:
    /// The body's frame that looks along the way: its yaw and `quarters` quarter turns more.
    struct Frame {
        int quarters = 0;
        double cosine, sine;  ///< of its direction in the world

        template <class Ant>
        explicit Frame(const Ant& ant) {
            // The twist about the vertical: of all notions of yaw the one that, also in a leaning body, is larger by
            // just a quarter turn if another leg is called the first.
            const double* q = ant.simulation().position() + 3;
            const double yaw = 2 * std::atan2(q[3], q[0]);
            cosine = std::cos(yaw);
            sine = std::sin(yaw);
            const auto direction = AntGuide::direction(ant);
            const double x = cosine * direction[0] + sine * direction[1],
                         y = cosine * direction[1] - sine * direction[0];
            quarters = std::abs(x) >= std::abs(y) ? (x < 0 ? 2 : 0) : (y > 0 ? 1 : 3);
            const auto forward = unturned(1, 0);
            const double c = cosine * forward[0] - sine * forward[1], s = sine * forward[0] + cosine * forward[1];
            cosine = c;
            sine = s;
        }
        std::array<double, 2> unturned(double x, double y) const {
            switch (quarters) {
                case 0:
                    return {x, y};
                case 1:
                    return {-y, x};
                case 2:
                    return {-x, -y};
                default:
                    return {y, -x};
            }
        }
        /// From the body's own frame.
        std::array<double, 2> turned(double x, double y) const {
            switch (quarters) {
                case 0:
                    return {x, y};
                case 1:
                    return {y, -x};
                case 2:
                    return {-x, -y};
                default:
                    return {-y, x};
            }
        }
        std::array<double, 2> from_world(double x, double y) const {
            return {cosine * x + sine * y, cosine * y - sine * x};
        }
        std::array<double, 2> from_world(const std::array<double, 2>& v) const { return from_world(v[0], v[1]); }
        /// The body's number of the i-th joint in this frame.
        int joint(int i) const { return (i + 2 * quarters) % joints; }
    };

    static std::array<double, 2> along(int move) {
        if (move == AntGuide::none) return {};
        return {static_cast<double>(move_offsets[static_cast<std::size_t>(move)].dx),
                -static_cast<double>(move_offsets[static_cast<std::size_t>(move)].dy)};
    }
    /// The moves to the left of a move, to its right and back. Moves are up, down, left, right.
    static std::array<int, 3> sides(int move) {
        constexpr std::array<std::array<int, 3>, move_count> table{{{2, 3, 1}, {3, 2, 0}, {1, 0, 3}, {0, 1, 2}}};
        return move == AntGuide::none ? std::array<int, 3>{} : table[static_cast<std::size_t>(move)];
    }
    template <class Ant>
    static bool deadly(const Ant& ant, int cell, int move) {
        const int next = neighbours<Ant::world>[static_cast<std::size_t>(cell)][static_cast<std::size_t>(move)];
        const int content = ant.board().contents[static_cast<std::size_t>(next)];
        return next != cell && content != Board<Ant::world>::empty && content != ant.colour();
    }
};

}  // namespace midstream::env
