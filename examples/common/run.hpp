/// \file
/// What all stages of a run share: its folder, checkpoints that survive any kill, metrics, and the progress line.
#pragma once

#include <chrono>
#include <filesystem>

#include "common/progress.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/io/csv.hpp"

namespace midstream::examples {

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
    bool resumed() const { return loaded_; }
    double seconds() const { return seconds_before_ + progress_.elapsed(); }

    /// Appends a row of metrics for the updates done so far.
    void record(std::initializer_list<double> values) {
        std::vector<double> row{static_cast<double>(learner_->steps()), seconds()};
        row.insert(row.end(), values);
        metrics_.row(row);
    }

    /// To be called after every update.
    template <class Metric>
    void tick(Metric&& metric) {
        progress_.update(units(learner_->steps()), metric);
        if (std::chrono::duration<double>(Clock::now() - last_save_).count() < checkpoint_seconds_ && !finished())
            return;
        io::save(path_, description_, contents());
        last_save_ = Clock::now();
    }

    /// The parameters of a stage that is done, for those that build on it.
    static void load_finished(const std::filesystem::path& folder, const std::string& name,
                              const std::string& description, Learner& learner, std::int64_t total) {
        const auto path = folder / (name + ".safetensors");
        core::require(io::exists(path),
                      [&] { return "there is no " + path.string() + ": run the stage '" + name + "' first"; });
        io::load(path, description, [&](auto&& member) { member("learner", learner); });
        core::require(learner.steps() >= total,
                      [&] { return path.string() + " is not finished: run the stage '" + name + "' first"; });
    }

private:
    auto contents() const {
        return [this](auto&& member) { member("learner", *learner_); };
    }
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
        const auto seconds = io::read_csv(path).column("seconds");
        return seconds.empty() ? 0.0 : seconds.back();
    }

    std::filesystem::path path_;
    std::string description_;
    Learner* learner_;
    std::int64_t total_;
    double checkpoint_seconds_;
    double units_per_step_;
    bool loaded_;
    io::CsvWriter metrics_;
    Progress progress_;
    Clock::time_point last_save_;
    double seconds_before_;
};

}  // namespace midstream::examples
