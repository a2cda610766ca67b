/// \file
/// A stage that trains: its checkpoint, which survives any kill, its table of metrics and its progress line.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/progress.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/io/csv.hpp"
#include "midstream/train/objectives.hpp"

namespace midstream::examples {

/// Sums of the updates since the last row of metrics: part of a checkpoint, so that a row does not depend on where a
/// run was killed.
struct Window {
    train::LossSums sums{};

    static void visit(auto& self, auto&& member) {
        member("action", self.sums.action);
        member("target", self.sums.target);
        member("divergence", self.sums.divergence);
        member("gates", self.sums.gates);
        member("steps", self.sums.steps);
        member("episodes", self.sums.episodes);
    }
};

/// A resumable stage: loads the checkpoint if there is one, saves it now and then and at the end, and keeps a table of
/// metrics in step with it. `learner` is a train::Learner. The description says all that shapes the run, so that a
/// checkpoint of other hyperparameters is refused by name and never mixed in.
template <class Learner>
class Stage {
public:
    using Clock = std::chrono::steady_clock;

    Stage(const std::filesystem::path& folder, const std::string& name, std::string description, Learner& learner,
          std::int64_t total, std::vector<std::string> columns, double checkpoint_seconds,
          const std::string& unit = "steps", double units_per_step = 1)
        : path_(folder / (name + ".safetensors")),
          description_(std::move(description)),
          learner_(&learner),
          total_(total),
          checkpoint_seconds_(checkpoint_seconds),
          units_per_step_(units_per_step),
          loaded_(load()),
          metrics_(folder / (name + ".csv"), with_step_and_seconds(std::move(columns)),
                   loaded_ ? std::optional<double>(static_cast<double>(learner.steps())) : std::nullopt),
          progress_(name, units(total), unit, units(learner.steps())),
          last_save_(Clock::now()),
          seconds_before_(earlier_seconds(folder / (name + ".csv"))) {}

    bool finished() const { return learner_->steps() >= total_; }
    double seconds() const { return seconds_before_ + progress_.elapsed(); }

    /// What the updates since the last row came to, for stages that add it up.
    train::LossSums& window() { return window_.sums; }

    /// Appends a row of metrics for the updates done so far.
    void record(std::initializer_list<double> values) {
        std::vector<double> row{static_cast<double>(learner_->steps()), seconds()};
        row.insert(row.end(), values);
        metrics_.row(row);
        window_ = {};
    }

    /// To be called after every update. What is to be kept comes first: rows, then the checkpoint that speaks of them,
    /// then what only shows.
    template <class Metric>
    void tick(Metric&& metric) {
        if (std::chrono::duration<double>(Clock::now() - last_save_).count() >= checkpoint_seconds_ || finished()) {
            metrics_.sync();
            io::save(path_, description_, contents());
            last_save_ = Clock::now();
        }
        progress_.update(units(learner_->steps()), metric);
    }

    /// The parameters of a stage that is done, for those that build on it.
    static void load_finished(const std::filesystem::path& folder, const std::string& name,
                              const std::string& description, Learner& learner, std::int64_t total) {
        const auto path = folder / (name + ".safetensors");
        core::require(io::exists(path),
                      [&] { return "there is no " + path.string() + ": run the stage '" + name + "' first"; });
        Window ignored;
        io::load(path, description, contents_of(learner, ignored));
        core::require(learner.steps() >= total,
                      [&] { return path.string() + " is not finished: run the stage '" + name + "' first"; });
    }

private:
    static auto contents_of(Learner& learner, Window& window) {
        return [&](auto&& member) {
            member("learner", learner);
            member("window", window);
        };
    }
    auto contents() { return contents_of(*learner_, window_); }
    bool load() {
        if (!io::exists(path_)) return false;
        io::load(path_, description_, contents());
        return true;
    }
    long units(std::int64_t steps) const { return std::lround(static_cast<double>(steps) * units_per_step_); }
    static std::vector<std::string> with_step_and_seconds(std::vector<std::string> columns) {
        columns.insert(columns.begin(), {"step", "seconds"});
        return columns;
    }
    static double earlier_seconds(const std::filesystem::path& path) {
        const auto table = io::read_csv(path);
        const auto& seconds = table.column("seconds");
        return seconds.empty() ? 0.0 : seconds.back();
    }

    std::filesystem::path path_;
    std::string description_;
    Learner* learner_;
    std::int64_t total_;
    double checkpoint_seconds_;
    double units_per_step_;
    Window window_{};
    bool loaded_;
    io::CsvWriter metrics_;
    Progress progress_;
    Clock::time_point last_save_;
    double seconds_before_;
};

/// Reports on every update of a stage whose table has the column "action_nll" alone: some forty rows, and the progress
/// line. `total` is the number of updates.
template <class Learner>
auto report_action_loss(Stage<Learner>& stage, std::int64_t total) {
    return [&stage, every = std::max<std::int64_t>(1, total / 40)](std::int64_t step, const train::LossSums& sums) {
        const double nll = sums.action / sums.steps;
        if (step % every == 0) stage.record({nll});
        stage.tick([&] { return fmt::format("action NLL {:.3f}", nll); });
        return true;
    };
}

}  // namespace midstream::examples
