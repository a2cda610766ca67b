/// \file
/// Discovery whose base model is trained as well (C.4.2): one learner for both, one objective (Eq. 3). In the paper it
/// is a baseline, which finds degenerate switches (Fig. 7, Fig. 8).
#pragma once

#include "midstream/train/stages.hpp"

namespace midstream::train {

/// A base model and its metacontroller as one thing to train: `Learner<CoTrained<Meta>::Parameters<float>, ...>`.
/// Gradients reach the base model's upper blocks from the steered prediction, its lower ones through the layers that
/// the metacontroller reads and writes.
template <class Meta>
struct CoTrained {
    using Base = typename Meta::Base;  ///< the model that is steered
    static constexpr void describe(auto&& part) { part("metacontroller", std::type_identity<Meta>{}); }

    template <class T>
    struct Parameters {
        typename Base::template Parameters<T> base;
        typename Meta::template Parameters<T> meta;
        static void visit(auto& self, auto&& member) {
            member("base", self.base);
            member("meta", self.meta);
        }
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random) {
        Base::initialise(parameters.base, random.fork(0));
        Meta::initialise(parameters.meta, random.fork(1));
    }
};

namespace detail {
/// As FrozenBase, of a learner that has both.
template <class LearnerType>
struct TrainedBase {
    LearnerType* learner;
    const auto& base() const { return learner->parameters->base; }
    auto& meta() const { return learner->parameters->meta; }
    static auto& meta_part(auto& gradient) { return gradient.meta; }
    static auto& base_part(auto& gradient) { return gradient.base; }
};
}  // namespace detail

/// As `discover`, of a learner that holds CoTrained<Meta>::Parameters<float>: the model's start, random or pretrained,
/// is what they hold.
template <class Meta, class Policy, class LearnerType, class Source, class Alpha, class PassOptions, class Rate,
          class Report>
void co_train(const Policy& policy, LearnerType& learner, const Source& source, const DiscoverOptions& options,
              const Alpha& alpha, const PassOptions& pass_options, const Rate& learning_rate, core::Random random,
              Report&& report) {
    constexpr bool is_meta = detail::is_meta<Meta>;
    static_assert(is_meta, "train::co_train<Meta> trains a control::Metacontroller<...> and its base model");
    static_assert(
        Schedule<Alpha>,
        "alpha is a schedule, which gives a number for every step: train::Constant{0.1}, not 0.1 (train/schedule.hpp)");
    if constexpr (is_meta && Schedule<Alpha>)
        if constexpr (check_pass_options<PassOptions, Meta>() &&
                      check_stage<CoTrained<Meta>, typename Meta::Base, Policy, LearnerType, Source, Rate, Report>()) {
            detail::require_trainable(learner, "the metacontroller and its model");
            if (learner.steps() == 0) {
                require_initialised<float>(learner.parameters->base, "the model");
                require_initialised<float>(learner.parameters->meta, "the metacontroller");
            }
            detail::run_discovery<Meta>(policy, learner, source, options, alpha, pass_options, learning_rate, random,
                                        report, detail::TrainedBase<LearnerType>{&learner});
        }
}

}  // namespace midstream::train
