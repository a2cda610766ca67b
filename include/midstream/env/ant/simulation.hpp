/// \file
/// The MuJoCo ant in motion: its model as a shared constant, its state and its simulation as values. The one header
/// that includes MuJoCo (CMake: `midstream::mujoco`); 2.2.2, 3.x and 4.x will do.
#pragma once

#include <mujoco/mujoco.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/describe.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/env/ant/model.hpp"

namespace midstream::env {

/// A model that any number of instances and threads share.
using AntModel = std::shared_ptr<const mjModel>;

/// What of MuJoCo's state is the ant's.
struct AntState {
    static constexpr int positions = 7 + AntDimensions::joints;   ///< torso x y z, its quaternion, joint angles
    static constexpr int velocities = 6 + AntDimensions::joints;  ///< of the torso (world frame), its spin, of joints
    std::array<double, positions> position{};                     ///< as MuJoCo's qpos
    std::array<double, velocities> velocity{};                    ///< as MuJoCo's qvel
    friend bool operator==(const AntState&, const AntState&) = default;
};

/// The direction of the torso's x axis in the world, seen from above, in radians; `position` as in AntState.
inline double ant_yaw(const double* position) {
    const double* q = position + 3;
    return std::atan2(2 * (q[0] * q[3] + q[1] * q[2]), 1 - 2 * (q[2] * q[2] + q[3] * q[3]));
}

namespace detail {

/// Puts a file into MuJoCo's virtual file system, by the function that this version has for it; a template, so that
/// the other one need not exist.
template <class FileSystem>
bool add_file(FileSystem& files, const char* name, const std::string& content) {
    const int size = static_cast<int>(content.size());
    if constexpr (requires { mj_addBufferVFS(&files, name, content.data(), size); }) {
        return mj_addBufferVFS(&files, name, content.data(), size) == 0;
    } else {
        if (mj_makeEmptyFileVFS(&files, name, size) != 0) return false;
        std::memcpy(files.filedata[mj_findFileVFS(&files, name)], content.data(), content.size());
        return true;
    }
}

}  // namespace detail

/// Compiles an ant from MJCF. Throws an Error with MuJoCo's words if it does not compile, or if what it describes has
/// other joints and motors than an ant.
inline AntModel load_ant(const std::string& mjcf) {
    core::require(mj_version() == mjVERSION_HEADER, [] {
        return "this program was compiled for MuJoCo " + std::to_string(mjVERSION_HEADER) +
               " and runs with the library of MuJoCo " + std::to_string(mj_version());
    });
    core::require(!mjcf.empty(), "the model of the ant is empty");  // on which MuJoCo 2 would end the program
    constexpr const char* name = "ant.xml";
    const auto files = std::make_unique<mjVFS>();  // 2 MB in MuJoCo 2: not for the stack
    mj_defaultVFS(files.get());
    std::array<char, 1000> message{};
    mjModel* loaded = nullptr;
    if (detail::add_file(*files, name, mjcf))
        loaded = mj_loadXML(name, files.get(), message.data(), static_cast<int>(message.size()));
    mj_deleteVFS(files.get());
    core::require(loaded != nullptr,
                  [&] { return "MuJoCo refuses the model of the ant: " + std::string(message.data()); });
    const AntModel model(loaded, [](const mjModel* unused) { mj_deleteModel(const_cast<mjModel*>(unused)); });
    const auto require_count = [](auto count, int expected, const char* what) {
        core::require(static_cast<int>(count) == expected, [&] {
            return "the model of the ant has " + std::to_string(count) + " " + what + ", expected " +
                   std::to_string(expected);
        });
    };
    require_count(model->nq, AntState::positions, "position coordinates");
    require_count(model->nv, AntState::velocities, "velocity coordinates");
    require_count(model->nu, AntDimensions::joints, "motors");
    require_count(model->na, 0, "activations");
    core::require(model->jnt_type[0] == mjJNT_FREE,
                  "the first joint of the ant's model is not the free one of the torso");
    return model;
}

/// Stands for what a model of one's own has that another may not: masses, sizes, joints and motors.
inline std::string fingerprint(const mjModel& model) {
    std::vector<double> numbers;
    const auto append = [&](const double* from, std::ptrdiff_t count) {
        numbers.insert(numbers.end(), from, from + count);
    };
    append(model.body_mass, model.nbody);
    append(model.body_inertia, 3 * std::ptrdiff_t{model.nbody});
    append(model.body_pos, 3 * std::ptrdiff_t{model.nbody});
    append(model.geom_size, 3 * std::ptrdiff_t{model.ngeom});
    append(model.geom_friction, 3 * std::ptrdiff_t{model.ngeom});
    append(model.jnt_range, 2 * std::ptrdiff_t{model.njnt});
    append(model.dof_armature, model.nv);
    append(model.dof_damping, model.nv);
    append(model.actuator_gear, 6 * std::ptrdiff_t{model.nu});
    numbers.push_back(model.opt.integrator);
    return core::fingerprint(std::span<const double>(numbers));
}

/// One ant in motion: MuJoCo's data as a value. Copies share the model and nothing else.
class AntSimulation {
public:
    /// Requires a model. Call `begin` before anything else.
    explicit AntSimulation(AntModel model) : model_(std::move(model)) {
        core::require(model_ != nullptr, "an ant needs a model");
        data_.reset(mj_makeData(model_.get()));
        core::require(data_ != nullptr, "MuJoCo has no memory for another ant");
    }
    /// Shares the model and copies the motion.
    AntSimulation(const AntSimulation& other) : AntSimulation(other.model_) { copy(other); }
    AntSimulation(AntSimulation&&) noexcept = default;
    /// Becomes a copy, of the other's model too.
    AntSimulation& operator=(const AntSimulation& other) {
        if (this == &other) return *this;
        if (model_ != other.model_ || !data_) return *this = AntSimulation(other);
        copy(other);
        return *this;
    }
    AntSimulation& operator=(AntSimulation&&) noexcept = default;
    ~AntSimulation() = default;

