/// \file
/// The stage `discover`: the metacontroller learns, without labels, to steer the frozen base model by codes that it
/// switches between: the paper's abstract actions. refine.hpp trains its controllers on, codes.hpp tests its codes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/announce.hpp"
#include "common/stages/components.hpp"
#include "midstream/analysis/alignment.hpp"
#include "midstream/analysis/degeneration.hpp"
#include "midstream/analysis/inferred.hpp"
#include "midstream/train/co_training.hpp"

namespace midstream::examples {

/// Of the metacontroller, or of train::CoTrained. Its parameters are yet to be drawn.
template <class Trained, class P>
AdamWLearner<Trained> new_discovery_learner(const Run<P>& run) {
    const auto& o = run.settings.discover;
    return {.optimiser = {.beta2 = o.beta2, .weight_decay = o.weight_decay}, .shards = run.settings.shards};
}
template <class P>
AdamWLearner<typename P::Meta> new_meta_learner(const Run<P>& run) {
    return new_discovery_learner<typename P::Meta>(run);
}
/// Is the base model trained as well?
template <class P>
bool co_trains(const Run<P>& run) {
    return run.settings.discover.co_train != "no";
}

template <class P>
core::Description about_discovery(const Run<P>& run) {
    core::Description about{"discover"};
    if (co_trains(run))
        about.set("co_trained", run.settings.discover.co_train)
            .set("both", new_discovery_learner<train::CoTrained<typename P::Meta>>(run));
    if constexpr (finds_events<P>) about.set("observer", about_components(run));
    return about.set("settings", run.settings.discover)
        .set("passes", P::pass_options(run.settings.discover))
        .set("metacontroller", std::type_identity<typename P::Meta>{})
        .set("initialisation", P::meta_initialisation)
        .set("learner", new_meta_learner(run))
        .set("rate", run.rate(run.settings.discover))
        .set("episodes", about_episodes(run, Data::clean))
        .set("base", about_pretraining(run));
}

/// How passes over whole episodes are made once discovery is done.
template <class P>
typename P::Meta::Options pass_options(Run<P>& run) {
    auto options = P::pass_options(run.settings.discover);
    options.observer = observer(run);
    return options;
}

/// The update at this share of all.
inline std::int64_t update_at(const Settings::Discover& o, double share) {
    return static_cast<std::int64_t>(share * static_cast<double>(o.steps));
}
/// The weight of the divergence over the updates.
inline train::Ramp alpha_ramp(const Settings::Discover& o) {
    return {o.alpha_start, o.alpha, update_at(o, o.alpha_from), update_at(o, o.alpha_until)};
}
/// The deviation of the codes' means, if their information is fixed.
inline train::Ramp signal_ramp(const Settings::Discover& o) {
    return {o.signal_start > 0 ? o.signal_start : o.signal, o.signal, update_at(o, o.signal_from),
            update_at(o, o.signal_until)};
}

/// What may be degenerate of a metacontroller in these episodes.
struct DiscoveryFigures {
    analysis::SwitchFigures switches;
    analysis::CodeFigures codes;

    analysis::Degenerations degenerations() const {
        auto result = analysis::degenerations(switches);
        for (auto& each : analysis::degenerations(codes)) result.push_back(std::move(each));
        return result;
    }
};
/// The first of these episodes, and the action loss of the model alone in them, to compare with.
template <class P>
struct Unsteered {
    static constexpr int most = 32;  ///< episodes
    int rows = 0;
    double action_nll = 0;  ///< nats a step

