/// \file
/// Trained hierarchies that act on weights of 8 bits, for where memory is short:
///
///     using Small = rl::TrainedAgent<rl::EightBit<Meta>, rl::EightBit<Policy>, View>;
///     const auto agent = rl::load_agent<Small>("agent.safetensors");  // any agent's file, rounded where it is loaded
///
/// Activations are of float; what attention remembers takes 16 bits a number. Nothing of it can be trained.
#pragma once

#include <type_traits>

#include "midstream/core/eight_bits.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/rl/acting.hpp"

namespace midstream::rl {

/// A sequence model, or a metacontroller and the model that it steers, as they act on weights of 8 bits: whatever acts
/// takes it in their place.
template <class Model>
struct EightBit {
    static_assert(model::SequenceModel<Model> || Steering<Model>,
                  "what acts on weights of 8 bits is a model::SequenceModel or a metacontroller (rl::Steering)");
};
/// A sequence model.
template <model::SequenceModel Model>
struct EightBit<Model> : Model {
    using Whole = Model;  ///< what was trained
    /// Those of the model, in 8 bits, whatever the type asked for.
    template <class>
    using Parameters = typename Model::template Parameters<core::EightBits>;
    /// What an instance carries of the blocks `From`, ..., `To` - 1, in 16 bits where it is much.
    template <class, int From = 0, int To = Model::depth>
    using State = typename Model::template State<core::EightBits, From, To>;
};
/// A metacontroller.
template <Steering Meta>
requires(!model::SequenceModel<Meta>) struct EightBit<Meta> : Meta {
    using Whole = Meta;                          ///< what was trained
    using Base = EightBit<typename Meta::Base>;  ///< the model that it steers
    /// What acting needs of those of the metacontroller, in 8 bits, whatever the type asked for.
    template <class>
    using Parameters = typename Meta::template ActingParameters<core::EightBits>;
};

namespace detail {
/// What acting needs of a metacontroller's parameters; all of them, where it does not say.
template <class Meta, class Parameters>
struct ActingPart {
    Parameters& parameters;
    static void visit(auto& self, auto&& member) {
        if constexpr (requires { typename Meta::template ActingParameters<float>; })
            Meta::template ActingParameters<float>::visit(self.parameters, member);
        else
            self.parameters.visit(self.parameters, member);
    }
};
}  // namespace detail

/// What was trained; of all that is no EightBit, itself.
template <class Model>
struct WholeOf {
    using type = Model;  ///< the same
};
/// What an EightBit was before.
template <class Model>
struct WholeOf<EightBit<Model>> {
    using type = Model;  ///< before
};
/// What was trained, by its type.
template <class Model>
using whole_of = typename WholeOf<Model>::type;

/// The parameters of a model, or what acting needs of those of a metacontroller, in 8 bits. Both are large: they live
/// in boxes.
template <class Model>
core::Box<typename EightBit<Model>::template Parameters<float>> eight_bits(
    const typename Model::template Parameters<float>& whole) {
    core::Box<typename EightBit<Model>::template Parameters<float>> narrow;
    core::quantise_all(
        [&](auto&& function) {
            if constexpr (model::SequenceModel<Model>) {
                core::visit(whole, function);
            } else {
                const detail::ActingPart<Model, const typename Model::template Parameters<float>> acting{whole};
                core::visit(acting, function);
            }
        },
        [&](auto&& function) { core::visit(*narrow, function); });
    return narrow;
}

}  // namespace midstream::rl
