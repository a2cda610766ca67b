/// \file
/// What all stages of a run share: its folder, checkpoints that survive any kill, metrics, and the progress line.
#pragma once

#include <sys/file.h>

#include <chrono>
#include <filesystem>

#include "common/progress.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/io/csv.hpp"
#include "midstream/train/objectives.hpp"

namespace midstream::examples {

/// The folder of a run, made if need be, and this program's alone until it ends, however it ends. A second one is
/// refused with an Error that names the folder and the process that works in it.
class RunFolder {
public:
    explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {
        std::error_code failure;
        std::filesystem::create_directories(path_, failure);
        io::require(path_, std::filesystem::is_directory(path_),
                    [&] { return "cannot make it: " + failure.message(); });
        const auto file = path_ / "lock";
        descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        io::require(file, descriptor_ >= 0, [&] { return std::string("cannot open: ") + std::strerror(errno); });
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) {  // a file system without locks
                show(stderr, path_.string() + ": cannot be locked (" + std::strerror(errno) +
                                 "): see that no other run works in it\n");
                return;
            }
            char holder[32] = {};
            const bool known = ::pread(descriptor_, holder, sizeof(holder) - 1, 0) > 0;
            ::close(descriptor_);
            io::require(path_, false, [&] {
                return "another run works in this folder" +
                       (known ? std::string(", process ") + holder : std::string()) +
                       ": wait for its end, or name another --output";
            });
        }
        // For the message above alone, so that a full disk does not matter.
        const std::string process = std::to_string(::getpid());
        [[maybe_unused]] const bool told =
            ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, process.data(), process.size(), 0) > 0;
    }
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder() { ::close(descriptor_); }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

/// Makes `path` a table of these rows. The file is replaced whole: a crash at any moment leaves the previous or the
/// new.
inline void write_table(const std::filesystem::path& path, const std::vector<std::string>& names,
                        const std::vector<std::vector<double>>& rows) {
    auto fresh = path;
    fresh += ".new";
    {
        io::CsvWriter table(fresh, names);
        for (const auto& row : rows) table.row(row);
        table.sync();
    }
    std::error_code failure;
    std::filesystem::rename(fresh, path, failure);
    io::require(path, !failure, [&] { return "cannot replace: " + failure.message(); });
}

/// Does `work`, which ends by writing these tables of the folder (or other files, whose names have an extension),
/// unless that was done before under the same description; `name`.done says so.
template <class Work>
void once(const std::filesystem::path& folder, const std::string& name, const std::string& description,
          std::initializer_list<const char*> files, Work&& work) {
    const auto done = folder / (name + ".done");
    const bool whole = std::all_of(files.begin(), files.end(), [&](std::filesystem::path file) {
        if (!file.has_extension()) file += ".csv";
        return io::exists(folder / file);
    });
    if (whole && io::exists(done) && io::read_file(done) == description) return;
    std::filesystem::remove(done);
    work();
    io::replace_file(done, description);
}

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

}  // namespace midstream::examples
