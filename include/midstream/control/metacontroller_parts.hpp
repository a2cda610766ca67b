/// \file
/// What a metacontroller is put together from: its sizes, and the types of its parts, which are checked here.
#pragma once

#include <algorithm>
#include <type_traits>

#include "midstream/control/future.hpp"
#include "midstream/control/hypernetwork.hpp"
#include "midstream/control/inference_network.hpp"
#include "midstream/control/proposals.hpp"
#include "midstream/control/switching_unit.hpp"
#include "midstream/data/episodes.hpp"
#include "midstream/model/autoregressive.hpp"

namespace midstream::control {

/// Sizes of a metacontroller; the defaults are the paper's (Tables A9, A10), but for the layers, which name the base
/// model's: `read` is what encoder, history and switch see, `write` is what the controller changes.
struct MetacontrollerShape {
    int read = 3;             ///< the layer that is read: 0 (the embedding), ..., the base model's depth
    int write = 3;            ///< the layer that is changed, likewise
    int code = 8;             ///< numbers of a code z
    int encoder_hidden = 64;  ///< hidden units of the encoder's MLP
    int decoder_hidden = 32;  ///< hidden units of the hypernetwork
    int switch_hidden = 32;   ///< hidden units of the switching unit
    int history = 32;         ///< numbers of the recurrent history h_t
    int embedding = 32;       ///< numbers of the embedding of the future s_t
    static constexpr void describe(const auto& self, auto&& part) {
        part("read", self.read);
        part("write", self.write);
        part("code", self.code);
        part("encoder_hidden", self.encoder_hidden);
        part("decoder_hidden", self.decoder_hidden);
        part("switch_hidden", self.switch_hidden);
        part("history", self.history);
        part("embedding", self.embedding);
    }
    /// Whether there is something of everything.
    constexpr bool positive() const {
        return code > 0 && encoder_hidden > 0 && decoder_hidden > 0 && switch_hidden > 0 && history > 0 &&
               embedding > 0;
    }
};

namespace detail {
/// Is the layer that an observer looks at, if any, one of a model of this depth?
template <class Observer, int Depth>
inline constexpr bool observes_within = true;
template <ObservesStream Observer, int Depth>
inline constexpr bool observes_within<Observer, Depth> = Observer::layer >= 0 && Observer::layer <= Depth;

/// What an observer is asked for by a base model.
template <class Observer, class Base>
inline constexpr bool observes =
    ObserverOf<Observer, data::Episodes<typename Base::Observation, typename Base::Action, typename Base::Target>,
               Base::width>;

/// Tells in a sentence what of a metacontroller's arguments does not fit.
template <class BaseModel, MetacontrollerShape Shape, class Form, class SwitchPolicy, class Scope, class FutureStack,
          class Observer>
constexpr bool check_metacontroller() {
    constexpr bool has_base = model::SequenceModel<BaseModel>;
    static_assert(has_base,
                  "the metacontroller's base model, its first argument, is no model::SequenceModel "
                  "(model/sequence_model.hpp)");
    constexpr bool has_form = control::ControllerForm<Form>;
    static_assert(has_form,
                  "the metacontroller's form of controllers, its third argument, is none: LowRank<R>, FullLinear or a "
                  "type with a template Bank<Width, Count> as theirs (control/controllers.hpp)");
    static_assert(TrainingSwitch<SwitchPolicy>,
                  "the metacontroller's switch, its fourth argument, needs `static constexpr bool learned` and "
                  "Gate<T> gate(T logit, int step, core::Random&) const (control/switches.hpp)");
    static_assert(ActingSwitch<SwitchPolicy> || !TrainingSwitch<SwitchPolicy>,
                  "the metacontroller's switch does not say how it acts: bool acting(float logit, int step, "
                  "core::Random&) const (control/switches.hpp)");
    static_assert(Shape.positive(),
                  "the metacontroller's code, hidden layers, history and embedding (MetacontrollerShape) need at least "
                  "one number each");
    static_assert(FutureScope<Scope>, "the metacontroller's scope, its fifth argument, is none: LastStep or EveryStep");
    constexpr bool has_stack = model::ResidualStack<FutureStack>;
    static_assert(has_stack,
                  "the metacontroller's sequence embedder, its sixth argument, is no residual stack: FutureHawk, "
                  "FutureGru or a model::Stack");
    constexpr bool parts = has_form && Switch<SwitchPolicy> && Shape.positive() && FutureScope<Scope> && has_stack;
    if constexpr (has_base) {
        constexpr bool reads = Shape.read >= 0 && Shape.read <= BaseModel::depth,
                       writes = Shape.write >= 0 && Shape.write <= BaseModel::depth;
        static_assert(reads,
                      "the metacontroller reads a layer that the base model does not have: MetacontrollerShape::read "
                      "is 0 (the embedding) to the model's depth");
        static_assert(writes,
                      "the metacontroller writes to a layer that the base model does not have: "
                      "MetacontrollerShape::write is 0 (the embedding) to the model's depth");
        constexpr bool has_width = !has_stack || model::width_of<FutureStack> == BaseModel::width;
        static_assert(has_width, "the metacontroller's sequence embedder needs the width of the residual stream");
        constexpr bool has_observer = observes<Observer, BaseModel>;
        static_assert(has_observer,
                      "the metacontroller's observer lacks a space Observation, observe(episodes, row, seen) or "
                      "event(seen) (control/observer.hpp)");
        constexpr bool within = observes_within<Observer, BaseModel::depth>;
        static_assert(within, "the metacontroller's observer looks at a layer that the base model does not have");
        return parts && reads && writes && has_width && has_observer && within;
    }
    return false;
}
}  // namespace detail

/// The parts of a Metacontroller, whose arguments it takes. What does not fit is told in a sentence; from there on
/// something that fits stands in for it, so that the compiler has nothing else to say.
template <class BaseModel, MetacontrollerShape Shape, class Form, class SwitchPolicy, class Scope, class FutureStack,
          class ObserverType>
struct MetacontrollerParts {
    /// Whether all arguments fit together.
    static constexpr bool fits =
        detail::check_metacontroller<BaseModel, Shape, Form, SwitchPolicy, Scope, FutureStack, ObserverType>();
    static constexpr bool has_base = model::SequenceModel<BaseModel>;  ///< whether the first argument is a base model
    /// The model that is steered; a stand-in where there is none.
    using Base = std::conditional_t<has_base, BaseModel, model::StandIn<data::Dense<1>, data::Categories<2>>>;
    static constexpr int width = Base::width;
    /// The sizes asked for; where something does not fit, the default ones, but for the code.
    static constexpr MetacontrollerShape shape =
        fits ? Shape : MetacontrollerShape{.read = 0, .write = 0, .code = std::max(Shape.code, 1)};
    static constexpr int read = shape.read,                                   ///< the base model's layer that is read
        write = shape.write;                                                  ///< the one that is changed
    using ControllerForm = std::conditional_t<fits, Form, LowRank<1>>;        ///< the form of U
    using Switching = std::conditional_t<fits, SwitchPolicy, SoftSwitch>;     ///< the switch policy
    using Observer = std::conditional_t<fits, ObserverType, ResidualStream>;  ///< what the encoder sees by
    /// The embedding of the future.
    using Future = FutureEmbedding<std::conditional_t<fits, FutureStack, FutureGru<width>>, shape.embedding,
                                   std::conditional_t<fits, Scope, LastStep>>;
    /// History and encoder; a mean and a log-variance for each number of a code.
    using Inference = InferenceNetwork<Observer, Future, shape.history, shape.encoder_hidden, 2 * shape.code>;
    using Proposal = Proposals<shape.code>;                                                   ///< how codes are drawn
    using Unit = SwitchingUnit<Inference::past, shape.code, shape.switch_hidden, Switching>;  ///< gates and codes
    using Decoder = Hypernetwork<ControllerForm, width, shape.code, shape.decoder_hidden>;    ///< controllers of codes
};

}  // namespace midstream::control