    Unsteered(const typename P::Base::template Parameters<float>& base, const typename P::Episodes& episodes) {
        typename P::Episodes some;
        for (int i = 0; i < std::min(most, episodes.count()); ++i) train::append_episode(episodes, i, some);
        typename P::Base::template Tape<float> tape;
        rows = some.rows();
        action_nll = train::pretraining_loss<typename P::Base, float>(base, some, 0, 0, tape, core::Frozen{}).action /
                     std::max(1, rows);
    }
};
/// `inferred` is of these episodes, the first of which are those of `unsteered`.
template <class P, class Inferred>
DiscoveryFigures discovery_figures_of(const Inferred& inferred, const typename P::Episodes& episodes,
                                      const Unsteered<P>& unsteered) {
    double steered = 0;
    for (int row = 0; row < unsteered.rows; ++row) steered += inferred.action_nll.view().data[row];
    return {analysis::switch_figures(inferred.gates.view().flat(), episodes.sequences(), episodes.subgoals),
            {.divergence = inferred.sums.divergence / std::max(1.0, inferred.sums.episodes),
             .steered = steered / std::max(1, unsteered.rows),
             .unsteered = unsteered.action_nll}};
}

/// The rate of these episodes in nats an episode: divergences as the loss has them, weighted by gates where it weighs
/// them so.
double rate_of(const auto& inferred, const auto& pass) {
    bool gated = false;
    if constexpr (requires { pass.divergence_weighted_by_gate; }) gated = pass.divergence_weighted_by_gate;
    const auto divergences = inferred.divergences.view(), gates = inferred.gates.view();
    double rate = 0;
    for (int row = 0; row < divergences.count; ++row) rate += divergences.data[row] * (gated ? gates.data[row] : 1.0f);
    return rate / std::max(1.0, inferred.sums.episodes);
}

/// Updates of `learner` by train(source, pass options of a step, report), of what is then in `base` and `meta`. Its
/// table says how well switches meet the true changes of subgoal, of which training knows nothing.
template <class P, class Learner, class Train>
void discover_by(Run<P>& run, Learner& learner, const typename P::Base::template Parameters<float>& base,
                 const typename P::Meta::template Parameters<float>& meta, const Train& train) {
    using Meta = typename P::Meta;
    const auto& o = run.settings.discover;
    Stage<Learner> stage(
        run.folder, "discover", core::text(about_discovery(run)), learner, o.steps,
        {"action_nll", "divergence", "switches", "precision", "recall", "eval_nll", "chance_precision", "chance_recall",
         "offset", "precision_0", "recall_0", "chance_precision_0", "chance_recall_0"},
        run.settings.checkpoint_seconds);

    const auto final_options = pass_options(run);
    const auto options_at = [&, signal = signal_ramp(o)](std::int64_t step) {
        auto options = final_options;
        if constexpr (requires { options.signal; }) options.signal = signal(step);
        return options;
    };
    const auto held_out = held_out_episodes(run, o.evaluation);
    // While weights still move, gates and codes may be anything.
    const std::int64_t settled = update_at(o, std::max({0.25, o.alpha_until, o.signal_until}));
    Announcer announcer("discover");
    train::LossSums& recent = stage.window();
    const std::int64_t every = std::max<std::int64_t>(1, o.steps / 60);
    const auto report = [&](std::int64_t step, const train::LossSums& sums) {
        recent += sums;
        if (step % every == 0) {
            const auto inferred = analysis::infer(run.parallel, rl::Steered<Meta>(base, meta), held_out,
                                                  run.stream(Stream::evaluation).fork(1), final_options);
            // Within a step, and to the step.
            const auto gates = inferred.gates.view();
            const auto match = analysis::alignment(gates, held_out.sequences(), held_out.subgoals);
            const auto exact = analysis::alignment(gates, held_out.sequences(), held_out.subgoals, {.tolerance = 0});
            stage.record({recent.action / recent.steps, recent.divergence / recent.steps, match.switches,
                          match.precision, match.recall, inferred.sums.action / inferred.sums.steps,
                          match.chance_precision, match.chance_recall, match.offset, exact.precision, exact.recall,
                          exact.chance_precision, exact.chance_recall});
            if (step >= settled) {
                auto figures = discovery_figures_of<P>(inferred, held_out, Unsteered<P>(base, held_out));
                figures.switches.precision = match.precision;
                figures.switches.chance_precision = match.chance_precision;
                announcer.look(figures.degenerations());
            }
        }
        stage.tick([&] {
            return fmt::format("NLL {:.3f} KL {:.2f} gate {:.2f}", sums.action / sums.steps,
                               sums.divergence / sums.steps, sums.gates / sums.steps);
        });
        return true;
    };
    with_source(run, Data::clean, [&](const auto& source) { train(source, options_at, report); });
    const std::vector<std::string> columns{"row",           "switches",   "steps",       "early_switches",
                                           "early_changes", "divergence", "steered_nll", "unsteered_nll",
                                           "rate",          "action_nll"};
    core::Description about{"discover-figures"};
    about.set("columns", columns).set("episodes", o.evaluation).set("discovered", about_discovery(run));
    once(run.folder, "discover-figures", core::text(about), {"discover-figures"}, [&] {
        const auto inferred = analysis::infer(run.parallel, rl::Steered<Meta>(base, meta), held_out,
                                              run.stream(Stream::evaluation).fork(1), final_options);
        const auto figures = discovery_figures_of<P>(inferred, held_out, Unsteered<P>(base, held_out));
        write_table(
            run.folder / "discover-figures.csv", columns,
            {{0, figures.switches.switches, figures.switches.steps, figures.switches.early_switches,
              figures.switches.early_changes, figures.codes.divergence, figures.codes.steered, figures.codes.unsteered,
              rate_of(inferred, final_options), inferred.sums.action / inferred.sums.steps}});
    });
}

/// Trains the metacontroller, or it and its base model, or goes on where an earlier run stopped.
template <class P>
void discover(Run<P>& run) {
    using Meta = typename P::Meta;
    const auto& o = run.settings.discover;
    const train::DiscoverOptions updates{.steps = o.steps, .batch = o.batch};
    const auto random = run.stream(Stream::discovery);
    if (co_trains(run)) {
        core::require(!finds_events<P> || o.co_train != "random",
                      "--discover.co-train is random, and the preset's encoder sees events that are found in the "
                      "residual stream of a model that is pretrained");
        auto learner = new_discovery_learner<train::CoTrained<Meta>>(run);
        auto& [base, meta] = *learner.parameters;
        if (o.co_train == "random")
            P::initialisation.template initialise<typename P::Base>(base, run.stream(Stream::pretraining).fork(0));
        else
            base = base_model(run);
        P::meta_initialisation.template initialise<Meta>(meta, random.fork(0));
        discover_by(run, learner, base, meta, [&](const auto& source, const auto& options, const auto& report) {
            train::co_train<Meta>(run.parallel, learner, source, updates, alpha_ramp(o), options, run.rate(o),
                                  random.fork(1), report);
        });
    } else {
        const auto& base = base_model(run);
        auto learner = new_meta_learner(run);
        P::meta_initialisation.template initialise<Meta>(*learner.parameters, random.fork(0));
        discover_by(run, learner, base, *learner.parameters,
                    [&](const auto& source, const auto& options, const auto& report) {
                        train::discover<Meta>(run.parallel, base, learner, source, updates, alpha_ramp(o), options,
                                              run.rate(o), random.fork(1), report);
                    });
    }
}

/// The metacontroller that this stage left.
template <class P>
void load_discovered(const Run<P>& run, typename P::Meta::template Parameters<float>& meta,
                     typename P::Base::template Parameters<float>* base = nullptr) {
    const auto load = [&](auto learner) {
        Stage<decltype(learner)>::load_finished(run.folder, "discover", core::text(about_discovery(run)), learner,
                                                run.settings.discover.steps);
        return learner;
    };
    if (co_trains(run)) {
        const auto both = load(new_discovery_learner<train::CoTrained<typename P::Meta>>(run));
        meta = both.parameters->meta;
        if (base) *base = both.parameters->base;
    } else {
        meta = *load(new_meta_learner(run)).parameters;
    }
}

/// The base model that acts under codes: the pretrained one, unless discovery trained it as well.
template <class P>
const auto& acting_base_model(Run<P>& run) {
    if (!co_trains(run)) return base_model(run);
    auto& loaded = run.loaded.co_trained;
    if (!loaded) {
        loaded = std::make_unique<core::Box<typename P::Base::template Parameters<float>>>();
        core::Box<typename P::Meta::template Parameters<float>> ignored;
        load_discovered(run, *ignored, &**loaded);
    }
    return **loaded;
}

}  // namespace midstream::examples
