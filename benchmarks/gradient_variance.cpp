// How noisy two estimates of one gradient are, that of a policy over codes: by the score of codes, as internal RL has
// it, and by the path through codes to the likelihood of raw actions (rl/pathwise.hpp; E.2). What comes out is in
// docs/reproduction.md. One thread. On the world of the gridworld's `demo`:
//
//     bench.gradient_variance AGENT measure [seed] [batches]           both, along the training of internal RL
//     bench.gradient_variance AGENT score|path [seed] [learning rate]  a policy learns by one of them
//
// AGENT is a file of the gridworld's `demo`, such as examples/zoo/gridworld-demo.safetensors: its base model and
// metacontroller act, its policy is not used.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "gridworld/presets.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/agent_file.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/rl/path_collector.hpp"
#include "midstream/train/learner.hpp"

using namespace midstream;

namespace {
using Preset = examples::Demo;
using Policy = Preset::Policy;
using Meta = Preset::Meta;
using Batch = env::Batched<Preset::World>;
using Inner = rl::Internal<Batch, Meta>;
using Paths = rl::PathCollector<Batch, Meta, Policy>;
using Path = Paths::Path;
using Gradient = Policy::Parameters<float>;
using Learner = train::Learner<Gradient, train::AdamW>;
constexpr std::size_t size = sizeof(Gradient) / sizeof(float);
constexpr int episodes_per_batch = 1024;
enum Estimate { score, path };

/// Means over batches of a gradient's estimates, and what the covariance of an episode's needs.
struct Moments {
    std::vector<std::array<std::vector<double>, 2>> batches{};  ///< the mean of each, by either estimate
    std::array<double, 2> squares{};                            ///< summed over episodes
    std::array<std::vector<double>, 2> sums{};                  ///< of the batch at hand

    void add(Estimate estimate, std::span<const float> gradient, double advantage) {
        auto& sum = sums[estimate];
        sum.resize(size);
        double square = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const double g = advantage * static_cast<double>(gradient[i]);
            sum[i] += g;
            square += g * g;
        }
        squares[estimate] += square;
    }
    void end_batch() {
        for (auto& sum : sums)
            for (double& value : sum) value /= episodes_per_batch;
        batches.push_back(std::move(sums));
        sums = {};
    }
};

/// A number and the standard error of it.
struct Measured {
    double value, error;
};
/// The product of two estimates' true means, from batches that differ, without the noise's own square; its error by
/// the jackknife.
Measured product(const Moments& m, Estimate a, Estimate b) {
    const std::size_t n = m.batches.size();
    std::vector<double> of(n, 0.0);  // the products that a batch takes part in
    double all = 0;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            if (i == j) continue;
            double dot = 0;
            for (std::size_t k = 0; k < size; ++k) dot += m.batches[i][a][k] * m.batches[j][b][k];
            of[i] += dot;
            of[j] += dot;
            all += dot;
        }
    const auto count = static_cast<double>(n);
    double mean = 0, square = 0;
    for (const double x : of) {
        const double without = (all - x) / ((count - 1) * (count - 2));
        mean += without / count;
        square += without * without / count;
    }
    return {all / (count * (count - 1)), std::sqrt((count - 1) * std::max(0.0, square - mean * mean))};
}
/// The trace of the covariance of an episode's estimate.
double trace(const Moments& m, Estimate e) {
    return m.squares[e] / (static_cast<double>(m.batches.size()) * episodes_per_batch) - product(m, e, e).value;
}

