/// \file
/// The whole chain of the paper (section 2) for any preset: pretraining, probing, supervised controllers, discovery,
/// internal RL and raw-action RL. A preset names types (World, Base, Meta, Policy, View), tasks, experts and settings;
/// see common/preset.hpp.
#pragma once

#include <fmt/format.h>

#include "common/run.hpp"
#include "common/settings.hpp"
#include "common/table.hpp"
#include "midstream/analysis/alignment.hpp"
#include "midstream/analysis/first_reached.hpp"
#include "midstream/analysis/inferred.hpp"
#include "midstream/analysis/informed_success.hpp"
#include "midstream/analysis/injection.hpp"
#include "midstream/analysis/probe.hpp"
#include "midstream/analysis/steered_success.hpp"
#include "midstream/analysis/transplant.hpp"
#include "midstream/core/describe.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/data/dataset.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/rl/standard_view.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/find_events.hpp"
#include "midstream/train/stages.hpp"

namespace midstream::examples {

template <class P>
class Chain {
public:
    using World = typename P::World;
    using Base = typename P::Base;
    using Meta = typename P::Meta;
    using Policy = typename P::Policy;
    using Episodes = typename P::Episodes;
    using Batch = env::Batched<World>;
    using View = typename P::View;
    using Inner = rl::Internal<Batch, Meta, rl::NoWatcher, View>;
    using Advantages = rl::BatchNormalised;
    using Observer = typename Meta::Observer;
    /// Has the encoder an observer that is found in the residual stream, by the stage `components`?
    static constexpr bool finds_events = control::ObservesStream<Observer>;
    template <class Model>
    using Learner = train::Learner<typename Model::template Parameters<float>, train::AdamW>;
    using BaseLearner = train::Learner<typename Base::template Parameters<float>, typename P::BaseOptimiser>;
    /// Streams of random numbers, one per stage.
    enum Stream : std::uint64_t {
        pretraining = 1,
        probing,
        steering,
        discovery,
        internal_rl,
        raw_rl,
        evaluation,
        recording,
        inspection,
        finding
    };
    /// What stages train on: D and D* (Settings::Record).
    enum class Data { noisy, clean };

    Chain(Settings settings) : s(std::move(settings)), parallel{s.threads}, own(s.output), folder(own.path()) {}

    Settings s;
    core::OpenMP parallel;
    RunFolder own;
    std::filesystem::path folder;

    core::Random stream(Stream stage) const { return core::Random(s.seed).fork(stage); }
    World pretraining_world() const { return World(P::pretraining_tasks()); }
    World unseen_world() const { return World(P::unseen_tasks()); }
    /// Has this preset tasks to choose gain and layer by that are not reported?
    static bool has_selection() { return P::selection_tasks().has_value(); }
    /// The expert of this data.
    auto expert(Data data) const { return P::expert(noise(data)); }
    /// Fresh episodes as those of D*.
    auto fresh_source() const { return train::recorder(pretraining_world(), expert(Data::clean)); }
    /// Calls work(source): episodes drawn from the data set that the stage `record` left, or fresh ones where the
    /// settings ask for no data set.
    template <class Work>
    void with_source(Data data, Work&& work) {
        if (recorded_episodes(data) > 0)
            work(train::sampler(dataset(data)));
        else
            work(train::recorder(pretraining_world(), expert(data)));
    }

    // What shapes each stage, and so what its checkpoint belongs to (core/describe.hpp).
    std::string pretrain_description() const { return core::text(about_pretraining()); }
    std::string components_description() const { return core::text(about_components()); }
    std::string discover_description() const { return core::text(about_discovery()); }
    std::string refine_description() const { return core::text(about_refinement()); }
    std::string internal_description() const { return core::text(about_internal_rl()); }
    std::string raw_description() const { return core::text(about_raw_rl()); }
    template <class Controllers>
    std::string steer_description() const {
        return core::text(about_steering<Controllers>());
    }
    /// Where the episodes of a data set come from.
    std::string origin(Data data) const {
        auto about = about_episodes(data);
        return core::text(about.set("seed", s.seed));
    }

    BaseLearner base_learner() const {
        auto learner = new_base_learner();
        P::initialisation.template initialise<Base>(*learner.parameters, stream(pretraining).fork(0));
        return learner;
    }
    Learner<Meta> meta_learner() const {
        auto learner = new_meta_learner();
        P::meta_initialisation.template initialise<Meta>(*learner.parameters, stream(discovery).fork(0));
        return learner;
    }
    /// Of the controllers alone.
    Learner<Meta> refine_learner() const {
        return {.optimiser = {.beta2 = s.discover.beta2, .weight_decay = 0, .rates = {.prefix = "bank", .others = 0}},
                .shards = s.shards};
    }
    Learner<Policy> policy_learner() const {
        auto learner = new_policy_learner<Policy>(s.internal);
        Policy::initialise(*learner.parameters, stream(internal_rl).fork(0));
        return learner;
    }

