/// \file
/// Proximal policy optimisation with a critic (Schulman et al. 2017): stretches of fixed length from a fixed number of
/// instances, across the ends of episodes; generalised advantages; epochs of minibatches on the clipped surrogate. It
/// trains the expert that the paper takes for granted (section 3.2); rl::ClippedPolicyGradient is what learns from
/// sparse rewards.
///
///     using Trainee = rl::PpoTrainee<rl::ActorCritic<World::Observation, World::Action>, train::AdamW>;
///     Trainee trainee{.learner = {.optimiser = {.weight_decay = 0}, .shards = 4}};
///     Agent::initialise(*trainee.learner.parameters, core::Random(1));
///     rl::Ppo<World, Trainee> ppo(World(...), trainee, {.instances = 64});
///     while (trainee.updates < 1000) ppo.update(core::OpenMP{}, 3e-4, core::Random(2));
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>

#include "midstream/env/environment.hpp"
#include "midstream/rl/actor_critic.hpp"
#include "midstream/rl/clipped_surrogate.hpp"
#include "midstream/rl/gae.hpp"
#include "midstream/rl/normaliser.hpp"
#include "midstream/train/learner.hpp"

namespace midstream::rl {

/// What one update takes and does. docs/ant.md has what an ant learned to walk by.
struct PpoOptions {
    int instances = 64;   ///< environments side by side
    int steps = 64;       ///< of each instance, for one update
    int epochs = 4;       ///< passes over these steps
    int minibatches = 4;  ///< gradient steps per pass
    GeneralisedAdvantages advantages{};
    float clip = 0.2f;          ///< of the ratio of joint densities
    float value_weight = 0.5f;  ///< of half the squared error of the critic
    float entropy_weight = 0;   ///< of the entropy of the actions, per decision
    /// If positive, passes end once one of them finds the policy this far (in nats per decision) from that which acted.
    double divergence_limit = 0;
    float observation_limit = 10;  ///< normalised observations stay within +- this
    /// Updates after which all instances begin new episodes. There a run can be resumed to the same bits, without a
    /// word about the state of its environments.
    int era = 32;
    static constexpr void describe(const auto& self, auto&& part) {
        part("instances", self.instances);
        part("steps", self.steps);
        part("epochs", self.epochs);
        part("minibatches", self.minibatches);
        part("advantages", self.advantages);
        part("clip", self.clip);
        part("value_weight", self.value_weight);
        part("entropy_weight", self.entropy_weight);
        part("divergence_limit", self.divergence_limit);
        part("observation_limit", self.observation_limit);
        part("era", self.era);
    }
};

/// All that a run consists of where an era begins.
template <class AgentType, class OptimiserPolicy>
struct PpoTrainee {
    using Agent = AgentType;
    using Learner = train::Learner<typename Agent::template Parameters<float>, OptimiserPolicy>;
    Learner learner{};
    Moments<Agent::observation_width> moments{};  ///< of observations, by which they are normalised
    std::uint64_t updates = 0;

    static void visit(auto& self, auto&& member) {
        member("learner", self.learner);
        member("moments", self.moments);
        member("updates", self.updates);
    }
    std::int64_t steps() const { return static_cast<std::int64_t>(updates); }
};

/// Sums over decisions, added up over shards, minibatches and epochs.
struct PpoSums {
    double surrogate = 0;
    double squared_error = 0;  ///< of the critic
    double entropy = 0;
    double clipped = 0;     ///< decisions whose ratio was clipped
    double divergence = 0;  ///< ratio - 1 - log ratio: an estimate of KL(old to new) that is never negative
    double decisions = 0;