    /// Puts the ant into this state, with nothing left of what was: the solver's warm start is zero.
    void begin(const AntState& state) {
        mj_resetData(model_.get(), data_.get());
        std::copy(state.position.begin(), state.position.end(), data_->qpos);
        std::copy(state.velocity.begin(), state.velocity.end(), data_->qvel);
    }

    /// Holds the torques, clipped to [-1, 1], for some time steps. False if the physics diverged: MuJoCo warned of
    /// anything, or the state is not finite. The ant is then as a fresh one, and stands still at the origin.
    bool advance(const float* torques, int time_steps) {
        for (int i = 0; i < AntDimensions::joints; ++i) {
            core::require(!core::is_nan(torques[i]),
                          [&] { return "torque " + std::to_string(i) + " of the ant is not a number"; });
            data_->ctrl[i] = std::clamp(static_cast<double>(torques[i]), -1.0, 1.0);
        }
        for (int i = 0; i < time_steps; ++i) mj_step(model_.get(), data_.get());
        if (sound()) return true;
        mj_resetData(model_.get(), data_.get());
        return false;
    }

    /// As AntState::position; valid as long as this is.
    const double* position() const { return data_->qpos; }
    /// As AntState::velocity; valid as long as this is.
    const double* velocity() const { return data_->qvel; }
    /// The model that it moves by.
    const AntModel& model() const { return model_; }
    /// All that MuJoCo knows. Derived quantities (body positions, contacts) lag behind the state by one time step.
    const mjData& data() const { return *data_; }

private:
    void copy(const AntSimulation& other) { mj_copyData(data_.get(), model_.get(), other.data_.get()); }

    bool sound() const {
        // A sum is finite if its terms are, and states are nowhere near overflowing: MuJoCo warns at 1e10.
        double sum = 0;
        for (int i = 0; i < AntState::positions; ++i) sum += data_->qpos[i];
        for (int i = 0; i < AntState::velocities; ++i) sum += data_->qvel[i];
        return core::is_finite(sum) && std::all_of(std::begin(data_->warning), std::end(data_->warning),
                                                   [](const auto& w) { return w.number == 0; });
    }

    struct Delete {
        void operator()(mjData* data) const { mj_deleteData(data); }
    };
    AntModel model_;
    std::unique_ptr<mjData, Delete> data_;
};

}  // namespace midstream::env
