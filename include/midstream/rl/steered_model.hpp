/// \file
/// A frozen sequence model that acts step by step while something writes to its residual stream, wherever what it sees
/// comes from: under rl::SteeredRollout a batch of environments, under rl::Agent somebody's own loop.
#pragma once

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/footprint.hpp"
#include "midstream/model/autoregressive.hpp"

namespace midstream::rl {

/// Instances of the model. Every step has two halves. `see` runs blocks [0, max(Read, Write)), never steered, on what
/// instances see; `act` runs blocks [Write, depth) on the steered layer `Write` and draws actions. Where Read > Write,
/// the blocks between belong to both passes and have a state for each.
template <class Base, int Read, int Write>
class SteeredModel {
public:
    using Observation = typename Base::Observation;
    using Action = typename Base::Action;
    using ActionElement = typename Action::template Element<float>;  ///< an index, or a real number
    static constexpr int width = Base::width;
    static constexpr int first_pass_end = std::max(Read, Write);  ///< the blocks below this layer are never steered

    /// The parameters must outlive this. `temperature` is that of actions; 0 takes modes.
    explicit SteeredModel(const typename Base::template Parameters<float>& base, float temperature = 1)
        : base_(&base), temperature_(temperature) {}

    /// Begins `count` episodes, of which the i-th draws its actions from random.fork(i + 1).
    void reset(int count, core::Random random) {
        if (static_cast<int>(instances_.size()) < count) instances_.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) begin(i, random.fork(static_cast<std::uint64_t>(i) + 1));
        e_read_.resize(count);
        e_write_.resize(count);
    }
    /// Begins an episode of one instance anew; its actions are drawn from this stream.
    void begin(int instance, core::Random random) {
        auto& state = instances_[static_cast<std::size_t>(instance)];
        Base::reset(state.first);
        if constexpr (two_states) Base::reset(state.second);
        state.random = random;
    }

    /// The first half of a step of these instances, ascending, with a row for each.
    void see(std::span<const int> live,
             core::Rows<const typename Observation::template Element<float>, Observation::width> observations) {
        Base::embed(*base_, observations, tape_);
        Base::step_blocks(
            *base_,
            [&](int i) -> auto& {
                return instances_[static_cast<std::size_t>(live[static_cast<std::size_t>(i)])].first;
            },
            0, first_pass_end, tape_);
        for (int i = 0; i < observations.count; ++i) {
            const int instance = live[static_cast<std::size_t>(i)];
            std::copy_n(tape_.residual[Read].view().row(i), width, e_read_.view().row(instance));
            std::copy_n(tape_.residual[Write].view().row(i), width, e_write_.view().row(instance));
        }
    }
    /// Layer `Read` of an instance at its current step, unsteered.
    const float* e_read(int instance) const { return e_read_.view().row(instance); }
    /// Layer `Read` of all that have just seen something, in their order.
    core::Rows<const float, width> read_rows() const { return tape_.residual[Read].view(); }

    /// Layer `l` of all that have acted last, in their order, as it was steered; of layers below Write, as it was seen.
    core::Rows<const float, width> layer(int l) const { return tape_.residual[static_cast<std::size_t>(l)].view(); }

    /// The second half: `steer(live, rows)` changes layer `Write` in place, a row for each instance; the rest of the
    /// model acts on it. The rows are valid until the next call.
    template <class Steer>
    core::Rows<const ActionElement, Action::width> act(std::span<const int> live, Steer&& steer) {
        const int rows = static_cast<int>(live.size());
        const auto steered = tape_.residual[Write].resize(rows);
        for (int i = 0; i < rows; ++i)
            std::copy_n(e_write_.view().row(live[static_cast<std::size_t>(i)]), width, steered.row(i));
        steer(live, steered);
        Base::step_blocks(
            *base_, [&](int i) -> auto& { return second_state(live[static_cast<std::size_t>(i)]); }, Write, Base::depth,
            tape_);
        Base::heads(*base_, tape_);
        actions_.resize(rows);
        for (int i = 0; i < rows; ++i)
            Base::Distribution::sample(tape_.action.view().row(i),
                                       instances_[static_cast<std::size_t>(live[static_cast<std::size_t>(i)])].random,
                                       actions_.view().row(i), temperature_);
        return std::as_const(actions_).view();
    }
    /// The distributions that the last actions were drawn from, at temperature 1, in the order of the instances.
    core::Rows<const float, Base::Distribution::parameter_width> distributions() const { return tape_.action.view(); }

    /// The most that so many instances allocate.
    static constexpr std::size_t allocated(int count) {
        return core::allocated(static_cast<std::size_t>(count) * sizeof(Instance)) +
               core::buffer_bytes<typename Base::template Tape<float>>(count) +
               core::buffer_bytes<core::Buffer<ActionElement, Action::width>>(count) +
               2 * core::buffer_bytes<core::Buffer<float, width>>(count);
    }

private:
    static constexpr bool two_states = Read > Write;
    struct Instance {
        typename Base::template State<float, 0, two_states ? first_pass_end : Base::depth> first;
        [[no_unique_address]] std::conditional_t<two_states, typename Base::template State<float, Write, Base::depth>,
                                                 layer::Nothing>
            second;
        core::Random random;
    };

    auto& second_state(int instance) {
        if constexpr (two_states)
            return instances_[static_cast<std::size_t>(instance)].second;
        else
            return instances_[static_cast<std::size_t>(instance)].first;
    }

    const typename Base::template Parameters<float>* base_;
    float temperature_;
    std::vector<Instance> instances_;
    typename Base::template Tape<float> tape_;
    core::Buffer<ActionElement, Action::width> actions_;
    core::Buffer<float, width> e_read_, e_write_;
};

}  // namespace midstream::rl
