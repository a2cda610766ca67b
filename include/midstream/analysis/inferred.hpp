/// \file
/// What a metacontroller makes of episodes: its codes, gates and divergences, and how well the model that it steers
/// predicts the actions (D.2). Alignment, transplants and rate-distortion curves are read off these rows.
#pragma once

#include "midstream/analysis/batches.hpp"
#include "midstream/rl/acting.hpp"
#include "midstream/train/objectives.hpp"
#include "midstream/train/stages.hpp"

namespace midstream::analysis {

/// A row for every row of the episodes.
template <class Meta>
struct Inferred {
    core::Buffer<float, 1> gates;           ///< beta
    core::Buffer<float, Meta::code> codes;  ///< z, the code in force
    core::Buffer<float, 1> divergences;     ///< KL(N(mean, variance) to N(0, I)) in nats, not weighted
    core::Buffer<float, 1> action_nll;      ///< -log p(a_t | o_1:t, z_1:t) in nats
    train::LossSums sums;                   ///< of all rows; sums.action / sums.steps is the action loss of a step
};

/// Runs the metacontroller over episodes of the model that it steers, whose acting plays no part. `pass` says how codes
/// are drawn; noise 0 takes their means. Whatever it says of training, means are normalised by the running moments: no
/// code depends on the episodes beside its own. Throws where the episodes are not valid, or lack the endings that an
/// observer one step ahead needs.
template <class Meta, core::Parallelism Policy>
Inferred<Meta> infer(const Policy& policy, const rl::Steered<Meta>& steered,
                     const train::EpisodesOf<typename Meta::Base, float>& episodes, core::Random random,
                     const typename Meta::Options& pass, const BatchOptions& batches = {}) {
    pass.validate();
    const auto require_encoder = [](const auto& part) {
        train::require_initialised<float>(part.encoder,
                                          "the metacontroller's encoder (which an agent's file is without)");
    };
    if constexpr (requires { steered.meta.inference; }) require_encoder(steered.meta.inference);
    if constexpr (requires { steered.meta.segments; }) require_encoder(steered.meta.segments);
    using Base = typename Meta::Base;
    data::validate(episodes, {.endings = control::ObservesStream<typename Meta::Observer>},
                   "episodes to infer codes of");
    struct Worker {
        train::DiscoveryTape<Meta, float> tape;
        train::EpisodesOf<Base, float> batch;
    };
    typename Meta::Options options_of_pass = pass;
    options_of_pass.training = false;
    Inferred<Meta> result;
    const int rows = episodes.rows();
    result.gates.resize(rows);
    result.codes.resize(rows);
    result.divergences.resize(rows);
    result.action_nll.resize(rows);
    auto workers = make_workers(batches, Worker{});
    for_batches(policy, batches, workers, episodes.count(), [&](Worker& worker, int index, int first, int length) {
        auto& tape = worker.tape;
        auto& batch = worker.batch;
        batch.clear();
        for (int i = 0; i < length; ++i) train::append_episode(episodes, first + i, batch);
        train::steered_pass<Meta, float>(steered.base, steered.meta, batch, random.fork(index), options_of_pass, tape);
        const int row = episodes.offsets[first], count = batch.rows();
        const auto keep = [&](const auto& from, auto& to) { core::map(to.view().slice(row, count)) = core::map(from); };
        keep(Meta::gates(tape.meta), result.gates);
        keep(Meta::codes(tape.meta), result.codes);
        keep(Meta::divergences(tape.meta), result.divergences);
        for (int i = 0; i < count; ++i)
            result.action_nll.view().data[row + i] =
                -Base::Distribution::log_probability(tape.base.action.view().row(i), batch.action_rows().row(i));
    });
    result.sums.steps = rows;
    result.sums.episodes = episodes.count();
    for (int row = 0; row < rows; ++row) {
        result.sums.action += result.action_nll.view().data[row];
        result.sums.divergence += result.divergences.view().data[row];
        result.sums.gates += result.gates.view().data[row];
    }
    return result;
}

}  // namespace midstream::analysis
