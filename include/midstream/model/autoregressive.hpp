/// \file
/// Sequence models: an embedding, a residual stack, and heads for the next action and, if wanted, the next observation.
#pragma once

#include <concepts>

#include "midstream/layer/distribution.hpp"
#include "midstream/layer/embedding.hpp"
#include "midstream/layer/norm.hpp"
#include "midstream/model/sequence_model.hpp"
#include "midstream/model/stack.hpp"

namespace midstream::model {

/// What acts on the residual stream between two blocks: `layer` says where (0, ..., depth), and
/// `hook(rows)` may change the rows of that layer in place.
template <class H, class T, int Width>
concept Hook = requires(H& hook, core::Rows<T, Width> residual) {
    { H::layer } -> std::convertible_to<int>;
    hook(residual);
};

/// The absence of a hook; nothing of it is left in the binary.
struct NoHook {};

/// A linear layer and the distribution that it parametrises.
template <int Width, class Space>
struct Head {
    using Distribution = layer::DistributionOver<Space>;              ///< over values of the space
    using Map = layer::Linear<Width, Distribution::parameter_width>;  ///< from rows of the stream to its parameters
    static constexpr bool present = true;                             ///< whether the model predicts these values
    static constexpr int parameter_width = Distribution::parameter_width;  ///< numbers that the map writes for each row
    /// Those of the map.
    template <class T>
    using Parameters = typename Map::template Parameters<T>;
};
/// The head of a model that does not predict: no parameters, no work.
template <int Width>
struct Head<Width, data::None> {
    static constexpr bool present = false;     ///< the model does not predict
    static constexpr int parameter_width = 1;  ///< of the buffers for predictions, which stay empty
    /// None.
    template <class T>
    using Parameters = core::NoParameters;
};

/// A causal model of what agents do: p(a_t | o_1:t) and, with a `Target` space, p(target of o_{t+1} | o_1:t).
///
/// `ObservationSpace` and `ActionSpace` are spaces of data/spaces.hpp, `ResidualStack` a model::Stack. Passes come in
/// pieces (embed, blocks, heads) on ranges of layers, of which `forward` and `backward` are the compositions; steering
/// reuses the pieces.
template <class ObservationSpace, class ActionSpace, class ResidualStack, class TargetSpace = data::None,
          template <int> class Norm = layer::RmsNorm>
struct Autoregressive {
    using Observation = ObservationSpace;
    using Action = ActionSpace;
    using Target = TargetSpace;
    using Stack = ResidualStack;  ///< the blocks
    static constexpr int width = Stack::width;
    /// Number of blocks; layers of the residual stream are 0 (the embedding), ..., depth.
    static constexpr int depth = Stack::depth;
    static constexpr int context = layer::context_of<Stack>;            ///< the longest sequence that it reads
    static constexpr int episode = layer::episode_of<Stack>;            ///< the longest episode that it acts in
    using Embedding = layer::Embedding<Observation, width>;             ///< from observations to layer 0
    using FinalNorm = Norm<width>;                                      ///< of layer `depth`, before the heads
    using ActionHead = Head<width, Action>;                             ///< predicts a_t
    using TargetHead = Head<width, Target>;                             ///< predicts the target of o_{t+1}
    using Distribution = typename ActionHead::Distribution;             ///< of actions
    static constexpr bool predicts_observations = TargetHead::present;  ///< whether there is a target space
    static constexpr void describe(auto&& part) {
        part("observation", std::type_identity<Observation>{});
        part("action", std::type_identity<Action>{});
        part("target", std::type_identity<Target>{});
        part("stack", std::type_identity<Stack>{});
        part("norm", std::type_identity<FinalNorm>{});
        part("distribution", std::type_identity<Distribution>{});
    }

    /// Observations, a row for each step or instance.
    template <class T>
    using ObservationRows = core::Rows<const typename Observation::template Element<T>, Observation::width>;