    PpoSums& operator+=(const PpoSums& other) {
        surrogate += other.surrogate;
        squared_error += other.squared_error;
        entropy += other.entropy;
        clipped += other.clipped;
        divergence += other.divergence;
        decisions += other.decisions;
        return *this;
    }
};

/// Decisions to learn from: what was seen (normalised) and done, log p of it at the time, its advantage, and the return
/// by which the critic is corrected.
template <class Agent, class T>
struct PpoRows {
    core::Rows<const T, Agent::observation_width> observations;
    core::Rows<const typename Agent::Action::template Element<T>, Agent::Action::width> actions;
    std::span<const T> log_probabilities, advantages, returns;
};

/// Adds weight times the gradient of the sum over rows of
///     -min(r A, clip(r, 1 - clip, 1 + clip) A) + value_weight (v - return)^2 / 2 - entropy_weight entropy,
/// with r the ratio of the *joint* density of an action to that at the time of acting.
template <class Agent, class T, class Gradient>
PpoSums ppo_loss(const typename Agent::template Parameters<T>& parameters, const PpoRows<Agent, T>& rows,
                 const PpoOptions& options, T weight, typename Agent::template Tape<T>& tape, Gradient&& gradient) {
    using Distribution = typename Agent::Distribution;
    constexpr bool trained = core::trainable<Gradient>;
    const T clip = static_cast<T>(options.clip), entropy_weight = static_cast<T>(options.entropy_weight);
    Agent::forward(parameters, rows.observations, tape);
    Agent::clear_gradients(tape);
    PpoSums sums;
    for (int row = 0; row < rows.observations.count; ++row) {
        const auto i = static_cast<std::size_t>(row);
        const T* distribution = tape.actor.distribution.view().row(row);
        T* slope = trained ? tape.actor.distribution_gradient.view().row(row) : nullptr;
        const auto* action = rows.actions.row(row);
        const T advantage = rows.advantages[i];
        const T log_ratio =
            std::clamp(Distribution::log_probability(distribution, action) - rows.log_probabilities[i], T(-20), T(20));
        const ClippedSurrogate<T> surrogate(log_ratio, advantage, clip);
        sums.surrogate += surrogate.value;
        sums.clipped += surrogate.clipped;
        sums.divergence += surrogate.ratio - 1 - log_ratio;
        sums.decisions += 1;
        if (trained && !surrogate.clipped)
            Distribution::log_probability(distribution, action, -weight * surrogate.ratio * advantage, slope);
        sums.entropy += Distribution::entropy(distribution, -weight * entropy_weight, slope);
        const T error = *tape.value.view().row(row) - rows.returns[i];
        sums.squared_error += error * error;
        *tape.value_gradient.view().row(row) = weight * static_cast<T>(options.value_weight) * error;
    }
    if constexpr (trained) Agent::backward(parameters, rows.observations, tape, gradient);
    return sums;
}

/// What one update met and did.
struct PpoReport {
    double reward = 0;       ///< per step
    double episodes = 0;     ///< that ended
    double mean_return = 0;  ///< of these; of episodes begun in this era
    double success = 0;      ///< share that `completed()`; of environments that do not say so, with a positive return
    double truncated = 0;    ///< share that ended because their time was up
    double length = 0;       ///< steps per episode
    double explained = 0;    ///< share of the variance of the returns that the critic knew
    int epochs = 0;          ///< passes made
    PpoSums sums;            ///< of the last pass
};

/// The algorithm, on instances of an Environment. An episode that ends for lack of time alone (env::HasTimeLimit) is
/// worth what the critic thinks of its last observation; any other end is worth nothing more. Update n draws from
/// `random.fork(n)`, so an era of a resumed run has the bits of an unbroken one.
template <env::Environment E, class Trainee>
class Ppo {
public:
    using Agent = typename Trainee::Agent;
    using Parameters = typename Agent::template Parameters<float>;
    static_assert(std::is_same_v<typename E::Observation, typename Agent::Observation>,
                  "an agent needs to read the observations that its environment gives");
    static_assert(std::is_same_v<typename E::Action, typename Agent::Action>,
                  "an agent needs to take the actions of its environment");

    /// The trainee must outlive this; its learner's number of shards is part of the run.
    Ppo(const E& prototype, Trainee& trainee, PpoOptions options = {}) : trainee_(&trainee), options_(options) {
        const int count = trainee.learner.shards;
        core::require_range(count, 1, Trainee::Learner::max_shards, "shards");
        core::require(options.instances >= count && options.instances <= 1 << 20, [&] {
            return "instances is " + std::to_string(options.instances) + ", valid is " + std::to_string(count) +
                   " (one for each shard) to " + std::to_string(1 << 20);
        });
        core::require_range(options.steps, 1, 1 << 20, "steps");
        // A shard has two rows for every step of its instances, and one more for each instance.
        constexpr std::int64_t most = std::numeric_limits<int>::max();
        core::require(std::int64_t{options.instances} * options.steps <= (most - options.instances) / 2, [&] {
            return "steps is " + std::to_string(options.steps) + ", valid for " + std::to_string(options.instances) +
                   " instances is 1 to " + std::to_string((most - options.instances) / 2 / options.instances);
        });
        core::require_range(options.epochs, 1, 1000, "epochs");
        core::require_range(options.minibatches, 1, options.instances / count * options.steps, "minibatches");
        core::require_range(options.clip, 0.0f, 1.0f, "clip");
        core::require_range(options.value_weight, 0.0f, 1e6f, "value_weight");
        core::require_range(options.entropy_weight, 0.0f, 1e3f, "entropy_weight");
        core::require_range(options.divergence_limit, 0.0, 1e6, "divergence_limit");
        core::require_range(options.observation_limit, 1e-3f, 1e6f, "observation_limit");
        core::require_range(options.era, 1, 1 << 30, "era");
        int first = 0;
        for (int shard = 0; shard < count; ++shard) {
            const int size = train::share(options.instances, shard, count);
            shards_.emplace_back(prototype, first, size, options.steps);
            first += size;
        }
    }