    /// The base model once pretrained; loaded once.
    const typename Base::template Parameters<float>& base() {
        if (!base_) {
            base_ = std::make_unique<BaseLearner>(base_learner());
            Stage<BaseLearner>::load_finished(folder, "pretrain", pretrain_description(), *base_, s.pretrain.steps);
        }
        return *base_->parameters;
    }
    const typename Meta::template Parameters<float>& meta() {
        if (!meta_) {
            const bool refined = s.discover.refine_steps > 0;
            meta_ = std::make_unique<Learner<Meta>>(refined ? refine_learner() : meta_learner());
            if (refined)
                Stage<Learner<Meta>>::load_finished(folder, "refine", refine_description(), *meta_,
                                                    s.discover.refine_steps);
            else
                Stage<Learner<Meta>>::load_finished(folder, "discover", discover_description(), *meta_,
                                                    s.discover.steps);
        }
        return *meta_->parameters;
    }

    /// Records D and D*, where the settings ask for data sets.
    void record() {
        for (const Data data : {Data::noisy, Data::clean}) {
            const int count = recorded_episodes(data);
            if (count == 0 || io::exists(dataset_path(data))) continue;
            Progress progress(dataset_path(data).stem().string(), count, "episodes");
            Episodes all;
            const World world = pretraining_world();
            const core::Random random = stream(recording).fork(static_cast<std::uint64_t>(data));
            constexpr int piece = 32;  // episodes at a time of each shard
            std::vector<Episodes> parts(static_cast<std::size_t>(s.shards));
            for (int first = 0; first < count; first += piece * s.shards) {
                parallel.for_each(s.shards, [&](int shard) {
                    const int begin = first + piece * shard;
                    auto& part = parts[static_cast<std::size_t>(shard)];
                    part.clear();
                    env::record(world, expert(data), std::clamp(count - begin, 0, piece),
                                random.fork(static_cast<std::uint64_t>(begin)), part);
                });
                for (const auto& part : parts)
                    for (int i = 0; i < part.count(); ++i) train::append_episode(part, i, all);
                progress.update(all.count(), [&] {
                    return fmt::format("{:.1f} steps an episode", static_cast<double>(all.rows()) / all.count());
                });
            }
            data::save(dataset_path(data), all, origin(data));
        }
    }

    void pretrain() {
        auto learner = base_learner();
        const auto& o = s.pretrain;
        Stage<BaseLearner> stage(folder, "pretrain", pretrain_description(), learner, o.steps,
                                 {"episodes", "action_nll", "target_nll"}, s.checkpoint_seconds);
        train::LossSums& recent = stage.window();
        const std::int64_t every = std::max<std::int64_t>(1, o.steps / 200);
        if (stage.finished()) return;
        const auto report = [&](std::int64_t step, const train::LossSums& sums) {
            recent += sums;
            const double nll = recent.action / recent.steps;
            if (step % every == 0) {
                stage.record({static_cast<double>(step * o.batch), nll,
                              recent.target / std::max(1.0, recent.steps - recent.episodes)});
            }
            stage.tick([&] { return fmt::format("action NLL {:.3f}", nll); });
            return true;
        };
        with_source(Data::noisy, [&](const auto& source) {
            train::pretrain<Base>(parallel, learner, train::looking_ahead(source, o.ahead),
                                  {.steps = o.steps, .batch = o.batch, .lambda = o.lambda}, rate(o),
                                  stream(pretraining).fork(1), report);
        });
        forget(Data::noisy);
    }

    void probe() {
        core::Description about{"probe"};
        once(folder, "probe",
             core::text(about.set("settings", s.probe)
                            .set("episodes", about_episodes(Data::clean))
                            .set("base", about_pretraining())),
             {"probe"}, [&] { fresh_probe(); });
    }

