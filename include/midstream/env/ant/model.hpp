/// \file
/// The body of the ant in MuJoCo's format (MJCF), written from its public dimensions. Plain text: nothing of MuJoCo is
/// needed here.
#pragma once

#include <array>
#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

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
    static constexpr int legs = 4;              ///< of the ant
    static constexpr int joints = 2 * legs;     ///< hips and ankles: as many torques
    double torso_radius = 0.25;                 ///< of the sphere, metres
    double leg_radius = 0.08;                   ///< of every part of a leg, metres
    double stub = 0.2;                          ///< the extent of the stub along x and along y
    double upper = 0.2;                         ///< likewise of the upper leg
    double lower = 0.4;                         ///< likewise of the lower leg
    std::array<double, 2> hip_range{-30, 30};   ///< lower and upper limit of hip angles, degrees
    std::array<double, 2> ankle_range{30, 70};  ///< likewise of ankle angles
    double gear = 150;                          ///< the torque of a unit of action, in N m
    double damping = 1;                         ///< of every joint, N m s
    double armature = 1;                        ///< inertia added to every joint, kg m^2
    double density = 5;                         ///< of the whole body, kg/m^3
    static constexpr void describe(const auto& self, auto&& part) {
        part("torso_radius", self.torso_radius);
        part("leg_radius", self.leg_radius);
        part("stub", self.stub);
        part("upper", self.upper);
        part("lower", self.lower);
        part("hip_range", self.hip_range);
        part("ankle_range", self.ankle_range);
        part("gear", self.gear);
        part("damping", self.damping);
        part("armature", self.armature);
        part("density", self.density);
    }
};

/// The pose that episodes begin near: hips straight, ankles well inside their range (in radians), and the torso so high
/// that no foot touches the ground yet.
struct AntRest {
    static constexpr double hip = 0;       ///< angle, radians
    static constexpr double ankle = 1;     ///< angle, radians
    static constexpr double height = 0.6;  ///< of the torso's centre, metres
};

namespace detail {

/// A number as XML has it, whatever the locale.
inline std::string number(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}
inline std::string numbers(auto first, auto... others) {
    std::string text = number(first);
    (text.append(1, ' ').append(number(others)), ...);
    return text;
}

/// The text with each {name} replaced by its value.
inline std::string fill(std::string text,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> replacements) {
    for (const auto& [name, value] : replacements) {
        const std::string hole = std::string(1, '{').append(name).append(1, '}');
        for (auto at = text.find(hole); at != text.npos; at = text.find(hole, at + value.size()))
            text.replace(at, hole.size(), value);
    }
    return text;
}

}  // namespace detail

/// The ant on an endless floor, as MJCF. `time_step` in seconds.
///
/// Parts of the ant touch the floor, but not each other (conaffinity). There is room for every contact that there can
/// be, 1 of the torso and 2 of each capsule, of 4 rows each, and for the 8 joint limits; without these words MuJoCo
/// sets 14 MB aside for each instance.
inline std::string ant_mjcf(const AntDimensions& ant, double time_step, AntIntegrator integrator) {
    using detail::fill, detail::number, detail::numbers;
    std::string legs, motors;
    constexpr std::array<std::array<int, 2>, AntDimensions::legs> corners{{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}}};
    for (int leg = 0; leg < AntDimensions::legs; ++leg) {
        const auto [x, y] = corners[leg];
        legs += fill(R"(
      <body>
        <geom type="capsule" fromto="0 0 0 {stub}"/>
        <body pos="{stub}">
          <joint name="hip_{leg}" axis="0 0 1" range="{hip}"/>
          <geom type="capsule" fromto="0 0 0 {upper}"/>
          <body pos="{upper}">
            <joint name="ankle_{leg}" axis="{across}" range="{ankle}"/>
            <geom type="capsule" fromto="0 0 0 {lower}"/>
          </body>
        </body>
      </body>)",
                     {{"leg", std::to_string(leg)},
                      {"stub", numbers(ant.stub * x, ant.stub * y, 0)},
                      {"upper", numbers(ant.upper * x, ant.upper * y, 0)},
                      {"lower", numbers(ant.lower * x, ant.lower * y, 0)},
                      {"across", numbers(-y, x, 0)},
                      {"hip", numbers(ant.hip_range[0], ant.hip_range[1])},
                      {"ankle", numbers(ant.ankle_range[0], ant.ankle_range[1])}});
        motors += fill(R"(
    <motor joint="hip_{leg}"/>
    <motor joint="ankle_{leg}"/>)",
                       {{"leg", std::to_string(leg)}});
    }
    return fill(R"(<mujoco model="ant">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option timestep="{time_step}" integrator="{integrator}"/>
  <size nconmax="32" njmax="128" nstack="20000"/>
  <default>
    <joint type="hinge" limited="true" armature="{armature}" damping="{damping}"/>
    <geom contype="1" conaffinity="0" condim="3" friction="1 0.5 0.5" margin="0.01" density="{density}"/>
    <default class="leg"><geom size="{leg_radius}"/></default>
    <motor ctrllimited="true" ctrlrange="-1 1" gear="{gear}"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" contype="0" conaffinity="1"/>
    <body name="torso" pos="0 0 {height}" childclass="leg">
      <freejoint name="root"/>
      <geom type="sphere" size="{torso_radius}"/>{legs}
    </body>
  </worldbody>
  <actuator>{motors}
  </actuator>
</mujoco>
)",
                {{"time_step", number(time_step)},
                 {"integrator", integrator == AntIntegrator::euler ? "Euler" : "RK4"},
                 {"armature", number(ant.armature)},
                 {"damping", number(ant.damping)},
                 {"density", number(ant.density)},
                 {"gear", number(ant.gear)},
                 {"leg_radius", number(ant.leg_radius)},
                 {"torso_radius", number(ant.torso_radius)},
                 {"height", number(AntRest::height)},
                 {"legs", legs},
                 {"motors", motors}});
}

}  // namespace midstream::env