    template <class T>
    struct Parameters {
        typename Embedding::template Parameters<T> embedding;
        typename Stack::template Parameters<T> stack;
        typename FinalNorm::template Parameters<T> norm;
        typename ActionHead::template Parameters<T> action_head;
        [[no_unique_address]] typename TargetHead::template Parameters<T> target_head;
        static void visit(auto& self, auto&& member) {
            member("embedding", self.embedding);
            member("stack", self.stack);
            member("norm", self.norm);
            member("action_head", self.action_head);
            if constexpr (predicts_observations) member("target_head", self.target_head);
        }
    };
    template <class T>
    struct Tape {
        std::array<core::Buffer<T, width>, depth + 1> residual;  ///< the taps: residual[l] is layer l
        core::Buffer<T, width> flow;                             ///< gradient of the residual stream, during backward
        core::Buffer<T, width> scratch;
        typename Stack::template Tape<T> stack;
        core::Buffer<T, width> normalised;
        typename FinalNorm::template Tape<T> norm;
        core::Buffer<T, ActionHead::parameter_width> action,
            action_gradient;  ///< parameters of p(a_t), and their gradient
        core::Buffer<T, TargetHead::parameter_width> target, target_gradient;  ///< likewise of the target
    };
    /// What an instance carries of the blocks `From`, ..., `To` - 1.
    template <class T, int From = 0, int To = depth>
    struct State {
        typename Stack::template State<T, From, To> stack;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random) {
        Embedding::initialise(parameters.embedding, random);
        Stack::initialise(parameters.stack, random);
        FinalNorm::initialise(parameters.norm, random);
        ActionHead::Map::initialise(parameters.action_head, random);
        if constexpr (predicts_observations) TargetHead::Map::initialise(parameters.target_head, random);
    }

    // Whole sequences.

    /// Layer 0 from observations. Throws if one is an index out of bounds.
    template <class W, class T>
    static void embed(const Parameters<W>& parameters, std::type_identity_t<ObservationRows<T>> observations,
                      Tape<T>& tape) {
        Embedding::forward(parameters.embedding, observations, tape.residual[0].resize(observations.count));
    }
    /// Layers from + 1, ..., to from layer `from`. Throws unless that has a row for each of the sequences'.
    template <class T>
    static void blocks(const Parameters<T>& parameters, core::Sequences sequences, int from, int to, Tape<T>& tape) {
        const int count = tape.residual[static_cast<std::size_t>(from)].count;
        core::require(count == sequences.rows(), [&] {
            return "a model is given " + std::to_string(count) + " rows for sequences of " +
                   std::to_string(sequences.rows()) + " rows";
        });
        Stack::forward(parameters.stack, sequences, tape.residual.data(), from, to, tape.stack);
    }
    /// The parameters of the predictions from the last layer.
    template <class W, class T>
    static void heads(const Parameters<W>& parameters, Tape<T>& tape) {
        const auto last = tape.residual[depth].view();
        const auto normalised = tape.normalised.resize(last.count);
        FinalNorm::forward(parameters.norm, {}, last, normalised, tape.norm);
        ActionHead::Map::apply(parameters.action_head, normalised, tape.action.resize(last.count));
        if constexpr (predicts_observations)
            TargetHead::Map::apply(parameters.target_head, normalised, tape.target.resize(last.count));
    }
    /// All of the above. Afterwards tape.residual holds every layer and tape.action the parameters of p(a_t | o_1:t).
    template <class T, class H = NoHook>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences,
                        std::type_identity_t<ObservationRows<T>> observations, Tape<T>& tape, H&& hook = {}) {
        embed(parameters, observations, tape);
        if constexpr (std::same_as<std::remove_cvref_t<H>, NoHook>) {
            blocks(parameters, sequences, 0, depth, tape);
        } else {
            using Named = std::remove_cvref_t<H>;
            static_assert(
                Hook<Named, T, width>,
                "a residual hook needs a constant `layer` and a call operator that takes the rows of that layer");
            static_assert(Named::layer >= 0 && Named::layer <= depth,
                          "a residual hook names a layer that the model does not have");
            blocks(parameters, sequences, 0, Named::layer, tape);
            hook(tape.residual[Named::layer].view());
            blocks(parameters, sequences, Named::layer, depth, tape);
        }
        heads(parameters, tape);
    }