    /// Supervised controllers at every layer, each evaluated on the unseen task, and on the tasks for selection, of
    /// which nothing is reported: by those a layer and a gain are to be chosen. The base model left to itself for
    /// comparison.
    void steer() {
        core::Description about{"steer"};
        if (has_selection()) about.set("selection", World(*P::selection_tasks()));
        once(folder, "steer",
             core::text(about.set("settings", s.steer)
                            .set("temperature", s.steer.temperature)
                            .set("evaluation", s.steer.episodes)
                            .set("gain", s.gain)
                            .set("form", std::type_identity<typename Meta::ControllerForm>{})
                            .set("world", unseen_world())
                            .set("episodes", about_episodes(Data::clean))
                            .set("base", about_pretraining())),
             {"steer", "steer-base", "steer-gains"}, [&] {
                 std::vector<std::vector<double>> rows, gains;
                 base();
                 [&]<int... Layer>(std::integer_sequence<int, Layer...>) {
                     (rows.push_back(steer_at<Layer>(gains)), ...);
                 }
                 (std::make_integer_sequence<int, Base::depth>{});
                 write_table(folder / "steer-base.csv", steer_columns(), {steer_row(-1, unknown, alone())});
                 write_table(folder / "steer-gains.csv", {"layer", "gain", "selection"}, gains);
                 write_table(folder / "steer.csv", steer_columns(), rows);
             });
    }

    /// Finds the events that the encoder sees, where its observer is to be learned: the independent components of the
    /// residual stream, and which of them are events.
    void components() {
        if constexpr (finds_events)
            once(folder, "components", components_description(), {"components", "components.safetensors"},
                 [&] { fresh_components(); });
    }
    /// What the encoder sees by; loaded once.
    const Observer& observer() {
        if (observer_) return *observer_;
        observer_ = std::make_unique<Observer>();
        if constexpr (finds_events) {
            const auto path = folder / "components.safetensors";
            core::require(io::exists(path),
                          [&] { return "there is no " + path.string() + ": run the stage 'components' first"; });
            io::load(path, components_description(), [&](auto&& member) { member("observer", *observer_); });
        }
        return *observer_;
    }
    /// How passes over whole episodes are made once discovery is done.
    typename Meta::Options pass_options() {
        auto options = P::pass_options(s.discover);
        options.observer = observer();
        return options;
    }

    void discover() {
        auto learner = meta_learner();
        const auto& o = s.discover;
        base();
        Stage<Learner<Meta>> stage(
            folder, "discover", discover_description(), learner, o.steps,
            {"action_nll", "divergence", "switches", "precision", "recall", "eval_nll", "chance_precision",
             "chance_recall", "offset", "precision_0", "recall_0", "chance_precision_0", "chance_recall_0"},
            s.checkpoint_seconds);
        const auto steps = static_cast<double>(o.steps);
        const auto at = [&](double share) { return static_cast<std::int64_t>(share * steps); };
        const train::Ramp alpha{o.alpha_start, o.alpha, at(o.alpha_from), at(o.alpha_until)};
        const train::Ramp signal{o.signal_start > 0 ? o.signal_start : o.signal, o.signal, at(o.signal_from),
                                 at(o.signal_until)};
        const auto final_options = pass_options();
        const auto options_at = [&](std::int64_t step) {
            auto options = final_options;
            options.signal = signal(step);
            return options;
        };
        const auto held_out = held_out_episodes(s.discover.evaluation);
        train::LossSums& recent = stage.window();
        const std::int64_t every = std::max<std::int64_t>(1, o.steps / 60);
        const auto report = [&](std::int64_t step, const train::LossSums& sums) {
            recent += sums;
            if (step % every == 0) {
                const auto inferred = analysis::infer<Meta>(parallel, base(), *learner.parameters, held_out,
                                                            stream(evaluation).fork(1), final_options);
                // Within a step, and to the step.
                const auto match = analysis::alignment(inferred.gates.view(), held_out.sequences(), held_out.subgoals);
                const auto exact = analysis::alignment(inferred.gates.view(), held_out.sequences(), held_out.subgoals,
                                                       {.tolerance = 0});
                stage.record({recent.action / recent.steps, recent.divergence / recent.steps, match.switches,
                              match.precision, match.recall, inferred.sums.action / inferred.sums.steps,
                              match.chance_precision, match.chance_recall, match.offset, exact.precision, exact.recall,
                              exact.chance_precision, exact.chance_recall});
            }
            stage.tick([&] {
                return fmt::format("NLL {:.3f} KL {:.2f} gate {:.2f}", sums.action / sums.steps,
                                   sums.divergence / sums.steps, sums.gates / sums.steps);
            });
            return true;
        };
        with_source(Data::clean, [&](const auto& source) {
            train::discover<Meta>(parallel, base(), learner, source, {.steps = o.steps, .batch = o.batch}, alpha,
                                  options_at, rate(o), stream(discovery).fork(1), report);
        });
        if (s.discover.refine_steps > 0) refine(*learner.parameters);
        core::Description about{"codes"};
        once(folder, "codes",
             core::text(about.set("settings", s.codes)
                            .set("gain", s.gain)
                            .set("transplanted", s.discover.evaluation)
                            .set("codes", about_codes())),
             {"codes", "codes-summary"}, [&] { codes(meta()); });
    }

