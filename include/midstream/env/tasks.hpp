/// \file
/// What is asked of the agent in a pinpad world: lists of colours to visit in order, and distributions over them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/describe.hpp"
#include "midstream/core/random.hpp"

namespace midstream::env {

/// Colours to visit, in this order.
struct Task {
    static constexpr int capacity = 16;           ///< the most colours of a task
    std::array<std::int8_t, capacity> colours{};  ///< beyond `length`, zero
    int length = 0;                               ///< colours to visit

    /// The colour at this position, from 0.
    constexpr int operator[](int position) const { return colours[position]; }
    /// All its colours, in order; valid as long as the task is.
    constexpr std::span<const std::int8_t> span() const { return {colours.data(), static_cast<std::size_t>(length)}; }
    friend constexpr bool operator==(const Task&, const Task&) = default;
};

/// "0-1-4-5", the inverse of parse_task.
inline std::string to_string(const Task& task) {
    std::string text;
    for (const int colour : task.span()) {
        if (!text.empty()) text += '-';
        text += std::to_string(colour);
    }
    return text;
}

namespace detail {
/// Apart from parse_task, so that tasks can be constants.
[[noreturn]] inline void refuse_task(std::string_view text, std::string_view reason) {
    core::fail("task \"" + std::string(text) + "\" " + std::string(reason) + ", valid is 1 to " +
               std::to_string(Task::capacity) + " colours from 0 to 127, as in 0-1-4-5");
}
}  // namespace detail

/// The task written as colours joined by dashes, as "0-1-4-5".
constexpr Task parse_task(std::string_view text) {
    Task task;
    int colour = -1;  // not begun
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] != '-') {
            const int digit = text[i] - '0';
            if (digit < 0 || digit > 9) detail::refuse_task(text, "has something else than digits and dashes");
            colour = (colour < 0 ? 0 : 10 * colour) + digit;
            if (colour > 127) detail::refuse_task(text, "has a colour too large");
        } else {
            if (colour < 0) detail::refuse_task(text, text.empty() ? "is empty" : "lacks a colour beside a dash");
            if (task.length == Task::capacity) detail::refuse_task(text, "is too long");
            task.colours[task.length++] = static_cast<std::int8_t>(colour);
            colour = -1;
        }
    }
    return task;
}

/// The paper's gridworld tasks for pretraining (Table A1): the colours 0-1, 2-3, 4-5 and 6-7 always come as pairs.
inline constexpr std::array<Task, 16> paper_pretraining_tasks{
    parse_task("0-1-4-5-0-1"), parse_task("0-1-4-5-2-3"), parse_task("0-1-6-7-2-3"), parse_task("2-3-0-1-4-5"),
    parse_task("2-3-6-7-2-3"), parse_task("2-3-6-7-4-5"), parse_task("4-5-0-1-4-5"), parse_task("4-5-0-1-6-7"),
    parse_task("4-5-2-3-6-7"), parse_task("6-7-2-3-0-1"), parse_task("6-7-2-3-6-7"), parse_task("6-7-4-5-0-1"),
    parse_task("0-1-6-7-4-5"), parse_task("2-3-0-1-6-7"), parse_task("4-5-2-3-0-1"), parse_task("6-7-4-5-2-3")};
/// The paper's gridworld task for post-training: none of its transitions between pairs occurs in pretraining.
inline constexpr Task paper_posttraining_task = parse_task("0-1-2-3-4-5-6-7-0-1-2-3");

/// The paper's ant tasks for pretraining (Table A2): each colour is a subgoal, and c is never followed by c + 1.
inline constexpr std::array<Task, 16> ant_pretraining_tasks{
    parse_task("0-3-2"), parse_task("1-0-3"), parse_task("2-1-0"), parse_task("3-2-1"),
    parse_task("0-2-0"), parse_task("0-2-1"), parse_task("0-3-1"), parse_task("1-0-2"),
    parse_task("1-3-1"), parse_task("1-3-2"), parse_task("2-0-2"), parse_task("2-0-3"),
    parse_task("2-1-3"), parse_task("3-1-0"), parse_task("3-1-3"), parse_task("3-2-0")};
/// The paper's ant task for post-training: none of its transitions occurs in pretraining.
inline constexpr Task ant_posttraining_task = parse_task("0-1-2-3");

/// 0-1-2-...: the task made of nothing but the transitions that `TaskDistribution::transition_rule` leaves out.
inline Task ascending_task(int colours) {
    core::require_range(colours, 1, Task::capacity, "the number of colours of an ascending task");
    Task task;
    while (task.length < colours) {
        task.colours[task.length] = static_cast<std::int8_t>(task.length);
        ++task.length;
    }
    return task;
}

