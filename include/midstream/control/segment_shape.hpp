/// \file
/// The sizes of a segment model, and what it asks of its arguments.
#pragma once

#include "midstream/control/controllers.hpp"
#include "midstream/model/autoregressive.hpp"

namespace midstream::control {

/// Sizes of a segment model; the defaults are the paper's (Tables A11, A12), but for the layers, which name the base
/// model's.
struct SegmentShape {
    int read = 3;             ///< the layer from which the termination policy reads: 0 (the embedding), ..., the depth
    int write = 3;            ///< the layer that controllers change, likewise
    int code = 8;             ///< numbers of a code z
    int segments = 4;         ///< of a sequence, at most
    int hidden = 32;          ///< of the unit that reads segments, and of the heads for boundaries and codes
    int decoder_hidden = 32;  ///< hidden units of the hypernetwork
    int switch_hidden = 32;   ///< hidden units of the termination policy
    int history = 32;         ///< numbers of its recurrent history h_t
    static constexpr void describe(const auto& self, auto&& part) {
        part("read", self.read);
        part("write", self.write);
        part("code", self.code);
        part("segments", self.segments);
        part("hidden", self.hidden);
        part("decoder_hidden", self.decoder_hidden);
        part("switch_hidden", self.switch_hidden);
        part("history", self.history);
    }
    /// Whether there is something of everything.
    constexpr bool positive() const {
        return code > 0 && segments > 0 && hidden > 0 && decoder_hidden > 0 && switch_hidden > 0 && history > 0;
    }
};

namespace detail {
/// Tells in a sentence what of a segment model's arguments does not fit.
template <class Base, SegmentShape Shape, class Form, class EncoderStack>
constexpr bool check_segment_model() {
    constexpr bool has_base = model::SequenceModel<Base>;
    static_assert(has_base, "the segment model's base model, its first argument, is no model::SequenceModel");
    static_assert(Shape.positive(), "the segment model's sizes (SegmentShape) need at least one number each");
    static_assert(ControllerForm<Form>,
                  "the segment model's form of controllers, its third argument, is none: LowRank<R>, FullLinear or a "
                  "type with a template Bank<Width, Count> as theirs (control/controllers.hpp)");
    static_assert(model::ResidualStack<EncoderStack>,
                  "the segment model's encoder, its fourth argument, is no residual stack (model/stack.hpp)");
    if constexpr (has_base) {
        constexpr bool within =
            Shape.read >= 0 && Shape.read <= Base::depth && Shape.write >= 0 && Shape.write <= Base::depth;
        static_assert(within,
                      "the segment model reads or writes a layer that the base model does not have: 0 (the embedding) "
                      "to the model's depth");
        return within && Shape.positive() && ControllerForm<Form> && model::ResidualStack<EncoderStack>;
    }
    return false;
}

/// The lower half of a model's blocks; of what is no model something that stands in for them.
template <class Base>
struct LowerHalfOf {
    using type = model::Repeat<layer::Linear<1, 1>, 1>;
};
template <model::SequenceModel Base>
struct LowerHalfOf<Base> {
    using type = model::LowerBlocks<typename Base::Stack, (Base::depth + 1) / 2>;
};
}  // namespace detail

/// A stack as the lower half of a base model.
template <class Base>
using LowerHalf = typename detail::LowerHalfOf<Base>::type;

}  // namespace midstream::control