    /// Codes that were in force when a subgoal was reached, injected in other episodes of the pretraining tasks: at a
    /// step, and where a subgoal has just been reached that pretraining never followed by the other.
    void inspect() {
        core::Description about{"inspect"};
        once(folder, "inspect",
             core::text(about.set("settings", s.inspect).set("acting", acting()).set("codes", about_codes())),
             {"inspect"}, [&] { fresh_inspect(); });
    }

    void internal_rl_stage() {
        core::Description about{"informed"};
        once(folder, "informed",
             core::text(about.set("episodes", s.steer.episodes)
                            .set("codes_of", s.discover.evaluation)
                            .set("acting", acting())
                            .set("world", unseen_world())
                            .set("codes", about_codes())),
             {"informed"}, [&] { informed(); });
        auto learner = policy_learner();
        run_rl<Policy>("internal-rl", internal_description(), s.internal, learner, stream(internal_rl).fork(1),
                       Inner(Batch(unseen_world()), base(), meta(), acting(), {}, view()), view_episodes);
    }
    /// Episodes of the unseen task that are played before internal RL begins, as part of it: what the policy's view is
    /// measured in.
    static constexpr int view_episodes = std::is_same_v<View, rl::Normaliser<Base::width>> ? 512 : 0;
    /// How codes are acted on, in internal RL and wherever the switch has a say: by the switch that was trained.
    rl::ActingOptions<Meta> acting() const {
        auto switching = P::pass_options(s.discover).switching;
        if (s.internal.threshold > 0)
            core::require(control::set_threshold(switching, s.internal.threshold),
                          "--internal.threshold is given, and the preset's switch has no threshold");
        return {.switching = switching,
                .temperature = static_cast<float>(s.internal.temperature),
                .gain = static_cast<float>(s.gain)};
    }
    /// How the policy sees the residual stream. What had to be measured is kept beside the policy, which means nothing
    /// without it.
    View view() {
        View view{};
        if constexpr (view_episodes > 0) {
            const auto path = folder / "internal-rl-view.safetensors";
            const auto contents = [&](auto&& member) { member("view", view); };
            if (io::exists(path)) {
                io::load(path, internal_description(), contents);
            } else {
                view = rl::standard_view<Meta>(Batch(unseen_world()), base(), meta(), view_episodes,
                                               stream(internal_rl).fork(2), acting());
                io::save(path, internal_description(), contents);
            }
        }
        return view;
    }
    void raw_rl_stage() {
        auto learner = new_policy_learner<Base>(s.raw);
        *learner.parameters = base();
        run_rl<Base>("raw-rl", raw_description(), s.raw, learner, stream(raw_rl).fork(1), Batch(unseen_world()));
    }

    Episodes held_out_episodes(int count) const {
        Episodes episodes;
        fresh_source()(count, stream(evaluation).fork(0), episodes);
        return episodes;
    }

    /// The unseen transitions' columns come last, each named "from>to".
    std::vector<std::string> steer_columns() const {
        std::vector<std::string> columns{"layer", "action_nll", "success", "selection"};
        for (const auto& [from, to] : P::unseen_transitions()) columns.push_back(fmt::format("{}>{}", from, to));
        return columns;
    }

    /// A whole run's learner of the policy over codes, for pictures.
    Learner<Policy> trained_policy() {
        auto learner = policy_learner();
        Stage<Learner<Policy>>::load_finished(folder, "internal-rl", internal_description(), learner,
                                              updates(s.internal));
        return learner;
    }

private:
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    std::unique_ptr<BaseLearner> base_;
    std::unique_ptr<Learner<Meta>> meta_;
    std::unique_ptr<Observer> observer_;
    std::array<std::unique_ptr<Episodes>, 2> datasets_;  ///< by Data

    double noise(Data data) const { return data == Data::noisy ? s.pretrain.expert_noise : s.record.clean_noise; }
    int recorded_episodes(Data data) const { return data == Data::noisy ? s.record.episodes : s.record.clean_episodes; }
    std::filesystem::path dataset_path(Data data) const {
        return folder / (data == Data::noisy ? "episodes.safetensors" : "clean-episodes.safetensors");
    }
    /// A recorded data set; loaded once.
    const Episodes& dataset(Data data) {
        auto& episodes = datasets_[static_cast<std::size_t>(data)];
        if (!episodes) {
            core::require(io::exists(dataset_path(data)), [&] {
                return "there is no " + dataset_path(data).string() + ": run the stage 'record' first";
            });
            episodes = std::make_unique<Episodes>();
            data::load(dataset_path(data), *episodes, origin(data));
        }
        return *episodes;
    }
    /// Frees the memory of a data set.
    void forget(Data data) { datasets_[static_cast<std::size_t>(data)].reset(); }