    /// Acts, and learns from it at this learning rate.
    template <core::Parallelism Parallel>
    PpoReport update(const Parallel& parallel, double learning_rate, core::Random random) {
        core::require(trainee_->learner.shards == static_cast<int>(shards_.size()),
                      "the number of shards of a learner does not change within an rl::Ppo");
        if (trainee_->learner.steps() == 0)
            train::require_initialised<float>(*trainee_->learner.parameters, "the agent");
        PpoReport report = collect(parallel, random);
        const core::Random stream = random.fork(trainee_->updates);
        normalise_advantages();
        for (int epoch = 0; epoch < options_.epochs; ++epoch) {
            report.sums = {};
            report.epochs = epoch + 1;
            parallel.for_each(static_cast<int>(shards_.size()), [&](int s) {
                Shard& shard = shards_[static_cast<std::size_t>(s)];
                core::Random choices = stream.fork(static_cast<std::uint64_t>(options_.instances + s))
                                           .fork(static_cast<std::uint64_t>(epoch));
                std::iota(shard.order.begin(), shard.order.end(), 0);
                for (int i = shard.rows() - 1; i > 0; --i)
                    std::swap(shard.order[static_cast<std::size_t>(i)],
                              shard.order[static_cast<std::size_t>(choices.below(i + 1))]);
            });
            for (int minibatch = 0; minibatch < options_.minibatches; ++minibatch) {
                int rows = 0;
                for (const Shard& shard : shards_) rows += last(shard, minibatch) - first(shard, minibatch);
                const auto weight = 1.0f / static_cast<float>(rows);
                report.sums += trainee_->learner.update(parallel, learning_rate, [&](int s, auto& gradient) {
                    Shard& shard = shards_[static_cast<std::size_t>(s)];
                    const PpoRows<Agent, float> part = shard.gather(first(shard, minibatch), last(shard, minibatch));
                    return ppo_loss<Agent, float>(*trainee_->learner.parameters, part, options_, weight, shard.tape,
                                                  gradient);
                });
            }
            if (options_.divergence_limit > 0 &&
                report.sums.divergence > options_.divergence_limit * report.sums.decisions)
                break;
        }
        merge_moments();
        ++trainee_->updates;
        return report;
    }

private:
    static constexpr int observation_width = Agent::observation_width, action_width = Agent::Action::width;
    using Element = env::ActionElement<E>;
    using Distribution = typename Agent::Distribution;

    /// Some of the instances, and their last stretch: row t * count + i is step t of the i-th.
    struct Shard {
        int first, count, steps;
        std::vector<E> instances;
        std::vector<core::Random> streams;
        std::vector<float> episode_returns;
        std::vector<int> episode_lengths;

        core::Buffer<float, observation_width> seen;  ///< by all instances at once
        core::Buffer<float, observation_width>
            observations;  ///< normalised: rows, where instances stand after them, where episodes were cut off
        core::Buffer<Element, action_width> actions;
        std::vector<float> log_probabilities, rewards, values, next_values, advantages, returns;
        std::vector<Ending> endings;
        std::vector<int> cut;          ///< of a row that ended in truncation, the row of `observations` that it led to
        std::vector<int> order;        ///< rows, shuffled
        std::vector<float> estimates;  ///< of the rows of `observations`, by the critic
        int criticised = 0;            ///< rows of `observations` in use

        core::Buffer<float, observation_width> batch_observations;
        core::Buffer<Element, action_width> batch_actions;
        std::vector<float> batch_log_probabilities, batch_advantages, batch_returns;
        typename Agent::template Tape<float> tape;
        Deviations<observation_width> deviations;
        PpoReport report;  ///< sums, not means

        Shard(const E& prototype, int first_instance, int size, int stretch)
            : first(first_instance),
              count(size),
              steps(stretch),
              instances(static_cast<std::size_t>(size), prototype),
              streams(static_cast<std::size_t>(size)) {
            const auto all = static_cast<std::size_t>(rows());
            episode_returns.resize(static_cast<std::size_t>(count));
            episode_lengths.resize(static_cast<std::size_t>(count));
            seen.resize(count);
            observations.resize(2 * rows() + count);  // at worst every step is cut off
            actions.resize(rows());
            for (auto* list : {&log_probabilities, &rewards, &values, &next_values, &advantages, &returns,
                               &batch_log_probabilities, &batch_advantages, &batch_returns})
                list->resize(all);
            endings.resize(all);
            cut.resize(all);
            order.resize(all);
            estimates.resize(static_cast<std::size_t>(2 * rows() + count));
        }
        int rows() const { return count * steps; }

