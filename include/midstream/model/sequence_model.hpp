/// \file
/// What the stages of training, metacontrollers and reinforcement learning ask of a model of sequences.
#pragma once

#include <concepts>

#include "midstream/model/stack.hpp"

namespace midstream::model {

/// A causal model of actions on a residual stream, with taps: what Autoregressive is. It names its spaces
/// `Observation`, `Action` and `Target`, has a `width`, a `depth` and a `Distribution` of actions, and its passes are
/// static functions.
template <class M>
concept SequenceModel = requires {
    typename M::Observation::template Element<float>;
    typename M::Action::template Element<float>;
    typename M::Target;
    typename M::Distribution;
    typename M::template Tape<float>;
    typename M::template State<float>;
    { M::width } -> std::convertible_to<int>;
    { M::depth } -> std::convertible_to<int>;
    { M::predicts_observations } -> std::convertible_to<bool>;
    requires core::ParameterStruct<typename M::template Parameters<float>>;
};

}  // namespace midstream::model