    static std::int64_t updates(const Settings::PolicyGradient& o) {
        return static_cast<std::int64_t>((o.episodes + o.batch - 1) / o.batch) * o.epochs * o.minibatches;
    }

    /// The learning rate of a stage over its steps.
    template <class StageSettings>
    train::WarmupLinearDecay rate(const StageSettings& o) const {
        if (s.constant_rates) return {o.learning_rate, 0, o.steps, o.learning_rate};
        return {o.learning_rate, o.steps / 50, o.steps};
    }

    train::WarmupLinearDecay refine_rate() const {
        const auto& o = s.discover;
        return {o.refine_learning_rate, o.refine_steps / 50, o.refine_steps};
    }

    typename Meta::Options refine_options() const {
        auto options = P::pass_options(s.discover);
        options.training = false;  // codes stay what they are
        return options;
    }

    train::FindEventsOptions find_options() const { return {.share = s.components.share}; }

    // Learners whose parameters are yet to be drawn.
    BaseLearner new_base_learner() const { return {.optimiser = P::base_optimiser(s.pretrain), .shards = s.shards}; }
    Learner<Meta> new_meta_learner() const {
        return {.optimiser = {.beta2 = s.discover.beta2, .weight_decay = s.discover.weight_decay}, .shards = s.shards};
    }
    template <class Controllers>
    Learner<Controllers> new_controllers_learner() const {
        return {.optimiser = {.beta2 = s.discover.beta2}, .shards = s.shards};
    }
    template <class Model>
    Learner<Model> new_policy_learner(const Settings::PolicyGradient& o) const {
        return {.optimiser = {.beta2 = o.beta2, .weight_decay = 0}, .shards = s.shards};
    }

    // What a stage's checkpoint is described by, causes before effects: it is the first difference that is named.
    core::Description about_episodes(Data data) const {
        core::Description about{"episodes"};
        return about.set("recorded", recorded_episodes(data))
            .set("expert", expert(data))
            .set("world", pretraining_world());
    }
    /// What a base model is at a glance; all of it stands elsewhere as well.
    std::string summary() const {
        const auto& o = s.pretrain;
        constexpr auto world = World::world;
        return fmt::format("{} x {} with {} colours; seed {}; pretrain steps {} batch {} learning rate {}", world.size,
                           world.size, world.colours, s.seed, o.steps, o.batch, o.learning_rate);
    }
    core::Description about_pretraining() const {
        core::Description about{"pretrain"};
        return about.set("seed", s.seed)
            .set("settings", s.pretrain)
            .set("episodes", about_episodes(Data::noisy))
            .set("model", std::type_identity<Base>{})
            .set("initialisation", P::initialisation)
            .set("learner", new_base_learner())
            .set("rate", rate(s.pretrain))
            .set("summary", summary());
    }
    template <class Controllers>
    core::Description about_steering() const {
        core::Description about{"steer"};
        return about.set("settings", s.steer)
            .set("controllers", std::type_identity<Controllers>{})
            .set("learner", new_controllers_learner<Controllers>())
            .set("rate", rate(s.steer))
            .set("episodes", about_episodes(Data::clean))
            .set("base", about_pretraining());
    }
    core::Description about_components() const {
        core::Description about{"components"};
        return about.set("settings", s.components)
            .set("events", find_options())
            .set("observer", std::type_identity<Observer>{})
            .set("episodes", about_episodes(Data::clean))
            .set("base", about_pretraining());
    }
    core::Description about_discovery() const {
        core::Description about{"discover"};
        if constexpr (finds_events) about.set("observer", about_components());
        return about.set("settings", s.discover)
            .set("passes", P::pass_options(s.discover))
            .set("metacontroller", std::type_identity<Meta>{})
            .set("initialisation", P::meta_initialisation)
            .set("learner", new_meta_learner())
            .set("rate", rate(s.discover))
            .set("episodes", about_episodes(Data::clean))
            .set("base", about_pretraining());
    }
    core::Description about_refinement() const {
        core::Description about{"refine"};
        return about.set("rate", refine_rate())
            .set("discovered", about_discovery())
            .set("passes", refine_options())
            .set("learner", refine_learner());
    }
    /// What codes come from.
    core::Description about_codes() const {
        return s.discover.refine_steps > 0 ? about_refinement() : about_discovery();
    }
    core::Description about_internal_rl() const {
        core::Description about{"internal-rl"};
        return about.set("settings", s.internal)
            .set("constant_rates", s.constant_rates)
            .set("advantages", Advantages{})
            .set("acting", acting())
            .set("world", unseen_world())
            .set("policy", std::type_identity<Policy>{})
            .set("view", std::type_identity<View>{})
            .set("learner", new_policy_learner<Policy>(s.internal))
            .set("codes", about_codes());
    }
    core::Description about_raw_rl() const {
        core::Description about{"raw-rl"};
        return about.set("settings", s.raw)
            .set("constant_rates", s.constant_rates)
            .set("advantages", Advantages{})
            .set("world", unseen_world())
            .set("base", about_pretraining())
            .set("learner", new_policy_learner<Base>(s.raw));
    }

