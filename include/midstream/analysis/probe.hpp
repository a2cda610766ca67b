/// \file
/// Belief probing (B.1, C.2): how well the true subgoal can be read from each layer of a model's residual
/// stream by a linear map.
#pragma once

#include <limits>

#include "midstream/analysis/batches.hpp"
#include "midstream/analysis/linear_probe.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"

namespace midstream::analysis {

/// The defaults are the paper's.
struct ProbeOptions {
    std::int64_t steps = 8000;    ///< updates
    int batch = 512;              ///< episodes per update
    double learning_rate = 1e-3;  ///< of AdamW, the same at every update
    int shards = 4;               ///< as everywhere in training: part of the result, where the number of threads is not
    int evaluation = 1000;        ///< held-out episodes
};

/// Of one layer, averaged over the steps of held-out episodes.
struct ProbeResult {
    double accuracy = 0;  ///< share of steps at which the likeliest subgoal is the true one
    double nll = 0;       ///< -log p(true subgoal), nats
};

/// A linear layer and a softmax for each of the layers 0, ..., depth.
template <class Base, int Subgoals>
struct Probes {
    static_assert(Subgoals >= 2, "a probe tells at least two subgoals apart");
    static constexpr int width = Base::width;
    static constexpr int count = Base::depth + 1;       ///< of probes: the embedding and every block's output have one
    using Map = layer::Linear<width, Subgoals>;         ///< from a layer to the logits of the subgoals
    using Distribution = layer::Categorical<Subgoals>;  ///< of subgoals

    template <class T>
    struct Parameters {
        std::array<typename Map::template Parameters<T>, count> layers;
        static void visit(auto& self, auto&& member) { member("layers", self.layers); }
    };
    template <class T>
    struct Tape {
        typename Base::template Tape<T> base;
        core::Buffer<T, Subgoals> logits, gradient;
    };
    /// The scale on which probes read: residual streams differ in scale by layer and coordinate, and a common learning
    /// rate wants a common one. An affine map of the coordinates, so what a linear probe can read stays the same.
    template <class T>
    struct Scale {
        std::array<core::Vector<T, width>, count> mean,  ///< by layer, then by coordinate
            inverse_deviation;                           ///< likewise; 0 of a coordinate that is constant
    };

