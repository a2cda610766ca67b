/// \file
/// The stage `probe`: how well linear probes read the current subgoal from every layer of the residual stream.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "common/announce.hpp"
#include "common/files/tables.hpp"
#include "common/stages/pretrain.hpp"
#include "midstream/analysis/probe.hpp"

namespace midstream::examples {

template <class P>
core::Description about_probing(const Run<P>& run) {
    core::Description about{"probe"};
    return about.set("settings", run.settings.probe)
        .set("episodes", about_episodes(run, Data::clean))
        .set("base", about_pretraining(run));
}

/// Probes of all layers.
template <class P>
using ProbesOf = analysis::TrainedProbes<typename P::Base, P::subgoals>;
/// What a file of probes is of.
template <class P>
std::string probes_description() {
    return "probes: " + core::text(core::describe<typename decltype(ProbesOf<P>::probes)::value_type>());
}

/// Trains a probe for each layer and writes it, and how often it is right on held-out episodes.
template <class P>
void probe(Run<P>& run) {
    once(run.folder, "probe", core::text(about_probing(run)), {"probe", "probe.safetensors"}, [&] {
        const auto& o = run.settings.probe;
        const auto& base = base_model(run);
        ProbesOf<P> trained;
        with_source(run, Data::clean, [&](const auto& source) {
            trained =
                analysis::train_probes<typename P::Base, P::subgoals>(run.parallel, base, source, fresh_source(run),
                                                                      {.steps = o.steps,
                                                                       .batch = o.batch,
                                                                       .learning_rate = o.learning_rate,
                                                                       .shards = probe_shards,
                                                                       .evaluation = o.evaluation},
                                                                      run.stream(Stream::probing));
        });
        io::save(run.folder / "probe.safetensors", probes_description<P>(),
                 [&](auto&& member) { member("layers", trained.probes); });
        analysis::BeliefFigures belief{.observation = trained.results.front().accuracy, .chance = 1.0 / P::subgoals};
        for (const auto& result : trained.results) belief.accuracy = std::fmax(belief.accuracy, result.accuracy);
        announce("probe", analysis::degenerations(belief));
        std::vector<std::vector<double>> rows;
        for (std::size_t l = 0; l < trained.results.size(); ++l)
            rows.push_back({static_cast<double>(l), trained.results[l].accuracy, trained.results[l].nll});
        write_table(run.folder / "probe.csv", {"layer", "accuracy", "nll"}, rows);
    });
}

/// Has this stage left probes of the run's base model?
template <class P>
bool has_probes(const Run<P>& run) {
    // The file says of what shape they are, the mark beside it of which model.
    const auto done = run.folder / "probe.done";
    return io::exists(run.folder / "probe.safetensors") && io::exists(done) &&
           io::read_file(done) == core::text(about_probing(run));
}
/// The probes that this stage left, by layer.
template <class P>
auto trained_probes(const Run<P>& run) {
    const auto path = run.folder / "probe.safetensors";
    core::require(has_probes(run), [&] {
        return "there is no " + path.string() + " of this run's base model: run the stage 'probe' first";
    });
    decltype(ProbesOf<P>::probes) probes(P::Base::depth + 1);
    io::load(path, probes_description<P>(), [&](auto&& member) { member("layers", probes); });
    return probes;
}

}  // namespace midstream::examples