/// A uniform distribution over a list of tasks. A value whose copies share the (unchanging) list; sampling does not
/// allocate.
class TaskDistribution {
public:
    /// Uniform over `rows`; a task that occurs twice is twice as likely. `colours_per_subgoal` consecutive
    /// colours make up one abstract subgoal, from colour 0 on: 1, or 2 for the paper's pairs.
    explicit TaskDistribution(std::vector<Task> rows, int colours_per_subgoal = 1)
        : tasks_(std::make_shared<const std::vector<Task>>(std::move(rows))),
          colours_per_subgoal_(colours_per_subgoal) {
        core::require(!tasks_->empty(), "a task distribution needs at least one task");
        core::require(colours_per_subgoal >= 1, "a subgoal is made of at least 1 colour");
    }

    /// Always this task.
    explicit TaskDistribution(const Task& task, int colours_per_subgoal = 1)
        : TaskDistribution(std::vector<Task>{task}, colours_per_subgoal) {}

    /// Uniform over the sequences of `length` of the `colours` in which no colour c is followed by itself or by c + 1
    /// (modulo `colours`). They are listed at once: more than 100 000 are refused.
    static TaskDistribution transition_rule(int colours, int length) {
        core::require_range(colours, 1, 128, "the number of colours of a transition rule");
        core::require_range(length, 1, Task::capacity, "the length of a transition rule's tasks");
        core::require(colours >= 3 || length == 1, "a transition rule on fewer than 3 colours permits no transition");
        std::vector<Task> rows;
        extend(rows, Task{}, colours, length);
        return TaskDistribution(std::move(rows));
    }

    /// What the paper pretrains on (Table A1), subgoals being pairs of colours.
    static TaskDistribution paper_pretraining() {
        return TaskDistribution({paper_pretraining_tasks.begin(), paper_pretraining_tasks.end()}, 2);
    }
    /// What the paper's internal RL has to solve.
    static TaskDistribution paper_posttraining() { return TaskDistribution(paper_posttraining_task, 2); }

    /// What the paper pretrains the ant on (Table A2).
    static TaskDistribution ant_pretraining() {
        return TaskDistribution({ant_pretraining_tasks.begin(), ant_pretraining_tasks.end()});
    }
    /// What the ant's internal RL has to solve.
    static TaskDistribution ant_posttraining() { return TaskDistribution(ant_posttraining_task); }

    /// Draws a task.
    const Task& sample(core::Random& random) const { return (*tasks_)[random.below(static_cast<int>(tasks_->size()))]; }

    /// All tasks, each of probability `probability()`.
    std::span<const Task> tasks() const { return *tasks_; }
    /// Of one task of the list; one that occurs twice is drawn with twice this.
    double probability() const { return 1.0 / static_cast<double>(tasks_->size()); }

    /// How many consecutive colours make up one abstract subgoal.
    int colours_per_subgoal() const { return colours_per_subgoal_; }
    /// The abstract subgoal that a colour belongs to.
    int subgoal(int colour) const { return colour / colours_per_subgoal_; }

    static void describe(const auto& self, auto&& part) {
        constexpr std::size_t most = 32;  // tasks that are listed; more are stood for by a fingerprint
        std::vector<std::string> words;
        std::string all;
        for (const Task& task : self.tasks()) {
            words.push_back(to_string(task));
            all += words.back() + ' ';
        }
        part("colours_per_subgoal", self.colours_per_subgoal_);
        part("count", self.tasks_->size());
        if (words.size() <= most)
            part("tasks", words);
        else
            part("tasks", core::fingerprint(std::span<const char>(all)));
    }

private:
    static void extend(std::vector<Task>& rows, const Task& begun, int colours, int length) {
        if (begun.length == length) {
            core::require(rows.size() < 100'000, [&] {
                return "the transition rule on " + std::to_string(colours) + " colours of length " +
                       std::to_string(length) + " has more than 100000 tasks";
            });
            rows.push_back(begun);
            return;
        }
        for (int colour = 0; colour < colours; ++colour) {
            const int previous = begun.length > 0 ? begun[begun.length - 1] : -1;
            if (previous >= 0 && (colour == previous || colour == (previous + 1) % colours)) continue;
            Task longer = begun;
            longer.colours[longer.length++] = static_cast<std::int8_t>(colour);
            extend(rows, longer, colours, length);
        }
    }

    std::shared_ptr<const std::vector<Task>> tasks_;
    int colours_per_subgoal_;
};

}  // namespace midstream::env
