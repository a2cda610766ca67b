/// \file
/// The stage `components`: the events of the residual stream that the encoder sees, where its observer is to be found
/// there: the stream's independent components, and which of them are events, or at which beliefs end.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <type_traits>
#include <vector>

#include "common/announce.hpp"
#include "common/files/tables.hpp"
#include "common/show.hpp"
#include "common/stages/pretrain.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/train/find_ended_beliefs.hpp"
#include "midstream/train/find_events.hpp"

namespace midstream::examples {

/// Is what the encoder sees of an event which belief ends?
template <class P>
inline constexpr bool finds_beliefs = requires(typename P::Meta::Observer observer) {
    observer.beliefs;
};

/// Throws an Error that names the option where one is not this preset's, or cannot be carried out.
template <class P>
auto find_options(const Settings::Components& o) {
    const Settings::Components usual;
    if constexpr (finds_beliefs<P>) {
        core::require(o.share == usual.share,
                      "--components.share is of events that are components themselves, and the "
                      "preset's are beliefs that end");
        core::require_range(o.window, 1, P::World::horizon / 2, "--components.window");
        core::require_range(o.changes, 1, P::Base::width, "--components.changes");
        return train::FindEndedBeliefsOptions{.window = o.window, .changes = o.changes};
    } else {
        core::require(o.window == usual.window && o.changes == usual.changes,
                      "--components.window and .changes are of beliefs that end, which the preset's encoder does not "
                      "see");
        return train::FindEventsOptions{.share = o.share};
    }
}

template <class P>
core::Description about_components(const Run<P>& run) {
    core::Description about{"components"};
    return about.set("settings", run.settings.components)
        .set("events", find_options<P>(run.settings.components))
        .set("observer", std::type_identity<typename P::Meta::Observer>{})
        .set("episodes", about_episodes(run, Data::clean))
        .set("base", about_pretraining(run));
}

/// Does nothing where the preset's observer is not one to be found.
template <class P>
void components(Run<P>& run) {
    if constexpr (finds_events<P>)
        once(run.folder, "components", core::text(about_components(run)),
             {"components", finds_beliefs<P> ? "beliefs" : "components", "components.safetensors"}, [&] {
                 typename P::Episodes episodes;
                 const auto& base = base_model(run);
                 with_source(run, Data::clean, [&](const auto& source) {
                     source(run.settings.components.episodes, run.stream(Stream::finding).fork(0), episodes);
                 });
                 const auto found = [&] {
                     const auto random = run.stream(Stream::finding).fork(1);
                     if constexpr (finds_beliefs<P>)
                         return train::find_ended_beliefs<typename P::Meta::Observer, typename P::Base>(
                             base, episodes, random, find_options<P>(run.settings.components));
                     else
                         return train::find_events<typename P::Meta::Observer, typename P::Base>(
                             base, episodes, random, find_options<P>(run.settings.components));
                 }();
                 const std::vector<train::ComponentStatistics>* components;
                 if constexpr (finds_beliefs<P>)
                     components = &found.doubt.components;
                 else
                     components = &found.components;
                 std::vector<std::vector<double>> rows;
                 double largest = components->front().rise;
                 for (const auto& component : *components) {
                     rows.push_back({static_cast<double>(rows.size()), component.kurtosis, component.threshold,
                                     component.rate, component.rise, static_cast<double>(component.kind)});
                     largest = std::max(largest, component.rise);
                 }
                 analysis::EventFigures figures{.rise = largest};
                 if constexpr (finds_beliefs<P>) {
                     std::vector<std::vector<double>> beliefs;
                     for (const auto& belief : found.beliefs)
                         figures.skewness = std::fmax(figures.skewness, belief.skewness);
                     for (const auto& belief : found.beliefs)
                         beliefs.push_back({static_cast<double>(beliefs.size()), belief.skewness, belief.threshold,
                                            belief.rate, static_cast<double>(belief.kind)});
                     write_table(run.folder / "beliefs.csv", {"component", "skewness", "threshold", "rate", "belief"},
                                 beliefs);
                     show(stdout, fmt::format("components: {} beliefs end at {} events, at which the action loss rises "
                                              "by {:.2f} nats\n",
                                              found.kinds, found.events, largest));
                 } else {
                     show(stdout,
                          fmt::format("components: {} of {} are events, at which the action loss rises by up to {:.2f} "
                                      "nats{}\n",
                                      found.kinds, found.components.size(), largest,
                                      found.merged > 0 ? fmt::format("; {} components had shared them", found.merged)
                                                       : std::string()));
                 }
                 announce("components", analysis::degenerations(figures));
                 io::save(run.folder / "components.safetensors", core::text(about_components(run)),
                          [&](auto&& member) { member("observer", found.observer); });
                 run.loaded.observer.reset();
                 write_table(run.folder / "components.csv",
                             {"component", "kurtosis", "threshold", "rate", "rise", "event"}, rows);
             });
}

/// What the encoder sees by: found by this stage, or of the preset's type as it is.
template <class P>
const typename P::Meta::Observer& observer(Run<P>& run) {
    auto& loaded = run.loaded.observer;
    if (loaded) return *loaded;
    auto result = std::make_unique<typename P::Meta::Observer>();
    if constexpr (finds_events<P>) {
        const auto path = run.folder / "components.safetensors";
        core::require(io::exists(path),
                      [&] { return "there is no " + path.string() + ": run the stage 'components' first"; });
        io::load(path, core::text(about_components(run)), [&](auto&& member) { member("observer", *result); });
    }
    loaded = std::move(result);
    return *loaded;
}

}  // namespace midstream::examples
