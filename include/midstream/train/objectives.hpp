/// \file
/// The objectives of the three supervised stages, as sums over the steps of a packed batch: pretraining (C.1),
/// supervised controllers (C.3) and discovery (Eq. 3). Each adds `weight` times its gradient, so
/// that shards of a batch add up to one mean.
#pragma once

#include "midstream/control/metacontroller.hpp"
#include "midstream/control/supervised.hpp"
#include "midstream/data/episodes.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/train/stream_ahead.hpp"

namespace midstream::train {

/// Sums over the steps of a batch, in nats.
struct LossSums {
    double action = 0;      ///< -log p(a_t | o_1:t)
    double target = 0;      ///< -log p(target of o_{t+1} | o_1:t); one step fewer per sequence
    double divergence = 0;  ///< KL(N(mean, variance) to N(0, I)), unweighted
    double gates = 0;       ///< beta_t: the expected number of switches
    double steps = 0;       ///< as `episodes` a whole number, for more of them than an int holds
    double episodes = 0;    ///< in the batch

    /// Adds the sums over other steps.
    LossSums& operator+=(const LossSums& other) {
        action += other.action;
        target += other.target;
        divergence += other.divergence;
        gates += other.gates;
        steps += other.steps;
        episodes += other.episodes;
        return *this;
    }
};

/// The sums of a batch before a loss is added up.
template <class Episodes>
LossSums sums_of(const Episodes& batch) {
    return {.steps = static_cast<double>(batch.rows()), .episodes = static_cast<double>(batch.count())};
}

/// Sums -log p(a_t) from tape.action; if the gradient is wanted, clears tape.action_gradient (and target_gradient) and
/// fills it with weight times the derivative of that sum.
template <class Model, class T>
double action_loss(const EpisodesOf<Model, T>& batch, typename Model::template Tape<T>& tape, T weight,
                   bool with_gradient) {
    if (with_gradient) Model::clear_gradients(tape);
    const auto actions = batch.action_rows();
    double sum = 0;
    for (int row = 0; row < batch.rows(); ++row)
        sum -= Model::Distribution::log_probability(tape.action.view().row(row), actions.row(row), -weight,
                                                    with_gradient ? tape.action_gradient.view().row(row) : nullptr);
    return sum;
}

/// sum_t -log p(a_t | o_1:t) - lambda log p(o_{t+1} | o_1:t); `gradient` is a parameter struct, or core::Frozen to
/// evaluate alone.
template <class Model, class T, class Gradient>
LossSums pretraining_loss(const typename Model::template Parameters<T>& parameters, const EpisodesOf<Model, T>& batch,
                          T lambda, T weight, typename Model::template Tape<T>& tape, Gradient&& gradient) {
    constexpr bool learns = core::trainable<Gradient>;
    LossSums sums = sums_of(batch);
    Model::forward(parameters, batch.sequences(), batch.observation_rows(), tape);
    sums.action = action_loss<Model, T>(batch, tape, weight, learns);
    if constexpr (Model::predicts_observations) {
        using Target = typename Model::TargetHead::Distribution;
        for (int s = 0; s < batch.count(); ++s)
            for (int row = batch.sequences().first(s); row + 1 < batch.sequences().first(s + 1); ++row)
                sums.target -=
                    Target::log_probability(tape.target.view().row(row), batch.target_row(row), -weight * lambda,
                                            learns && lambda > 0 ? tape.target_gradient.view().row(row) : nullptr);
    }
    if constexpr (learns) Model::backward(parameters, batch.sequences(), batch.observation_rows(), tape, gradient);
    return sums;
}

/// From tape.action_gradient to the gradient at layer `layer` in tape.flow, through heads and blocks that are frozen
/// unless a gradient is given.
template <class Model, class T, class Gradient = core::Frozen>
void backward_to(const typename Model::template Parameters<T>& parameters, core::Sequences sequences, int layer,
                 typename Model::template Tape<T>& tape, Gradient&& gradient = {}) {
    Model::backward_heads(parameters, tape, gradient);
    Model::backward_blocks(parameters, sequences, layer, Model::depth, tape, gradient);
}

/// -log p(a_t) with the controller of the row's true subgoal (batch.subgoals) in force at every step.
template <class Controllers, class T, class Gradient>
LossSums supervised_loss(const typename Controllers::Base::template Parameters<T>& base,
                         const typename Controllers::template Parameters<T>& parameters,
                         const EpisodesOf<typename Controllers::Base, T>& batch, T weight,
                         typename Controllers::Base::template Tape<T>& base_tape,
                         core::Buffer<T, Controllers::width>& e_write, typename Controllers::template Tape<T>& tape,
                         Gradient&& gradient) {
    using Base = typename Controllers::Base;
    constexpr int write = Controllers::write;
    LossSums sums = sums_of(batch);
    Base::embed(base, batch.observation_rows(), base_tape);
    Base::blocks(base, batch.sequences(), 0, write, base_tape);
    auto steered = base_tape.residual[write].view();
    core::map(e_write.resize(batch.rows())) = core::map(steered);
    Controllers::forward(parameters, e_write.view(), batch.subgoals, steered, tape);
    Base::blocks(base, batch.sequences(), write, Base::depth, base_tape);
    Base::heads(base, base_tape);
    sums.action = action_loss<Base, T>(batch, base_tape, weight, core::trainable<Gradient>);
    if constexpr (core::trainable<Gradient>) {
        backward_to<Base, T>(base, batch.sequences(), write, base_tape);
        Controllers::backward(parameters, e_write.view(), tape, base_tape.flow.view(), gradient);
    }
    return sums;
}

/// The working memory of discovery_loss for one shard.
template <class Meta, class T>
struct DiscoveryTape {
    typename Meta::Base::template Tape<T> base;  ///< of both passes of the base model
    typename Meta::template Tape<T> meta;        ///< of the metacontroller
    core::Buffer<T, Meta::width> e_read,         ///< layer `read` of the first pass
        e_write;                                 ///< layer `write` of the first pass, before it is steered
    /// What the encoder sees of every row, row by row; empty where that is the residual stream.
    std::vector<typename Meta::Observer::Observation::template Element<T>> observed;
    core::Buffer<T, Meta::width> e_read_gradient,  ///< where the base model is trained as well
        e_write_gradient;                          ///< likewise
    StreamAhead<typename Meta::Base, T> ahead;     ///< of an observer that looks at the residual stream one step ahead
};

/// Fills tape.observed: what the encoder sees of every row, if that is not the residual stream.
template <class Meta, class T>
void look(const typename Meta::Base::template Parameters<T>& base, const EpisodesOf<typename Meta::Base, T>& batch,
          const typename Meta::Observer& observer, DiscoveryTape<Meta, T>& tape) {
    constexpr int seen = Meta::Observer::Observation::width;
    tape.observed.resize(static_cast<std::size_t>(batch.rows()) * seen);
    const auto to = [&](int row) { return tape.observed.data() + static_cast<std::ptrdiff_t>(row) * seen; };
    if constexpr (control::ObservesStream<typename Meta::Observer>) {
        const auto ahead = tape.ahead.rows(base, batch, Meta::Observer::layer);
        for (int episode = 0; episode < batch.count(); ++episode) {
            const int first = batch.sequences().first(episode), length = batch.sequences().length(episode);
            for (int row = 0; row < length; ++row) observer.observe(ahead.slice(first, length), row, to(first + row));
        }
    } else {
        for (int row = 0; row < batch.rows(); ++row) observer.observe(batch, row, to(row));
    }
}

/// The first pass, and what the metacontroller proposes: leaves in the tape what `steer_pass` goes on from.
template <class Meta, class T>
void propose_pass(const typename Meta::Base::template Parameters<T>& base,
                  const typename Meta::template Parameters<T>& parameters,
                  const EpisodesOf<typename Meta::Base, T>& batch, const typename Meta::Options& options,
                  DiscoveryTape<Meta, T>& tape) {
    using Base = typename Meta::Base;
    Base::embed(base, batch.observation_rows(), tape.base);
    Base::blocks(base, batch.sequences(), 0, std::max(Meta::read, Meta::write), tape.base);
    core::map(tape.e_read.resize(batch.rows())) = core::map(tape.base.residual[Meta::read].view());
    core::map(tape.e_write.resize(batch.rows())) = core::map(tape.base.residual[Meta::write].view());
    look<Meta, T>(base, batch, options.observer, tape);
    Meta::propose(parameters, batch.sequences(), tape.e_read.view(), options, tape.meta,
                  {tape.observed.data(), batch.rows()});
}
/// The steered second pass: leaves its prediction in tape.base.action. `moments` are those of all shards' proposals.
template <class Meta, class T>
void steer_pass(const typename Meta::Base::template Parameters<T>& base,
                const typename Meta::template Parameters<T>& parameters,
                const EpisodesOf<typename Meta::Base, T>& batch, core::Random random,
                const typename Meta::Proposal::Moments& moments, DiscoveryTape<Meta, T>& tape) {
    using Base = typename Meta::Base;
    Meta::steer_sequences(parameters, batch.sequences(), tape.e_write.view(), tape.base.residual[Meta::write].view(),
                          random, moments, tape.meta);
    Base::blocks(base, batch.sequences(), Meta::write, Base::depth, tape.base);
    Base::heads(base, tape.base);
}
/// Both, of a batch that is one shard.
template <class Meta, class T>
void steered_pass(const typename Meta::Base::template Parameters<T>& base,
                  const typename Meta::template Parameters<T>& parameters,
                  const EpisodesOf<typename Meta::Base, T>& batch, core::Random random,
                  const typename Meta::Options& options, DiscoveryTape<Meta, T>& tape) {
    propose_pass<Meta, T>(base, parameters, batch, options, tape);
    steer_pass<Meta, T>(base, parameters, batch, random, Meta::moments(tape.meta), tape);
}

/// After steer_pass: the loss of discovery, and its gradient back to the proposals; `sums` gets what shards of one
/// batch add up before `first_pass_gradient`. `base_gradient` is core::Frozen, or the base model's gradient if that is
/// trained as well (C.4.2).
template <class Meta, class T, class Gradient, class BaseGradient = core::Frozen>
LossSums steered_loss(const typename Meta::Base::template Parameters<T>& base,
                      const typename Meta::template Parameters<T>& parameters,
                      const EpisodesOf<typename Meta::Base, T>& batch, T alpha, T weight, DiscoveryTape<Meta, T>& tape,
                      typename Meta::Proposal::GradientSums& proposal_sums, Gradient&& gradient,
                      BaseGradient&& base_gradient = {}) {
    using Base = typename Meta::Base;
    LossSums sums = sums_of(batch);
    sums.action = action_loss<Base, T>(batch, tape.base, weight, core::trainable<Gradient>);
    for (int row = 0; row < batch.rows(); ++row) {
        sums.divergence += Meta::divergences(tape.meta).data[row];
        sums.gates += Meta::gates(tape.meta).data[row];
    }
    if constexpr (core::trainable<Gradient>) {
        core::Rows<T, Meta::width> write_gradient{};
        if constexpr (core::trainable<BaseGradient>) write_gradient = tape.e_write_gradient.zeros(batch.rows());
        backward_to<Base, T>(base, batch.sequences(), Meta::write, tape.base, base_gradient);
        proposal_sums = Meta::backward_to_proposals(parameters, batch.sequences(), tape.e_write.view(), tape.meta,
                                                    tape.base.flow.view(), weight, alpha, write_gradient, gradient);
    }
    return sums;
}

/// After steered_loss: its gradient from the proposals on, and, where the base model is trained as well, on through the
/// layers that the metacontroller reads and writes to the embedding.
template <class Meta, class T, class Gradient, class BaseGradient = core::Frozen>
void first_pass_gradient(const typename Meta::Base::template Parameters<T>& base,
                         const typename Meta::template Parameters<T>& parameters,
                         const EpisodesOf<typename Meta::Base, T>& batch, DiscoveryTape<Meta, T>& tape,
                         const typename Meta::Proposal::GradientSums& proposal_sums, Gradient&& gradient,
                         BaseGradient&& base_gradient = {}) {
    using Base = typename Meta::Base;
    constexpr int read = Meta::read, write = Meta::write, upper = std::max(read, write), lower = std::min(read, write);
    core::Rows<T, Meta::width> read_gradient{};
    if constexpr (core::trainable<BaseGradient>) read_gradient = tape.e_read_gradient.zeros(batch.rows());
    Meta::backward_from_proposals(parameters, batch.sequences(), tape.e_read.view(), tape.meta, proposal_sums,
                                  read_gradient, gradient);
    if constexpr (core::trainable<BaseGradient>) {
        if constexpr (read > write) {  // the second pass was the last through the blocks between them
            core::map(tape.base.residual[write].view()) = core::map(tape.e_write.view());
            Base::blocks(base, batch.sequences(), write, read, tape.base);
        }
        const auto write_gradient = tape.e_write_gradient.view();
        core::map(tape.base.flow.resize(batch.rows())) = core::map(read > write ? read_gradient : write_gradient);
        Base::backward_blocks(base, batch.sequences(), lower, upper, tape.base, base_gradient);
        core::map(tape.base.flow.view()) += core::map(read > write ? write_gradient : read_gradient);
        Base::backward_blocks(base, batch.sequences(), 0, lower, tape.base, base_gradient);
        Base::backward_embedding(base, batch.observation_rows(), tape.base, base_gradient);
    }
}

/// sum_t -log p(a_t | o_1:t, z_1:t) + alpha KL(N(mu_t, Sigma_t) to N(0, I)) of a batch that is one shard (Eq. 3), the
/// base model frozen unless a gradient is given for it.
template <class Meta, class T, class Gradient, class BaseGradient = core::Frozen>
LossSums discovery_loss(const typename Meta::Base::template Parameters<T>& base,
                        const typename Meta::template Parameters<T>& parameters,
                        const EpisodesOf<typename Meta::Base, T>& batch, T alpha, T weight, core::Random random,
                        const typename Meta::Options& options, DiscoveryTape<Meta, T>& tape, Gradient&& gradient,
                        BaseGradient&& base_gradient = {}) {
    steered_pass<Meta, T>(base, parameters, batch, random, options, tape);
    typename Meta::Proposal::GradientSums proposal_sums;
    const LossSums sums =
        steered_loss<Meta, T>(base, parameters, batch, alpha, weight, tape, proposal_sums, gradient, base_gradient);
    if constexpr (core::trainable<Gradient>)
        first_pass_gradient<Meta, T>(base, parameters, batch, tape, proposal_sums, gradient, base_gradient);
    return sums;
}

}  // namespace midstream::train