/// Plays this many batches, and prints a line for each rule of advantages.
void measure(const Gradient& policy, Paths& paths, int batches, int update, core::Random random) {
    std::array<Moments, 2> moments;
    Path::Tape<float> all, one;
    core::Box<Gradient> gradient;
    double successes = 0, decisions = 0, steps = 0, deviations = 0;
    for (int batch = 0; batch < batches; ++batch) {
        paths.collect(policy, episodes_per_batch, random.fork(static_cast<std::uint64_t>(batch)));
        const auto episodes = paths.episodes();
        const auto& codes = paths.decisions().episodes();
        std::array<std::vector<float>, 2> advantages;
        for (auto& a : advantages) a.resize(episodes_per_batch);
        rl::BatchNormalised{}(codes.returns, advantages[0]);
        rl::LeaveOneOut{}(codes.returns, advantages[1]);
        Path::decide(policy, episodes, all);
        for (int row = 0; row < codes.rows(); ++row)
            for (int i = 0; i < Meta::code; ++i)
                deviations +=
                    std::exp(0.5 * Path::Codes::log_variance(std::as_const(all.policy.action).view().row(row), i)) /
                    Meta::code;
        Path::act(paths.frozen(), episodes, all);
        const std::vector<float> ones(static_cast<std::size_t>(episodes.steps.rows()), 1.0f);
        Path::backward_to_codes(paths.frozen(), episodes, ones, all);
        for (int i = 0; i < episodes_per_batch; ++i) {
            const auto episode = episodes.slice(i, 1);
            const int first = episodes.decisions.row(i), rows = episode.decisions.rows();
            for (const Estimate estimate : {score, path}) {
                *gradient = Gradient{};
                if (estimate == score) {
                    rl::surrogate<Policy, float>(policy, episode.decisions, episode.seen,
                                                 codes.action_rows().slice(first, rows),
                                                 paths.decisions().log_probabilities().subspan(
                                                     static_cast<std::size_t>(first), static_cast<std::size_t>(rows)),
                                                 ones, 0.2f, -1.0f, one.policy, *gradient);
                } else {
                    Path::decide(policy, episode, one);
                    std::ranges::copy(all.codes_gradient.view().slice(first, rows).flat(),
                                      one.codes_gradient.resize(rows).flat().begin());
                    Path::backward_from_codes(policy, episode, one, *gradient);
                }
                for (std::size_t rule = 0; rule < 2; ++rule)
                    moments[rule].add(estimate, core::flat<float>(*gradient),
                                      static_cast<double>(advantages[rule][static_cast<std::size_t>(i)]));
            }
            successes += codes.returns[static_cast<std::size_t>(i)] > 0;
        }
        for (auto& m : moments) m.end_batch();
        decisions += codes.rows();
        steps += episodes.steps.rows();
    }
    const double count = static_cast<double>(batches) * episodes_per_batch;
    for (std::size_t rule = 0; rule < 2; ++rule) {
        const Moments& m = moments[rule];
        const auto ss = product(m, score, score), pp = product(m, path, path), sp = product(m, score, path);
        const double ts = trace(m, score), tp = trace(m, path);
        const bool seen = ss.value > 2 * ss.error, both = seen && pp.value > 2 * pp.error;  // the means, for all noise
        std::printf("%d,%.5f,%.2f,%.2f,%.3f,%s,%.4g,%.4g,%.4g,%.3g,%.2g,%.3g,%.2g,%.2f,%.2f,%.2f\n", update,
                    successes / count, decisions / count, steps / count, deviations / decisions,
                    rule == 0 ? "normalised" : "centred", ts, tp, tp / ts, ss.value / ts, ss.error / ts, pp.value / tp,
                    pp.error / tp, both ? sp.value / std::sqrt(ss.value * pp.value) : NAN,
                    seen ? sp.value / ss.value : NAN, seen ? sp.error / ss.value : NAN);
    }
    std::fflush(stdout);
}
}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 2 ? argv[2] : "";
    if (what != "measure" && what != "score" && what != "path") {
        std::fprintf(stderr, "usage: %s AGENT measure [seed] [batches] | AGENT score|path [seed] [learning rate]\n",
                     argv[0]);
        return 1;
    }
    const auto agent = rl::load_agent<rl::TrainedAgent<Meta, Policy, Preset::View>>(argv[1]);
    const core::Random random = core::Random(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
    const auto settings = Preset::settings().internal;
    const double rate = what != "measure" && argc > 4 ? std::atof(argv[4]) : settings.learning_rate;
    const int batches = what == "measure" && argc > 4 ? std::atoi(argv[4]) : 20;
    core::require(batches >= 3, "a variance is measured on at least 3 batches");
    const rl::Steered<Meta> steered(*agent.base, *agent.meta, agent.acting);
    const Batch batch{Preset::World(Preset::unseen_tasks())};

    Learner learner{.optimiser = {.beta2 = settings.beta2, .weight_decay = 0}, .shards = 1};
    Policy::initialise(*learner.parameters, random.fork(0));
    const Inner inner(batch, steered);
    rl::ClippedPolicyGradient<Inner, Policy, Learner> internal(
        inner, learner,
        {.batch = episodes_per_batch, .epochs = settings.epochs, .clip = static_cast<float>(settings.clip)});
    Paths paths(batch, steered);
    Path::Tape<float> tape;
    std::vector<float> advantages(episodes_per_batch);

    const int updates = settings.episodes / episodes_per_batch;
    constexpr std::array levels{0.0, 0.01, 0.1, 0.5, 0.8};  // success at which is measured
    std::size_t level = 0;
    double success = 0;
    if (what == "measure")
        std::printf(
            "update,success,decisions,steps,deviation,advantages,trace_score,trace_path,ratio,snr_score,"
            "snr_score_error,snr_path,snr_path_error,cosine,path_on_score,path_on_score_error\n");
    else
        std::printf("episodes,success,decisions,steps,divergence,clipped\n");
    for (int update = 0; update < updates; ++update) {
        if (what == "measure" && (update == 0 || (level < levels.size() && success >= levels[level]))) {
            measure(*learner.parameters, paths, batches, update,
                    random.fork(2).fork(static_cast<std::uint64_t>(update)));
            while (level < levels.size() && success >= levels[level]) ++level;
        }
        const double now = rate * (1 - static_cast<double>(update) / updates);
        rl::ClippedPolicyGradientReport report;
        if (what == "path") {
            paths.collect(*learner.parameters, episodes_per_batch, random.fork(1).fork(learner.steps()));
            const auto episodes = paths.episodes();
            const auto& returns = paths.decisions().episodes().returns;
            rl::BatchNormalised{}(returns, advantages);
            for (int epoch = 0; epoch < settings.epochs; ++epoch)
                report.sums += learner.update(core::Serial{}, now, [&](int, auto& gradient) {
                    return rl::pathwise_surrogate<Policy>(
                        *learner.parameters, paths.frozen(), episodes, paths.action_log_probabilities(), advantages,
                        static_cast<float>(settings.clip), 1.0f / static_cast<float>(episodes.steps.rows()), tape,
                        gradient);
                });
            for (const float r : returns) report.success += (r > 0) / static_cast<double>(episodes_per_batch);
            report.decisions = episodes.decisions.rows() / static_cast<double>(episodes_per_batch);
            report.length = episodes.steps.rows() / static_cast<double>(episodes_per_batch);
        } else {
            report = internal.update(core::Serial{}, now, random.fork(1));
        }
        success = report.success;
        if (what != "measure") {
            std::printf("%d,%.4f,%.2f,%.2f,%.5f,%.4f\n", update * episodes_per_batch, report.success, report.decisions,
                        report.length, report.sums.divergence / report.sums.decisions,
                        report.sums.clipped / report.sums.decisions);
            std::fflush(stdout);
        }
    }
    if (what == "measure")
        measure(*learner.parameters, paths, batches, updates, random.fork(2).fork(static_cast<std::uint64_t>(updates)));
}
