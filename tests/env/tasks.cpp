#include "midstream/env/tasks.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

using namespace midstream;
using namespace midstream::env;

namespace {
auto message(const std::string& part) {
    return [part](const core::Error& error) { return std::string(error.what()).find(part) != std::string::npos; };
}
}  // namespace

BOOST_AUTO_TEST_CASE(text_and_back) {
    for (const std::string text : {"0", "0-1-4-5", "7-7", "12-127-3", "0-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"})
        BOOST_TEST(to_string(parse_task(text)) == text);
    static_assert(parse_task("3-1").length == 2 && parse_task("3-1")[0] == 3);
    BOOST_TEST((parse_task("0-1") != parse_task("0-1-0")));
}

BOOST_AUTO_TEST_CASE(malformed_text_is_refused_by_name) {
    BOOST_CHECK_EXCEPTION(parse_task(""), core::Error, message("is empty"));
    BOOST_CHECK_EXCEPTION(parse_task("0-x"), core::Error, message("\"0-x\" has something else"));
    BOOST_CHECK_EXCEPTION(parse_task("0 1"), core::Error, message("something else"));
    for (const char* text : {"-1", "1-", "1--2", "-"})
        BOOST_CHECK_EXCEPTION(parse_task(text), core::Error, message("lacks a colour"));
    BOOST_CHECK_EXCEPTION(parse_task("128"), core::Error, message("too large"));
    BOOST_CHECK_EXCEPTION(parse_task("99999999999999999999"), core::Error, message("too large"));
    BOOST_CHECK_EXCEPTION(parse_task("0-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"), core::Error, message("too long"));
}

BOOST_AUTO_TEST_CASE(the_papers_tasks) {
    const auto distribution = TaskDistribution::paper_pretraining();
    BOOST_TEST(distribution.tasks().size() == 16u);
    BOOST_TEST(distribution.probability() == 1.0 / 16);
    std::set<std::string> different;
    std::set<std::pair<int, int>> transitions;
    for (const Task& task : distribution.tasks()) {
        different.insert(to_string(task));
        BOOST_TEST(task.length == 6);
        for (int i = 0; i < task.length; i += 2) {
            BOOST_TEST(task[i] % 2 == 0);
            BOOST_TEST(task[i + 1] == task[i] + 1);
            BOOST_TEST(distribution.subgoal(task[i]) == distribution.subgoal(task[i + 1]));
            if (i > 0) transitions.insert({distribution.subgoal(task[i - 1]), distribution.subgoal(task[i])});
        }
    }
    BOOST_TEST(different.size() == 16u);
    // Each transition of the post-training task is absent from pretraining, and all others between pairs are present.
    BOOST_TEST(transitions.size() == 8u);
    const Task& unseen = paper_posttraining_task;
    BOOST_TEST(unseen.length == 12);
    for (int i = 2; i < unseen.length; i += 2)
        BOOST_TEST(!transitions.contains({distribution.subgoal(unseen[i - 1]), distribution.subgoal(unseen[i])}));
}

BOOST_AUTO_TEST_CASE(the_papers_ant_tasks) {
    const auto distribution = TaskDistribution::ant_pretraining();
    std::set<std::string> different;
    std::set<std::pair<int, int>> transitions;
    for (const Task& task : distribution.tasks()) {
        different.insert(to_string(task));
        BOOST_TEST(task.length == 3);
        for (int i = 1; i < task.length; ++i) transitions.insert({task[i - 1], task[i]});
        for (int i = 0; i < task.length; ++i) BOOST_TEST(distribution.subgoal(task[i]) == task[i]);
    }
    BOOST_TEST(different.size() == 16u);
    // All transitions between different colours but those to the next one modulo 4, of which the unseen task is made.
    BOOST_TEST(transitions.size() == 8u);
    for (const auto& [from, to] : transitions) BOOST_TEST((to != from && to != (from + 1) % 4));
    BOOST_TEST((TaskDistribution::ant_posttraining().tasks()[0] == ascending_task(4)));
}

BOOST_AUTO_TEST_CASE(transition_rule_lists_exactly_what_it_permits) {
    for (const auto& [colours, length] : {std::pair{4, 4}, {3, 5}, {6, 4}, {5, 1}, {1, 1}}) {
        const auto distribution = TaskDistribution::transition_rule(colours, length);
        std::set<std::string> listed;
        for (const Task& task : distribution.tasks()) listed.insert(to_string(task));
        BOOST_TEST(listed.size() == distribution.tasks().size());
        // Every sequence of that length, by counting in base `colours`.
        int all = 1, permitted = 0;
        for (int i = 0; i < length; ++i) all *= colours;
        for (int number = 0; number < all; ++number) {
            Task task;
            for (int rest = number; task.length < length; rest /= colours)
                task.colours[task.length++] = static_cast<std::int8_t>(rest % colours);
            bool legal = true;
            for (int i = 1; i < length; ++i)
                legal = legal && task[i] != task[i - 1] && task[i] != (task[i - 1] + 1) % colours;
            permitted += legal;
            BOOST_TEST(legal == listed.contains(to_string(task)));
        }
        BOOST_TEST(static_cast<int>(listed.size()) == permitted);
    }
    BOOST_TEST(to_string(ascending_task(4)) == "0-1-2-3");
    BOOST_TEST(TaskDistribution::transition_rule(4, 4).tasks().size() == 32u);
    BOOST_TEST(TaskDistribution::transition_rule(6, 4).tasks().size() == 384u);
}

BOOST_AUTO_TEST_CASE(impossible_distributions_are_refused) {
    BOOST_CHECK_EXCEPTION(TaskDistribution::transition_rule(10, 7), core::Error, message("more than 100000"));
    BOOST_CHECK_EXCEPTION(TaskDistribution::transition_rule(2, 3), core::Error, message("fewer than 3"));
    BOOST_CHECK_EXCEPTION(TaskDistribution::transition_rule(4, 17), core::Error, message("valid is 1 to 16"));
    BOOST_CHECK_EXCEPTION(TaskDistribution::transition_rule(4, 0), core::Error, message("valid is 1 to 16"));
    BOOST_CHECK_EXCEPTION(TaskDistribution(std::vector<Task>{}), core::Error, message("at least one task"));
    BOOST_CHECK_EXCEPTION(TaskDistribution(parse_task("0"), 0), core::Error, message("at least 1 colour"));
    BOOST_CHECK_EXCEPTION(ascending_task(17), core::Error, message("valid is 1 to 16"));
}

BOOST_AUTO_TEST_CASE(samples_are_uniform_over_rows) {
    const TaskDistribution distribution({parse_task("0-1"), parse_task("1-0"), parse_task("0-1"), parse_task("2")});
    core::Random random(3);
    std::map<std::string, int> counts;
    constexpr int draws = 40000;
    for (int i = 0; i < draws; ++i) ++counts[to_string(distribution.sample(random))];
    BOOST_TEST(counts.size() == 3u);
    for (const auto& [text, share] : {std::pair<std::string, double>{"0-1", .5}, {"1-0", .25}, {"2", .25}})
        BOOST_TEST(std::abs(counts[text] - share * draws) < 4 * std::sqrt(draws * share * (1 - share)));
}