    void fresh_probe() {
        std::vector<analysis::ProbeResult> results;
        base();
        with_source(Data::clean, [&](const auto& source) {
            results = analysis::probe<Base, P::subgoals>(parallel, base(), source, fresh_source(),
                                                         {.steps = s.probe.steps,
                                                          .batch = s.probe.batch,
                                                          .learning_rate = s.probe.learning_rate,
                                                          .shards = probe_shards,
                                                          .evaluation = s.probe.evaluation},
                                                         stream(probing));
        });
        std::vector<std::vector<double>> rows;
        for (std::size_t l = 0; l < results.size(); ++l)
            rows.push_back({static_cast<double>(l), results[l].accuracy, results[l].nll});
        write_table(folder / "probe.csv", {"layer", "accuracy", "nll"}, rows);
    }

    void fresh_inspect() {
        const Batch world{pretraining_world()};
        const typename P::ReachedSubgoal reached;
        const auto codes =
            analysis::reaching_codes<Meta>(parallel, world, base(), meta(), P::subgoals, s.inspect.episodes, reached,
                                           stream(inspection).fork(0), acting());
        std::vector<std::vector<double>> rows;
        const auto measure = [&](int goal, analysis::InjectionMoment moment) {
            const auto& found = codes.by_goal[static_cast<std::size_t>(goal)];
            if (found.empty())
                return rows.push_back({static_cast<double>(moment.after), static_cast<double>(goal), 0, 0, 0, 0});
            const auto result = analysis::inject<Meta>(
                parallel, world, base(), meta(), found, goal, moment, s.inspect.episodes, reached,
                stream(inspection).fork(static_cast<std::uint64_t>(1 + goal + P::subgoals * (1 + moment.after))),
                acting());
            rows.push_back({static_cast<double>(moment.after), static_cast<double>(goal),
                            static_cast<double>(found.size()), static_cast<double>(result.injected.attempts),
                            result.injected.share(), result.left_alone.share()});
        };
        for (int goal = 0; goal < P::subgoals; ++goal) measure(goal, {.step = s.inspect.step});
        for (const auto& [from, to] : P::unseen_transitions()) measure(to, {.after = from});
        write_table(folder / "inspect.csv", {"after", "goal", "codes", "episodes", "injected", "left_alone"}, rows);
    }

    void fresh_components() {
        if constexpr (finds_events) {
            Episodes episodes;
            base();
            with_source(Data::clean,
                        [&](const auto& source) { source(s.components.episodes, stream(finding).fork(0), episodes); });
            const auto found =
                train::find_events<Observer, Base>(base(), episodes, stream(finding).fork(1), find_options());
            std::vector<std::vector<double>> rows;
            double largest = found.components.front().rise;
            for (const auto& component : found.components) {
                rows.push_back({static_cast<double>(rows.size()), component.kurtosis, component.threshold,
                                component.rate, component.rise, static_cast<double>(component.kind)});
                largest = std::max(largest, component.rise);
            }
            show(stdout, fmt::format("components: {} of {} are events, at which the action loss rises by up to {:.2f} "
                                     "nats\n",
                                     found.kinds, found.components.size(), largest));
            io::save(folder / "components.safetensors", components_description(),
                     [&](auto&& member) { member("observer", found.observer); });
            observer_.reset();
            write_table(folder / "components.csv", {"component", "kurtosis", "threshold", "rate", "rise", "event"},
                        rows);
        }
    }

