/// \file
/// Trained hierarchies as values: parameters, how to act on them, and an example to check a copy by. As files they are
/// in rl/agent_file.hpp, as blocks of bytes for small machines in rl/agent_image.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/rl/agent.hpp"
#include "midstream/rl/eight_bit.hpp"
#include "midstream/rl/labelled_codes.hpp"

namespace midstream::rl {

/// Everything that makes an agent: a base model, what steers it, a policy over codes (void: the caller chooses codes)
/// and what that one sees, with the numbers that say how they act. Nothing of acting is left to a program's options.
template <Steering MetaType, class Policy = void, class View = IdentityView<MetaType::width>>
struct TrainedAgent {
    using Meta = MetaType;                                       ///< what steers it
    using Base = typename Meta::Base;                            ///< the model that acts
    static constexpr bool has_policy = !std::is_void_v<Policy>;  ///< false: the caller chooses codes
    /// Whether it acts on weights of 8 bits.
    static constexpr bool eight_bit = !std::is_same_v<Meta, whole_of<Meta>>;
    /// The policy over codes; without one it is not used.
    using Codes = typename std::conditional_t<has_policy, std::type_identity<Policy>, std::type_identity<Base>>::type;
    using Choice = std::conditional_t<has_policy, ModelActor<Codes>, CallersCodes>;  ///< what chooses codes
    using Mind = Agent<SteeredActor<Meta, Choice, View>>;                            ///< the agent that this makes
    using ObservationElement = typename Mind::ObservationElement;                    ///< an index, or a real number

    core::Box<typename Base::template Parameters<float>> base{};  ///< the base model's parameters
    core::Box<typename Meta::template Parameters<float>> meta{};  ///< the metacontroller's
    /// The policy's, where there is one.
    std::conditional_t<has_policy, core::Box<typename Codes::template Parameters<float>>, core::NoParameters> policy{};
    ActingOptions<Meta> acting{};
    float policy_temperature = 1;  ///< of codes; 0 takes modes
    View view{};                   ///< what the policy sees of a residual stream
    /// Rows that somebody once saw, and what was decided at each, from a reset with core::Random(1).
    struct Example {
        std::vector<ObservationElement> observations{};  ///< row by row
        /// Row by row, one for each observation.
        std::vector<typename Mind::Action::template Element<float>> actions{};
        static void visit(auto& self, auto&& member) {
            member("observations", self.observations);
            member("actions", self.actions);
        }
    };
    Example example{};  ///< empty unless `record_example` made one
    /// What codes stand for, if somebody found out: `labels.name(agent.code())`.
    LabelledCodes<Meta::code> labels{};

    /// Ready to act. This has to outlive it, where it is now.
    Mind agent() const& {
        if constexpr (has_policy)
            return mind(*base, *meta, acting, *policy, policy_temperature, view);
        else
            return mind(*base, *meta, acting, policy, policy_temperature, view);
    }
    Mind agent() && = delete;
    /// An agent of these parameters, which have to outlive it; without a policy that one's are core::NoParameters.
    static Mind mind(const typename Base::template Parameters<float>& base,
                     const typename Meta::template Parameters<float>& meta, const ActingOptions<Meta>& acting,
                     const auto& policy, float policy_temperature, const View& view) {
        const Steered<Meta> steered(base, meta, acting);
        if constexpr (has_policy)
            return Mind({steered, Choice(policy, policy_temperature), view});
        else
            return Mind({steered, {}, view});
    }

    /// Makes an example of these rows, what an agent saw in an episode's first steps. Throws where
    /// one of them is not of its space, or the last is not whole.
    void record_example(std::span<const ObservationElement> observations) {
        example = {{observations.begin(), observations.end()}, decisions(observations)};
    }
    /// Throws core::Error unless the example is decided as it was when it was made: categories alike, real numbers to a
    /// thousandth. An agent without an example passes.
    void verify_example() const {
        const auto actions = decisions(example.observations);
        core::require(actions.size() == example.actions.size(), "an agent's example has as many actions as rows");
        for (std::size_t i = 0; i < actions.size(); ++i) {
            const double difference = static_cast<double>(actions[i]) - static_cast<double>(example.actions[i]);
            core::require(
                std::abs(difference) <= (std::is_integral_v<std::remove_cvref_t<decltype(actions[i])>> ? 0 : 1e-3),
                [&] {
                    return "the agent decides otherwise than when its example was made: at step " +
                           std::to_string(i / Mind::Action::width) + " " + core::to_text(actions[i]) + ", expected " +
                           core::to_text(example.actions[i]);
                });
        }
    }

    static constexpr void describe(auto&& part) {
        // As it was trained: a file is of that, with however many bits a number.
        part("steered", std::type_identity<whole_of<Meta>>{});
        if constexpr (has_policy)
            part("policy", std::type_identity<whole_of<Policy>>{});
        else
            part("policy", "none");
        part("view", std::type_identity<View>{});
    }

private:
    std::vector<typename Mind::Action::template Element<float>> decisions(
        std::span<const ObservationElement> observations) const {
        constexpr int width = Mind::Observation::width;
        core::require(observations.size() % width == 0, [&] {
            return "rows of observations have " + std::to_string(width) + " entries each, and are " +
                   std::to_string(observations.size()) + " in all";
        });
        Mind mind = agent();
        mind.reset(core::Random(1));
        std::vector<typename Mind::Action::template Element<float>> result;
        for (std::size_t first = 0; first < observations.size(); first += width) {
            const auto& decision = mind.act(std::span<const ObservationElement, width>(&observations[first], width));
            core::require(decision.fault == Fault::none,
                          [&] { return "step " + std::to_string(first / width) + ": " + to_string(decision.fault); });
            result.insert(result.end(), decision.action.begin(), decision.action.end());
        }
        return result;
    }
};

/// The same agent on weights of 8 bits; its example is decided anew, and made its own.
template <class Meta, class Policy, class View>
auto eight_bit(const TrainedAgent<Meta, Policy, View>& whole) {
    using NarrowPolicy =
        std::conditional_t<std::is_void_v<Policy>, std::type_identity<void>, std::type_identity<EightBit<Policy>>>;
    TrainedAgent<EightBit<Meta>, typename NarrowPolicy::type, View> narrow;
    narrow.base = eight_bits<typename Meta::Base>(*whole.base);
    narrow.meta = eight_bits<Meta>(*whole.meta);
    if constexpr (!std::is_void_v<Policy>) narrow.policy = eight_bits<Policy>(*whole.policy);
    narrow.acting = {whole.acting.switching, whole.acting.temperature, whole.acting.gain};
    narrow.policy_temperature = whole.policy_temperature;
    narrow.view = whole.view;
    narrow.labels = whole.labels;
    narrow.record_example(whole.example.observations);
    return narrow;
}

}  // namespace midstream::rl