        void begin(int i, core::Random random) {
            const auto at = static_cast<std::size_t>(i);
            instances[at].reset(random);
            episode_returns[at] = 0;
            episode_lengths[at] = 0;
        }
        /// Writes what an instance sees, normalised, to row `to`.
        void observe(int i, const Normaliser<observation_width>& normaliser, int to) {
            instances[static_cast<std::size_t>(i)].observe(seen.view().row(i));
            data::require_row<typename E::Observation>(seen.view().row(i), [&](int column) {
                return data::entry_of(column) + "the observation of instance " + std::to_string(first + i) +
                       " after step " + std::to_string(episode_lengths[static_cast<std::size_t>(i)]) +
                       " of its episode";
            });
            normaliser(seen.view().row(i), observations.view().row(to));
        }

        /// A stretch of all instances; of an era's first update, from new episodes.
        void play(const Parameters& parameters, const Moments<observation_width>& moments,
                  const Normaliser<observation_width>& normaliser, const PpoOptions& options, core::Random random,
                  bool begin_era) {
            deviations = {};
            report = {};
            for (int i = 0; i < count; ++i) {
                const core::Random own = random.fork(static_cast<std::uint64_t>(first + i));
                streams[static_cast<std::size_t>(i)] = own.fork(0);
                if (begin_era) begin(i, own.fork(1));
            }
            criticised = rows() + count;
            for (int t = 0; t < steps; ++t) {
                for (int i = 0; i < count; ++i) {
                    observe(i, normaliser, t * count + i);
                    deviations.add(moments.mean, seen.view().row(i));
                }
                Agent::Acting::forward(parameters.actor, observations.view().slice(t * count, count), tape.actor);
                for (int i = 0; i < count; ++i) step(i, t, normaliser, random);
            }
            for (int i = 0; i < count; ++i) observe(i, normaliser, rows() + i);
            criticise(parameters, options.advantages);
        }

        void step(int i, int t, const Normaliser<observation_width>& normaliser, core::Random random) {
            const auto at = static_cast<std::size_t>(i);
            const int row = t * count + i;
            const auto r = static_cast<std::size_t>(row);
            const float* distribution = tape.actor.distribution.view().row(i);
            Distribution::sample(distribution, streams[at], actions.view().row(row));
            log_probabilities[r] = Distribution::log_probability(distribution, actions.view().row(row));
            E& instance = instances[at];
            data::require_row<typename E::Action>(actions.view().row(row), [&](int column) {
                return data::entry_of(column) + "an action of instance " + std::to_string(first + i) + " before step " +
                       std::to_string(episode_lengths[at] + 1) + " of its episode";
            });
            const env::Transition transition = instance.step(actions.view().row(row));
            env::require_transition<E>(transition, episode_lengths[at] + 1);
            rewards[r] = transition.reward;
            report.reward += transition.reward;
            episode_returns[at] += transition.reward;
            ++episode_lengths[at];
            endings[r] = Ending::none;
            if (!transition.done) return;
            endings[r] = Ending::terminated;
            if constexpr (env::HasTimeLimit<E>)
                if (instance.truncated()) {
                    endings[r] = Ending::truncated;
                    cut[r] = criticised;
                    observe(i, normaliser, criticised++);
                    ++report.truncated;
                }
            ++report.episodes;
            report.mean_return += episode_returns[at];
            report.length += episode_lengths[at];
            if constexpr (requires {
                              { instance.completed() } -> std::convertible_to<bool>;
                          })
                report.success += instance.completed();
            else
                report.success += episode_returns[at] > 0;
            begin(i, random.fork(static_cast<std::uint64_t>(first + i)).fork(static_cast<std::uint64_t>(t) + 2));
        }