    /// Trains the controllers on, alone and at a high rate: they then carry over better to transitions that pretraining
    /// never showed (docs/laptop-scale.md).
    void refine(const typename Meta::template Parameters<float>& discovered) {
        auto learner = refine_learner();
        *learner.parameters = discovered;
        const auto& o = s.discover;
        Stage<Learner<Meta>> stage(folder, "refine", refine_description(), learner, o.refine_steps, {"action_nll"},
                                   s.checkpoint_seconds);
        const std::int64_t every = std::max<std::int64_t>(1, o.refine_steps / 40);
        const auto report = [&](std::int64_t step, const train::LossSums& sums) {
            const double nll = sums.action / sums.steps;
            if (step % every == 0) stage.record({nll});
            stage.tick([&] { return fmt::format("action NLL {:.3f}", nll); });
            return true;
        };
        auto options = refine_options();
        options.observer = observer();
        with_source(Data::clean, [&](const auto& source) {
            train::discover<Meta>(
                parallel, base(), learner, source, {.steps = o.refine_steps, .batch = o.batch}, train::Constant{0.0},
                [&](std::int64_t) { return options; }, refine_rate(), stream(discovery).fork(2), report);
        });
    }

    /// The layer's row of the table.
    template <int Layer>
    std::vector<double> steer_at(std::vector<std::vector<double>>& gains) {
        using Controllers = control::Supervised<Base, Layer, P::subgoals, typename Meta::ControllerForm>;
        const auto& o = s.steer;
        auto learner = new_controllers_learner<Controllers>();
        Controllers::initialise(*learner.parameters, stream(steering).fork(Layer));
        const std::string name = fmt::format("steer-{}", Layer);
        Stage<Learner<Controllers>> stage(folder, name, steer_description<Controllers>(), learner, o.steps,
                                          {"action_nll"}, s.checkpoint_seconds);
        const std::int64_t every = std::max<std::int64_t>(1, o.steps / 40);
        const auto report = [&](std::int64_t step, const train::LossSums& sums) {
            const double nll = sums.action / sums.steps;
            if (step % every == 0) stage.record({nll});
            stage.tick([&] { return fmt::format("action NLL {:.3f}", nll); });
            return true;
        };
        with_source(Data::clean, [&](const auto& source) {
            train::supervise<Controllers>(parallel, base(), learner, source, {.steps = o.steps, .batch = o.batch},
                                          rate(o), stream(steering).fork(100 + Layer), report);
        });
        const auto losses = io::read_csv(folder / (name + ".csv")).column("action_nll");
        const auto success = [&](const World& world, double gain, std::uint64_t draw) {
            return analysis::steered_success<Controllers>(
                parallel, Batch(world), base(), *learner.parameters, o.episodes, stream(evaluation).fork(draw + Layer),
                {.temperature = static_cast<float>(o.temperature), .gain = static_cast<float>(gain)});
        };
        const auto on_selection = [&](double gain) {
            return has_selection() ? success(World(*P::selection_tasks()), gain, 400).success() : unknown;
        };
        if (has_selection())
            for (const double gain : {1.0, 1.5, 2.0, 3.0, 4.0})
                gains.push_back({static_cast<double>(Layer), gain, on_selection(gain)});
        // Who deleted the table of a finished stage has lost its loss.
        return steer_row(Layer, losses.empty() ? unknown : losses.back(), success(unseen_world(), s.gain, 200),
                         on_selection(s.gain));
    }

    /// The base model left to itself on the unseen task: whatever steers it is to be compared with this.
    analysis::SteeredSuccess alone() {
        return analysis::base_success<Base>(parallel, Batch(unseen_world()), base(), P::subgoals, s.steer.episodes,
                                            stream(evaluation).fork(399),
                                            {.temperature = static_cast<float>(s.steer.temperature)});
    }

    static std::vector<double> steer_row(int layer, double nll, const analysis::SteeredSuccess& unseen,
                                         double selection = unknown) {
        std::vector<double> row{static_cast<double>(layer), nll, unseen.success(), selection};
        for (const auto& [from, to] : P::unseen_transitions()) row.push_back(unseen.transition(from, to).share());
        return row;
    }

