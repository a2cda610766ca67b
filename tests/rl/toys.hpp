/// \file
/// Environments whose best behaviour is known, a batch environment that remembers, and small policies.
#pragma once

#include <array>
#include <vector>

#include "midstream/env/batched.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/hawk.hpp"

namespace midstream::test {

/// Two arms, of which the second pays.
struct Bandit {
    static constexpr int horizon = 1;
    using Observation = data::OneHots<1, 1>;
    using Action = data::Categories<2>;
    void reset(core::Random) {}
    void observe(std::int16_t* row) const { *row = 0; }
    env::Transition step(const std::int16_t* action) { return {*action == 1 ? 1.0f : 0.0f, true}; }
};

/// Points of the plane, of which one quadrant pays.
struct Quadrant {
    static constexpr int horizon = 1;
    using Observation = data::Dense<1>;
    using Action = data::Continuous<2>;
    void reset(core::Random) {}
    void observe(float* row) const { *row = 1; }
    env::Transition step(const float* action) { return {action[0] > 0.5f && action[1] < -0.5f ? 1.0f : 0.0f, true}; }
};

/// A line of cells: the walk begins in the middle, the right end pays, the left end ends it. The cue at the first step
/// says whether the moves are swapped and is not shown again: who does not remember it is right half of the time.
struct Corridor {
    static constexpr int cells = 5, horizon = 12;
    using Observation = data::OneHots<cells + 3, 2>;
    using Action = data::Categories<2>;
    int cell = 0, steps = 0;
    bool swapped = false;
    void reset(core::Random random) {
        cell = cells / 2;
        steps = 0;
        swapped = random.below(2) == 1;
    }
    void observe(std::int16_t* row) const {
        row[0] = static_cast<std::int16_t>(cell);
        row[1] = static_cast<std::int16_t>(cells + (steps > 0 ? 2 : swapped ? 1 : 0));
    }
    env::Transition step(const std::int16_t* action) {
        ++steps;
        cell += (*action == 1) != swapped ? 1 : -1;
        if (cell == cells - 1) return {1, true};
        return {0, cell == 0 || steps == horizon};
    }
};

/// Three digits that actions and chance change, for 4 to 14 steps; pays the last of them.
struct Drift {
    static constexpr int horizon = 14;
    using Observation = data::OneHots<9, 3>;
    using Action = data::Categories<4>;
    core::Random stream{};
    std::array<int, 3> digits{};
    int steps = 0, length = 1;
    void reset(core::Random random) {
        stream = random;
        length = 4 + stream.below(horizon - 3);
        steps = 0;
        for (int& digit : digits) digit = stream.below(3);
    }
    void observe(std::int16_t* row) const {
        for (int i = 0; i < 3; ++i) row[i] = static_cast<std::int16_t>(3 * i + digits[static_cast<std::size_t>(i)]);
    }
    env::Transition step(const std::int16_t* action) {
        if (*action < 3) digits[static_cast<std::size_t>(*action)] += 1;
        for (int& digit : digits) digit = (digit + stream.below(2)) % 3;
        ++steps;
        return {steps == length ? static_cast<float>(digits[2]) : 0.0f, steps == length};
    }
};

/// A batch environment that remembers what every instance showed and was told.
template <env::BatchEnvironment B>
class Logged {
public:
    using Observation = typename B::Observation;
    using Action = typename B::Action;
    struct History {
        std::vector<env::ObservationElement<B>> observations;
        std::vector<env::ActionElement<B>> actions;
    };

    explicit Logged(B environment) : environment_(std::move(environment)) {}
    void reset(int count, core::Random random) {
        environment_.reset(count, random);
        histories_.assign(static_cast<std::size_t>(count), {});
    }
    std::span<const int> awaiting() const { return environment_.awaiting(); }
    std::span<const float> returns() const { return environment_.returns(); }
    std::span<const int> lengths() const { return environment_.lengths(); }
    void observe(core::Rows<env::ObservationElement<B>, Observation::width> rows) const { environment_.observe(rows); }
    void act(core::Rows<const env::ActionElement<B>, Action::width> actions) {
        const auto awaiting = environment_.awaiting();
        environment_.observe(seen_.resize(static_cast<int>(awaiting.size())));
        for (std::size_t i = 0; i < awaiting.size(); ++i) {
            History& history = histories_[static_cast<std::size_t>(awaiting[i])];
            const auto* o = seen_.view().row(static_cast<int>(i));
            const auto* a = actions.row(static_cast<int>(i));
            history.observations.insert(history.observations.end(), o, o + Observation::width);
            history.actions.insert(history.actions.end(), a, a + Action::width);
        }
        environment_.act(actions);
    }
    const History& history(int instance) const { return histories_[static_cast<std::size_t>(instance)]; }

private:
    B environment_;
    std::vector<History> histories_;
    core::Buffer<env::ObservationElement<B>, Observation::width> seen_;
};

inline constexpr model::HawkShape policy_shape{
    .depth = 1, .width = 16, .recurrent = 16, .heads = 2, .taps = 2, .mlp = 32};

/// A small recurrent policy for an environment.
template <class B>
using PolicyFor = model::Autoregressive<typename B::Observation, typename B::Action, model::Hawk<policy_shape>>;

/// A parallelism policy that works backwards.
struct Backwards {
    template <class Work>
    void for_each(int count, Work&& work) const {
        for (int i = count - 1; i >= 0; --i) work(i);
    }
};

}  // namespace midstream::test
