/// \file
/// The first part of the stage `internal-rl`: what it can hope for with these codes and this switch.
#pragma once

#include <utility>

#include "common/files/tables.hpp"
#include "common/stages/acting.hpp"
#include "common/stages/refine.hpp"
#include "midstream/analysis/informed_success.hpp"

namespace midstream::examples {

template <class P>
core::Description about_oracle(const Run<P>& run) {
    core::Description about{"informed"};
    return about.set("episodes", run.settings.steer.episodes)
        .set("codes_of", run.settings.discover.evaluation)
        .set("acting", acting(run))
        .set("world", run.rl_world())
        .set("codes", about_codes(run));
}

/// The mean code of each true subgoal, in labelled episodes of the pretraining tasks.
template <class P>
auto mean_subgoal_codes(Run<P>& run) {
    const auto episodes = held_out_episodes(run, run.settings.discover.evaluation);
    const auto inferred = analysis::infer(run.parallel, steered(run, acting(run)), episodes,
                                          run.stream(Stream::evaluation).fork(303), pass_options(run));
    return analysis::mean_codes(analysis::segment_codes(inferred.codes.view(), episodes.sequences(), episodes.subgoals),
                                P::subgoals);
}

/// The success of an oracle on the unseen task that is told the true subgoals and takes their mean codes. Those come
/// from labelled episodes of the pretraining tasks; what it plays of the unseen task teaches nobody.
template <class P>
void play_oracle(Run<P>& run) {
    once(run.folder, "informed", core::text(about_oracle(run)), {"informed"}, [&] {
        const auto oracle = steered(run, acting(run));
        const auto codes = mean_subgoal_codes(run);
        const auto result = analysis::informed_success(run.parallel, typename Run<P>::Batch(run.rl_world()), oracle,
                                                       std::as_const(codes).view(), run.settings.steer.episodes,
                                                       run.stream(Stream::evaluation).fork(304));
        write_table(run.folder / "informed.csv", {"row", "success", "decisions"},
                    {{0, result.episodes.share(), result.decisions}});
    });
}

}  // namespace midstream::examples