    /// The fixed-z test and the transplant into new layouts.
    void codes(const typename Meta::template Parameters<float>& parameters) {
        const int count = s.codes.count, episodes = s.codes.episodes;
        const auto drawn = analysis::prior_codes<Meta::code>(count, stream(evaluation).fork(300));
        const Batch world{pretraining_world()};
        const analysis::RolloutOptions held{.gain = static_cast<float>(s.gain)};
        const auto outcome =
            analysis::fixed_codes<Meta>(parallel, world, base(), parameters, drawn.view(), episodes, P::goals,
                                        typename P::Reached{}, stream(evaluation).fork(301), held);
        std::vector<std::string> columns{"code"};
        for (int colour = 0; colour < P::goals; ++colour) columns.push_back(fmt::format("reached_{}", colour));
        columns.push_back("none");
        std::vector<std::vector<double>> rows;
        for (int k = 0; k < count; ++k) {
            std::vector<double> row{static_cast<double>(k)};
            for (int c = 0; c <= P::goals; ++c) row.push_back(static_cast<double>(outcome.count(k, c)) / episodes);
            rows.push_back(std::move(row));
        }
        write_table(folder / "codes.csv", columns, rows);
        const auto moved = analysis::transplant<Meta>(
            parallel, world, base(), parameters, held_out_episodes(s.discover.evaluation), P::subgoals,
            typename P::ReachedSubgoal{}, stream(evaluation).fork(302), pass_options(), analysis::Moment::last, held);
        const auto summary = analysis::summarise(outcome);
        const auto chance = analysis::chance(outcome, stream(evaluation).fork(305));
        write_table(
            folder / "codes-summary.csv",
            {"row", "mode_share", "decisive", "covered", "information", "transplant", "chance_mode_share",
             "chance_decisive", "chance_covered", "chance_information", "chance_transplant"},
            {{0, summary.mode_share, summary.decisive, static_cast<double>(summary.covered), summary.information,
              moved.reached, chance.mode_share, chance.decisive, chance.covered, chance.information, moved.chance}});
    }

    /// What internal RL can hope for with these codes and this switch: an oracle that is told the true subgoals. Its
    /// codes come from labelled episodes of the pretraining tasks; what it plays of the unseen task teaches nobody.
    void informed() {
        const auto episodes = held_out_episodes(s.discover.evaluation);
        const auto inferred =
            analysis::infer<Meta>(parallel, base(), meta(), episodes, stream(evaluation).fork(303), pass_options());
        const auto codes = analysis::mean_codes(
            analysis::segment_codes(inferred.codes.view(), episodes.sequences(), episodes.subgoals), P::subgoals);
        const auto result = analysis::informed_success<Meta>(parallel, Batch(unseen_world()), base(), meta(),
                                                             std::as_const(codes).view(), s.steer.episodes,
                                                             stream(evaluation).fork(304), acting());
        write_table(folder / "informed.csv", {"row", "success", "decisions"},
                    {{0, result.episodes.share(), result.decisions}});
    }

    /// Trains a policy, then measures its modes in a batch of episodes. The table counts every episode of the task that
    /// was played before a row's batch, the `before` ones that preceded training included.
    template <class RlPolicy, class Env, class L>
    void run_rl(const std::string& name, const std::string& description, const Settings::PolicyGradient& o, L& learner,
                core::Random random, const Env& environment, int before = 0) {
        const std::int64_t total = updates(o);
        const int per_batch = o.epochs * o.minibatches;
        Stage<L> stage(folder, name, description, learner, total,
                       {"episodes", "success", "decisions", "length", "divergence", "clipped"}, s.checkpoint_seconds,
                       "episodes", static_cast<double>(o.batch) / per_batch);
        rl::ClippedPolicyGradient<Env, RlPolicy, L, Advantages> algorithm(
            environment, learner,
            {.batch = o.batch, .epochs = o.epochs, .minibatches = o.minibatches, .clip = static_cast<float>(o.clip)});
        while (!stage.finished()) {
            const std::int64_t batch = learner.steps() / per_batch;
            const double left =
                s.constant_rates ? 1 : 1 - static_cast<double>(learner.steps()) / static_cast<double>(total);
            const auto report =
                algorithm.update(parallel, o.learning_rate * left, random.fork(static_cast<std::uint64_t>(batch)),
                                 static_cast<float>(o.entropy_weight * left));
            stage.record({static_cast<double>(before + batch * o.batch), report.success, report.decisions,
                          report.length, report.sums.divergence / std::max(1.0, report.sums.decisions),
                          report.sums.clipped / std::max(1.0, report.sums.decisions)});
            stage.tick(
                [&] { return fmt::format("success {:.3f}, {:.1f} decisions", report.success, report.decisions); });
        }
        const std::string table = name + "-modes";
        once(folder, table, description, {table.c_str()}, [&] {
            const auto modes = algorithm.collect(parallel, random.fork(~std::uint64_t{0}), 0);
            write_table(folder / (table + ".csv"), {"row", "success", "decisions", "length"},
                        {{0, modes.success, modes.decisions, modes.length}});
        });
    }
};

}  // namespace midstream::examples
