/// \file
/// What the stages of training ask of their arguments, each in a sentence that the compiler says where it does not
/// hold.
#pragma once

#include <concepts>
#include <cstdint>

#include "midstream/core/parallel.hpp"
#include "midstream/model/sequence_model.hpp"
#include "midstream/train/learner.hpp"
#include "midstream/train/objectives.hpp"
#include "midstream/train/schedule.hpp"
#include "midstream/train/sources.hpp"

namespace midstream::train {

/// Tells in a sentence what of a stage's arguments does not fit the model that it trains, on episodes that `Reader`
/// reads: the model itself, or the frozen one below it.
template <class Model, class Reader, class Policy, class LearnerType, class Source, class Rate, class Report>
constexpr bool check_stage() {
    constexpr bool parallel = core::Parallelism<Policy>;
    static_assert(parallel, "a stage's first argument says how its shards run: core::Serial{} or core::OpenMP{}");
    constexpr bool learns = LearnerOf<LearnerType, Model>;
    static_assert(learns,
                  "a stage's learner holds the float parameters of what the stage trains: "
                  "train::Learner<Model::Parameters<float>, Optimiser> of the same Model, not of double");
    constexpr bool reads = SourceOf<Source, EpisodesOf<Reader, float>>;
    static_assert(
        reads,
        "a stage's source gives other episodes than the model reads: Observation, Action and Target of "
        "the environment and of the model have to be the same types (a model without a target reads data::None)");
    constexpr bool scheduled = Schedule<Rate>;
    static_assert(scheduled,
                  "a stage's learning rate is a schedule, which gives a number for every step: train::Constant{1e-3}, "
                  "not 1e-3 (train/schedule.hpp)");
    constexpr bool reports = requires(Report & report, const LossSums& sums) {
        { report(std::int64_t{1}, sums) } -> std::convertible_to<bool>;
    };
    static_assert(reports,
                  "a stage's last argument is a function report(step, sums) that returns true, or false to end the "
                  "stage: [](std::int64_t, const train::LossSums&) { return true; }");
    constexpr bool remembers = horizon_of<Source> <= layer::context_of<Reader>;
    static_assert(remembers || !reads,
                  "the model's context is shorter than the horizon of the environment that is recorded for it");
    return parallel && learns && reads && scheduled && reports && remembers;
}

/// Is it something with parameters that is trained on a frozen model of sequences?
template <class Part>
concept TrainedOnBase = requires {
    typename Part::template Parameters<float>;
    requires model::SequenceModel<typename Part::Base>;
};
/// Tells in a sentence if a stage's frozen parameters are not those of the model below what it trains.
template <class BaseParameters, class Part>
constexpr bool check_base() {
    constexpr bool passed = std::same_as<BaseParameters, typename Part::Base::template Parameters<float>>;
    static_assert(passed,
                  "a stage's second argument is the frozen model's parameters, Base::Parameters<float>: of a core::Box "
                  "b it is *b, of a learner *learner.parameters");
    return passed;
}
/// Tells in a sentence if something does not give a metacontroller's options for every step.
template <class PassOptions, class Meta>
constexpr bool check_pass_options() {
    constexpr bool passed = requires(const PassOptions& options) {
        { options(std::int64_t{}) } -> std::convertible_to<typename Meta::Options>;
    };
    static_assert(passed,
                  "pass_options is a function that gives the metacontroller's options for every step: "
                  "[](std::int64_t) { return Meta::Options{}; }");
    return passed;
}

}  // namespace midstream::train