    /// Zeroes the gradients of the predictions, for losses to add to.
    template <class T>
    static void clear_gradients(Tape<T>& tape) {
        tape.action_gradient.zeros(tape.action.count);
        if constexpr (predicts_observations) tape.target_gradient.zeros(tape.target.count);
    }
    /// From tape.action_gradient (and target_gradient) to tape.flow, the gradient at the last layer.
    template <class T, class Gradient>
    static void backward_heads(const Parameters<T>& parameters, Tape<T>& tape, Gradient&& gradient) {
        const auto last = tape.residual[depth].view();
        const auto normalised_gradient = tape.scratch.zeros(last.count);
        typename ActionHead::Map::template Tape<T> none;
        ActionHead::Map::backward(parameters.action_head, {}, tape.normalised.view(), none, tape.action_gradient.view(),
                                  normalised_gradient, core::part(gradient, &Parameters<T>::action_head));
        if constexpr (predicts_observations) {
            typename TargetHead::Map::template Tape<T> nothing;
            TargetHead::Map::backward(parameters.target_head, {}, tape.normalised.view(), nothing,
                                      tape.target_gradient.view(), normalised_gradient,
                                      core::part(gradient, &Parameters<T>::target_head));
        }
        FinalNorm::backward(parameters.norm, {}, last, tape.norm, normalised_gradient, tape.flow.zeros(last.count),
                            core::part(gradient, &Parameters<T>::norm));
    }
    /// From the gradient at layer `to` to that at layer `from`, both in tape.flow.
    template <class T, class Gradient>
    static void backward_blocks(const Parameters<T>& parameters, core::Sequences sequences, int from, int to,
                                Tape<T>& tape, Gradient&& gradient) {
        Stack::backward(parameters.stack, sequences, tape.residual.data(), from, to, tape.stack, tape.flow,
                        tape.scratch, core::part(gradient, &Parameters<T>::stack));
    }
    /// From the gradient at layer 0, in tape.flow, to that of the embedding's parameters.
    template <class T, class Gradient>
    static void backward_embedding(const Parameters<T>& parameters,
                                   std::type_identity_t<ObservationRows<T>> observations, Tape<T>& tape,
                                   Gradient&& gradient) {
        Embedding::backward(parameters.embedding, observations, tape.flow.view(),
                            core::part(gradient, &Parameters<T>::embedding));
    }
    /// All of the above: adds the gradient of what tape.action_gradient and target_gradient are gradients of.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences,
                         std::type_identity_t<ObservationRows<T>> observations, Tape<T>& tape, Gradient&& gradient) {
        backward_heads(parameters, tape, gradient);
        backward_blocks(parameters, sequences, 0, depth, tape, gradient);
        backward_embedding(parameters, observations, tape, gradient);
    }

    // One step of many instances.

    template <class T, int From, int To>
    static void reset(State<T, From, To>& state) {
        Stack::reset(state.stack);
    }
    /// Advances layers [from, to) by one step: row i of tape.residual belongs to the instance with state_of(i).
    template <class W, class StateOf, class T>
    static void step_blocks(const Parameters<W>& parameters, StateOf&& state_of, int from, int to, Tape<T>& tape) {
        Stack::step(
            parameters.stack, [&](int i) -> auto& { return state_of(i).stack; }, tape.residual.data(), from, to,
            tape.stack);
    }
    /// Embeds, advances all blocks and predicts: tape.action holds the parameters of p(a_t | o_1:t).
    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of,
                     std::type_identity_t<ObservationRows<T>> observations, Tape<T>& tape) {
        embed(parameters, observations, tape);
        step_blocks(parameters, state_of, 0, depth, tape);
        heads(parameters, tape);
    }
};

/// The smallest model of these spaces: stands in where a model is none, after somebody has said so.
template <class ObservationSpace, class ActionSpace>
using StandIn = Autoregressive<ObservationSpace, ActionSpace, Repeat<layer::Linear<1, 1>, 1>>;

}  // namespace midstream::model