    /// Runs the model up to its last layer.
    template <class T>
    static void forward(const typename Base::template Parameters<T>& base, const train::EpisodesOf<Base, T>& batch,
                        Tape<T>& tape) {
        Base::embed(base, batch.observation_rows(), tape.base);
        Base::blocks(base, batch.sequences(), 0, Base::depth, tape.base);
    }
    /// Measures means and deviations on the rows that `forward` left in the tape. Constant coordinates are ignored.
    template <class T>
    static void measure(const Tape<T>& tape, Scale<T>& scale) {
        for (int l = 0; l < count; ++l) {
            const auto rows = core::map(tape.base.residual[l].view()).template cast<double>().eval();
            const Eigen::Array<double, 1, width> mean = rows.colwise().mean();
            const Eigen::Array<double, 1, width> deviation =
                (rows.array().rowwise() - mean).square().colwise().mean().sqrt();
            core::map(scale.mean[l]) = mean.matrix().template cast<T>();
            core::map(scale.inverse_deviation[l]) =
                (deviation > 1e-6).select(1 / deviation, 0.0).matrix().template cast<T>();
        }
    }
    /// Puts every layer in the tape on the common scale.
    template <class T>
    static void standardise(const Scale<T>& scale, Tape<T>& tape) {
        for (int l = 0; l < count; ++l) {
            auto rows = core::map(tape.base.residual[l].view()).array();
            rows.rowwise() -= core::map(scale.mean[l]).array();
            rows.rowwise() *= core::map(scale.inverse_deviation[l]).array();
        }
    }
    /// The probe of layer `l` for rows as they are, not on the common scale.
    static LinearProbe<width, Subgoals> plain(const typename Map::template Parameters<float>& scaled,
                                              const Scale<float>& scale, int l, float accuracy) {
        LinearProbe<width, Subgoals> result{scaled, accuracy};
        auto weight = core::map(result.map.weight);
        weight.array().colwise() *= core::map(scale.inverse_deviation[l]).transpose().array();
        core::map(result.map.bias) -= core::map(scale.mean[l]) * weight;
        return result;
    }
    /// Sum of -log p(label) from layer l of the tape; adds weight times its gradient unless that is core::Frozen. The
    /// logits stay in the tape.
    template <class T, class Gradient>
    static double loss(const Parameters<T>& parameters, int l, const std::vector<std::int16_t>& labels, T weight,
                       Tape<T>& tape, Gradient&& gradient) {
        constexpr bool learns = core::trainable<Gradient>;
        const auto e = tape.base.residual[l].view();
        const auto logits = tape.logits.resize(e.count);
        Map::apply(parameters.layers[l], e, logits);
        if constexpr (learns) tape.gradient.zeros(e.count);
        double sum = 0;
        for (int row = 0; row < e.count; ++row)
            sum -= Distribution::log_probability(logits.row(row), &labels[row], -weight,
                                                 learns ? tape.gradient.view().row(row) : nullptr);
        if constexpr (learns) {
            typename Map::template Tape<T> none;
            Map::backward(parameters.layers[l], {}, e, none, tape.gradient.view(), {}, gradient.layers[l]);
        }
        return sum;
    }
};

/// Probes of the layers 0, ..., depth, and what they came to.
template <class Base, int Subgoals>
struct TrainedProbes {
    std::vector<ProbeResult> results{};                        ///< by layer
    std::vector<LinearProbe<Base::width, Subgoals>> probes{};  ///< by layer
};

/// Trains a softmax-linear probe on each of the layers 0, ..., depth, all on the same forward passes, to tell the
/// subgoal of each step among `Subgoals`, and tests them on held-out episodes. `source` and `held_out` are those of
/// train/stages.hpp: `source(count, random, episodes)` appends episodes with labels.
template <class Base, int Subgoals, core::Parallelism Policy, class Source, class HeldOut>
TrainedProbes<Base, Subgoals> train_probes(const Policy& policy, const typename Base::template Parameters<float>& base,
                                           const Source& source, const HeldOut& held_out, const ProbeOptions& options,
                                           core::Random random) {
    using P = Probes<Base, Subgoals>;
    using Episodes = train::EpisodesOf<Base, float>;
    using Parameters = typename P::template Parameters<float>;
    core::require_range(options.evaluation, 1, 1 << 24, "held-out episodes");
    core::require_range(options.shards, 1, train::Learner<Parameters, train::AdamW>::max_shards, "shards");
    core::require_range(options.batch, options.shards, 1 << 20, "batch");
    const data::Demands labels{.subgoals = Subgoals};

    std::vector<typename P::template Tape<float>> tapes(options.shards);
    core::Box<typename P::template Scale<float>> scale;
    {
        Episodes sample;
        train::draw(source, options.batch / options.shards, random.fork(0), sample, labels);
        P::forward(base, sample, tapes[0]);
        P::measure(tapes[0], *scale);
    }

    // Clipping would couple the layers. From zero, as the problem is convex.
    train::Learner<Parameters, train::AdamW> learner{
        .optimiser = {.weight_decay = 0}, .max_norm = std::numeric_limits<double>::max(), .shards = options.shards};
    train::detail::run_stage<Base>(
        policy, learner, options.steps, options.batch, source, labels, train::Constant{options.learning_rate},
        random.fork(1),
        [&](int shard, const Episodes& batch, float weight, core::Random, Parameters& gradient) {
            auto& tape = tapes[shard];
            P::forward(base, batch, tape);
            P::standardise(*scale, tape);
            for (int l = 0; l < P::count; ++l) P::loss(*learner.parameters, l, batch.subgoals, weight, tape, gradient);
            return train::sums_of(batch);
        },
        [](std::int64_t, const train::LossSums&) { return true; });

    struct Sums {
        std::array<double, P::count> hits{}, nll{};
        double steps = 0;
    };
    const BatchOptions batches{.batch = options.batch / options.shards,
                               .shards = options.shards};  // as large as in training
    std::vector<Sums> sums((options.evaluation + batches.batch - 1) / batches.batch);
    for_batches(policy, batches, tapes, options.evaluation, [&](auto& tape, int index, int, int length) {
        Episodes batch;
        train::draw(held_out, length, random.fork(2).fork(index), batch, labels);
        P::forward(base, batch, tape);
        P::standardise(*scale, tape);
        Sums& sum = sums[index];
        sum.steps = batch.rows();
        for (int l = 0; l < P::count; ++l) {
            sum.nll[l] = P::loss(*learner.parameters, l, batch.subgoals, 0.0f, tape, core::Frozen{});
            for (int row = 0; row < batch.rows(); ++row) {
                std::int16_t likeliest = 0;
                P::Distribution::mode(tape.logits.view().row(row), &likeliest);
                sum.hits[l] += likeliest == batch.subgoals[row];
            }
        }
    });
    TrainedProbes<Base, Subgoals> trained{std::vector<ProbeResult>(P::count)};
    std::vector<ProbeResult>& results = trained.results;
    double steps = 0;
    for (const Sums& sum : sums) {
        steps += sum.steps;
        for (int l = 0; l < P::count; ++l) {
            results[l].accuracy += sum.hits[l];
            results[l].nll += sum.nll[l];
        }
    }
    for (ProbeResult& result : results) {
        result.accuracy /= steps;
        result.nll /= steps;
    }
    for (int l = 0; l < P::count; ++l)
        trained.probes.push_back(
            P::plain(learner.parameters->layers[l], *scale, l, static_cast<float>(results[l].accuracy)));
    return trained;
}

/// How often such probes are right.
template <class Base, int Subgoals, core::Parallelism Policy, class Source, class HeldOut>
std::vector<ProbeResult> probe(const Policy& policy, const typename Base::template Parameters<float>& base,
                               const Source& source, const HeldOut& held_out, const ProbeOptions& options,
                               core::Random random) {
    return train_probes<Base, Subgoals>(policy, base, source, held_out, options, random).results;
}

/// The same where the source yields fresh episodes whenever asked, so that it can hold out its own.
template <class Base, int Subgoals, core::Parallelism Policy, class Source>
std::vector<ProbeResult> probe(const Policy& policy, const typename Base::template Parameters<float>& base,
                               const Source& source, const ProbeOptions& options, core::Random random) {
    return probe<Base, Subgoals>(policy, base, source, source, options, random);
}

}  // namespace midstream::analysis