        /// Values of all that was seen, and from them advantages and returns.
        void criticise(const Parameters& parameters, const GeneralisedAdvantages& rule) {
            // Where episodes were cut off in a pass of its own, which is never the larger: memory does not grow with
            // chance.
            const auto evaluate = [&](int from, int to) {
                Agent::criticise(parameters, observations.view().slice(from, to - from), tape);
                std::copy_n(tape.value.view().data, to - from, estimates.begin() + from);
            };
            evaluate(0, rows() + count);
            if (criticised > rows() + count) evaluate(rows() + count, criticised);
            for (int row = 0; row < rows(); ++row) {
                const auto r = static_cast<std::size_t>(row);
                values[r] = estimates[r];
                next_values[r] =
                    estimates[static_cast<std::size_t>(endings[r] == Ending::truncated ? cut[r] : row + count)];
            }
            for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
                rule(steps, count, rewards.data() + i, values.data() + i, next_values.data() + i, endings.data() + i,
                     advantages.data() + i);
            for (std::size_t r = 0; r < returns.size(); ++r) returns[r] = values[r] + advantages[r];
        }

        /// The rows order[begin], ..., order[end - 1], side by side.
        PpoRows<Agent, float> gather(int begin, int end) {
            const auto length = static_cast<std::size_t>(end - begin);
            const auto to_observations = batch_observations.resize(end - begin);
            const auto to_actions = batch_actions.resize(end - begin);
            for (int i = begin; i < end; ++i) {
                const int row = order[static_cast<std::size_t>(i)];
                const auto from = static_cast<std::size_t>(row), to = static_cast<std::size_t>(i - begin);
                std::copy_n(observations.view().row(row), observation_width, to_observations.row(i - begin));
                std::copy_n(actions.view().row(row), action_width, to_actions.row(i - begin));
                batch_log_probabilities[to] = log_probabilities[from];
                batch_advantages[to] = advantages[from];
                batch_returns[to] = returns[from];
            }
            const auto head = [&](const std::vector<float>& list) {
                return std::span<const float>(list).first(length);
            };
            return {to_observations, to_actions, head(batch_log_probabilities), head(batch_advantages),
                    head(batch_returns)};
        }
    };

    int first(const Shard& shard, int minibatch) const {
        return static_cast<int>(static_cast<std::int64_t>(shard.rows()) * minibatch / options_.minibatches);
    }
    int last(const Shard& shard, int minibatch) const { return first(shard, minibatch + 1); }

    template <core::Parallelism Parallel>
    PpoReport collect(const Parallel& parallel, core::Random random) {
        const bool begin_era = trainee_->updates % static_cast<std::uint64_t>(options_.era) == 0;
        core::require(begin_era || begun_, [&] {
            return "a run of PPO goes on where an era of " + std::to_string(options_.era) +
                   " updates begins, not after update " + std::to_string(trainee_->updates);
        });
        begun_ = true;
        const auto normaliser = trainee_->moments.normaliser(options_.observation_limit);
        const core::Random stream = random.fork(trainee_->updates);
        parallel.for_each(static_cast<int>(shards_.size()), [&](int s) {
            shards_[static_cast<std::size_t>(s)].play(*trainee_->learner.parameters, trainee_->moments, normaliser,
                                                      options_, stream, begin_era);
        });
        PpoReport report;
        double rows = 0, mean = 0, square = 0, error = 0;
        for (const Shard& shard : shards_) {
            report.reward += shard.report.reward;
            report.episodes += shard.report.episodes;
            report.mean_return += shard.report.mean_return;
            report.success += shard.report.success;
            report.truncated += shard.report.truncated;
            report.length += shard.report.length;
            rows += shard.rows();
            for (const float value : shard.returns) mean += value;
        }
        mean /= rows;
        for (const Shard& shard : shards_)
            for (std::size_t r = 0; r < shard.returns.size(); ++r) {
                square += (shard.returns[r] - mean) * (shard.returns[r] - mean);
                error += shard.advantages[r] * shard.advantages[r];
            }
        report.reward /= rows;
        report.explained = square > 0 ? 1 - error / square : 0;
        for (double* sum : {&report.mean_return, &report.success, &report.truncated, &report.length})
            *sum /= std::max(report.episodes, 1.0);
        return report;
    }

    /// To mean 0 and variance 1 over all that was collected.
    void normalise_advantages() {
        double rows = 0, mean = 0, square = 0;
        for (const Shard& shard : shards_)
            for (const float a : shard.advantages) mean += a, ++rows;
        mean /= rows;
        for (const Shard& shard : shards_)
            for (const float a : shard.advantages) square += (a - mean) * (a - mean);
        const double scale = 1 / (std::sqrt(square / rows) + 1e-8);
        for (Shard& shard : shards_)
            for (float& a : shard.advantages) a = static_cast<float>((a - mean) * scale);
    }

    void merge_moments() {
        Deviations<observation_width> all;
        for (const Shard& shard : shards_) all += shard.deviations;
        trainee_->moments.merge(all);
    }

    Trainee* trainee_;
    PpoOptions options_;
    std::vector<Shard> shards_;
    bool begun_ = false;
};

}  // namespace midstream::rl
