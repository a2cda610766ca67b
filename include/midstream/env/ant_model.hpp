/// \file
/// The body of the ant in MuJoCo's format (MJCF), written from its public dimensions. Plain text: nothing of MuJoCo is
/// needed here.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace midstream::env {

/// How MuJoCo advances time.
enum class AntIntegrator {
    euler,       ///< semi-implicit Euler, joint damping implicit
    runge_kutta  ///< fourth order: four evaluations of the dynamics a step
};

/// The classic ant: a sphere and four legs, each a stub fixed to it, an upper and a lower leg. Metres, degrees.
/// The four legs point at 45, 135, 225 and 315 degrees; joints come leg by leg, hip before ankle, as do the torques.
/// A positive hip angle swings the leg counter-clockwise seen from above, a positive ankle angle lowers the foot.
struct AntDimensions {
    static constexpr int legs = 4;
    static constexpr int joints = 2 * legs;
    double torso_radius = 0.25;
    double leg_radius = 0.08;
    double stub = 0.2;   ///< the extent of the stub along x and along y
    double upper = 0.2;  ///< likewise of the upper leg
    double lower = 0.4;  ///< likewise of the lower leg
    std::array<double, 2> hip_range{-30, 30};
    std::array<double, 2> ankle_range{30, 70};
    double gear = 150;  ///< the torque of a unit of action, in N m
    double damping = 1;
    double armature = 1;
    double density = 5;
};

/// The pose that episodes begin near: hips straight, ankles well inside their range (in radians), and the torso so high
/// that no foot touches the ground yet.
struct AntRest {
    static constexpr double hip = 0;
    static constexpr double ankle = 1;
    static constexpr double height = 0.6;
};

namespace detail {

/// A number as XML has it, whatever the locale.
inline std::string number(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}
inline std::string numbers(auto... values) {
    std::string text;
    ((text += (text.empty() ? "" : " ") + number(values)), ...);
    return text;
}

}  // namespace detail

/// The ant on an endless floor, as MJCF. `time_step` in seconds.
inline std::string ant_mjcf(const AntDimensions& ant, double time_step, AntIntegrator integrator) {
    using detail::number, detail::numbers;
    const auto capsule = [&](double x, double y) {
        return "<geom type=\"capsule\" size=\"" + number(ant.leg_radius) + "\" fromto=\"0 0 0 " + numbers(x, y, 0) +
               "\"/>\n";
    };
    const auto hinge = [](const std::string& name, const std::string& axis, const std::array<double, 2>& range) {
        return "<joint type=\"hinge\" name=\"" + name + "\" axis=\"" + axis + "\" range=\"" +
               numbers(range[0], range[1]) + "\"/>\n";
    };
    std::string legs, motors;
    constexpr std::array<std::array<int, 2>, AntDimensions::legs> corners{{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}}};
    for (int leg = 0; leg < AntDimensions::legs; ++leg) {
        const double x = corners[leg][0], y = corners[leg][1];
        const std::string hip = "hip_" + std::to_string(leg), ankle = "ankle_" + std::to_string(leg);
        legs += "<body>\n" + capsule(ant.stub * x, ant.stub * y) +
                "<body pos=\"" + numbers(ant.stub * x, ant.stub * y, 0) + "\">\n" +
                hinge(hip, "0 0 1", ant.hip_range) + capsule(ant.upper * x, ant.upper * y) +
                "<body pos=\"" + numbers(ant.upper * x, ant.upper * y, 0) + "\">\n" +
                hinge(ankle, numbers(-y, x, 0), ant.ankle_range) + capsule(ant.lower * x, ant.lower * y) +
                "</body>\n</body>\n</body>\n";
        motors += "<motor joint=\"" + hip + "\"/>\n<motor joint=\"" + ankle + "\"/>\n";
    }
    return "<mujoco model=\"ant\">\n"
           "<compiler angle=\"degree\" inertiafromgeom=\"true\"/>\n"
           "<option timestep=\"" + number(time_step) + "\" integrator=\"" +
           (integrator == AntIntegrator::euler ? "Euler" : "RK4") + "\"/>\n"
           // Room for every contact there can be, 1 of the torso and 2 of each capsule, of 4 rows each, and the 8 joint limits.
           // Without these words MuJoCo sets 14 MB aside for each instance.
           "<size nconmax=\"32\" njmax=\"128\" nstack=\"20000\"/>\n"
           "<default>\n"
           "<joint limited=\"true\" armature=\"" + number(ant.armature) + "\" damping=\"" + number(ant.damping) + "\"/>\n"
           // Parts of the ant touch the floor, but not each other.
           "<geom contype=\"1\" conaffinity=\"0\" condim=\"3\" friction=\"1 0.5 0.5\" margin=\"0.01\" density=\"" +
           number(ant.density) + "\"/>\n"
           "<motor ctrllimited=\"true\" ctrlrange=\"-1 1\" gear=\"" + number(ant.gear) + "\"/>\n"
           "</default>\n"
           "<worldbody>\n"
           "<geom name=\"floor\" type=\"plane\" size=\"0 0 1\" contype=\"0\" conaffinity=\"1\"/>\n"
           "<body name=\"torso\" pos=\"0 0 " + number(AntRest::height) + "\">\n"
           "<freejoint name=\"root\"/>\n"
           "<geom type=\"sphere\" size=\"" + number(ant.torso_radius) + "\"/>\n" +
           legs + "</body>\n</worldbody>\n<actuator>\n" + motors + "</actuator>\n</mujoco>\n";
}

}  // namespace midstream::env
