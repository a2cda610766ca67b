/// \file
/// The expert's episodes that stages train on: D and D* (Settings::Record), recorded, or played anew for every batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "common/stages/run.hpp"
#include "midstream/core/describe.hpp"
#include "midstream/data/dataset.hpp"
#include "midstream/env/record.hpp"
#include "midstream/io/file.hpp"
#include "midstream/train/stages.hpp"

namespace midstream::examples {

/// D, which the base model is pretrained on, and D*, for all else.
enum class Data { noisy, clean };

/// The expert of this data.
template <class P>
auto expert(const Run<P>& run, Data data) {
    return P::expert(data == Data::noisy ? run.settings.pretrain.expert_noise : run.settings.record.clean_noise);
}

/// How many episodes of it are recorded; 0: none, the expert plays anew for every batch.
inline int recorded_episodes(const Settings& settings, Data data) {
    return data == Data::noisy ? settings.record.episodes : settings.record.clean_episodes;
}

/// Where they are.
template <class P>
std::filesystem::path data_set_path(const Run<P>& run, Data data) {
    return run.folder / (data == Data::noisy ? "episodes.safetensors" : "clean-episodes.safetensors");
}

template <class P>
core::Description about_episodes(const Run<P>& run, Data data) {
    core::Description about{"episodes"};
    return about.set("recorded", recorded_episodes(run.settings, data))
        .set("expert", expert(run, data))
        .set("world", run.pretraining_world());
}
/// The same of a recorded data set.
template <class P>
core::Description about_data_set(const Run<P>& run, Data data) {
    auto about = about_episodes(run, data);
    return about.set("seed", run.settings.seed);
}

/// The data set that the stage `record` left.
template <class P>
const typename P::Episodes& data_set(Run<P>& run, Data data) {
    auto& loaded = run.loaded.data_set[static_cast<std::size_t>(data)];
    if (loaded) return *loaded;
    const auto path = data_set_path(run, data);
    core::require(io::exists(path), [&] { return "there is no " + path.string() + ": run the stage 'record' first"; });
    auto episodes = std::make_unique<typename P::Episodes>();
    data::load(path, *episodes, core::text(about_data_set(run, data)));
    loaded = std::move(episodes);
    return *loaded;
}
/// Frees its memory.
template <class P>
void forget(Run<P>& run, Data data) {
    run.loaded.data_set[static_cast<std::size_t>(data)].reset();
}

/// Fresh episodes as those of D*.
template <class P>
auto fresh_source(const Run<P>& run) {
    return train::recorder(run.pretraining_world(), expert(run, Data::clean));
}
/// Some for evaluation, always the same.
template <class P>
typename P::Episodes held_out_episodes(const Run<P>& run, int count) {
    typename P::Episodes episodes;
    fresh_source(run)(count, run.stream(Stream::evaluation).fork(0), episodes);
    return episodes;
}
/// Plays the same once more, to see the world itself: `watch(episode, world, action row)` before every step, and
/// `begin(episode)` before each attempt, as what was watched before is void where the expert failed.
template <class P, class Begin, class Watch>
void replay_held_out(const Run<P>& run, int count, Begin&& begin, Watch&& watch) {
    auto world = run.pretraining_world();
    for (int episode = 0; episode < count; ++episode)
        env::play_to_success(
            world, expert(run, Data::clean),
            run.stream(Stream::evaluation).fork(0).fork(static_cast<std::uint64_t>(episode)), [&] { begin(episode); },
            [&](const auto& now, const auto* action) { watch(episode, now, action); });
}

/// Calls work(source): episodes drawn from the data set, or fresh ones where the settings ask for no data set.
template <class P, class Work>
void with_source(Run<P>& run, Data data, Work&& work) {
    if (recorded_episodes(run.settings, data) > 0)
        work(train::sampler(data_set(run, data)));
    else
        work(train::recorder(run.pretraining_world(), expert(run, data)));
}

}  // namespace midstream::examples
