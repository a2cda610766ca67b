/// \file
/// The page that a run ends with: what each stage reached against what it could reach, as tables and figures.
#pragma once

#include "common/chain.hpp"
#include "common/components_report.hpp"
#include "common/page.hpp"
#include "common/plot.hpp"
#include "common/results.hpp"

namespace midstream::examples {

/// Pictures and reference values that only a preset's world can give.
struct WorldReport {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    double least_loss = unknown;          ///< no model's action loss is lower, nats per step
    std::string least_loss_name = "";     ///< whose loss that is
    std::string least_loss_caption = "";  ///< the same in a sentence
    double loss_low = 0;                  ///< where plots of the loss begin; unknown: at the data
    bool least_loss_is_tight = false;     ///< could a model reach it?
    double most_accuracy = unknown;       ///< of the best possible guess of the subgoal
    double expert_success = 1;            ///< on the unseen task
    std::string world;                    ///< what the world and its tasks are, in a sentence
    std::vector<Figure> rollouts;         ///< ways of the trained hierarchy on the unseen task
};

namespace detail {
/// The running mean of success over some batches, against episodes.
template <class Table>
Series success_series(const Table& table, std::string label, int colour) {
    Series series{.label = std::move(label), .colour = colour};
    const auto episodes = table.column("episodes"), success = table.column("success");
    const std::size_t window = std::max<std::size_t>(1, success.size() / 60);
    for (std::size_t i = 0; i + window <= success.size(); i += window) {
        double sum = 0;
        for (std::size_t k = i; k < i + window; ++k) sum += success[k] / static_cast<double>(window);
        series.x.push_back(episodes[i + window - 1]);
        series.y.push_back(sum);
    }
    return series;
}
/// The mean of the last tenth of a column; NaN without rows.
inline double last_mean(std::span<const double> values) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    const std::size_t count = std::max<std::size_t>(1, values.size() / 10);
    double sum = 0;
    for (std::size_t i = values.size() - count; i < values.size(); ++i) sum += values[i] / static_cast<double>(count);
    return sum;
}
inline std::vector<double> vector(std::span<const double> values) { return {values.begin(), values.end()}; }
}  // namespace detail

/// Builds page and terminal table from what the stages left in the run's folder.
template <class P>
void report(Chain<P>& chain, const WorldReport& world) {
    const auto& folder = chain.folder;
    const auto csv = [&](const std::string& name) { return Results(folder / (name + ".csv")); };
    const auto pretrain = csv("pretrain"), probe = csv("probe"), steer = csv("steer"), discover = csv("discover"),
               codes = csv("codes"), summary = csv("codes-summary"), inspect = csv("inspect"),
               informed = csv("informed"), internal = csv("internal-rl"), internal_modes = csv("internal-rl-modes"),
               raw = csv("raw-rl"), raw_modes = csv("raw-rl-modes"), alone = csv("steer-base"),
               gains = csv("steer-gains");
    const auto& nll = pretrain.column("action_nll");
    const double last_nll = pretrain.last("action_nll");
    const auto& accuracy = probe.column("accuracy");
    const auto& steer_success = steer.column("success");
    // Chosen by tasks of which nothing is reported, where the preset has such.
    const std::size_t best_layer = steer.best_row(chain.has_selection() ? "selection" : "success");
    const auto weakest_of = [](const Results& results, std::size_t row) {
        double weakest = WorldReport::unknown;
        for (std::size_t c = 0; c < results.table.names.size(); ++c)
            if (results.table.names[c].find('>') != std::string::npos)
                weakest = std::fmin(weakest, Results::at(results.table.columns[c], row));
        return weakest;
    };
    const double weakest = weakest_of(steer, best_layer);
    const double internal_success = detail::last_mean(internal.column("success")),
                 raw_success = detail::last_mean(raw.column("success"));
    const double first_success = internal.first("success");
    const auto seconds = [](const Results& results) {
        const double value = results.last("seconds");
        return std::isnan(value) ? std::string("-") : duration_text(value);
    };
    const auto episodes = [](const Results& results) {
        const double value = results.last("episodes");
        return std::isnan(value) ? std::string("-") : count_text(value);
    };
    const auto last = [](const Results& results, const char* name) { return results.last(name); };

    // The same as everywhere, but for what happens where there is nothing to draw.
    const auto line_plot = [](const std::filesystem::path& stem, const LinePlot& plot) {
        return detail::drawing([&] { return examples::line_plot(stem, plot); });
    };
    const auto bar_chart = [](const std::filesystem::path& stem, const BarChart& chart) {
        return detail::drawing([&] { return examples::bar_chart(stem, chart); });
    };
    const auto gate_plot = [](const std::filesystem::path& stem, const GatePlot& plot) {
        return detail::drawing([&] { return examples::gate_plot(stem, plot); });
    };

    Page page(fmt::format("midstream: {} run, seed {}", P::name, chain.s.seed), world.world);
    const auto number = [](double value, int digits = 3) {
        return core::is_nan(value) ? std::string("-") : fmt::format("{:.{}f}", value, digits);
    };
    const auto reference = [&](double value, const std::string& whose) {
        return core::is_nan(value) ? std::string("-") : number(value) + " (" + whose + ")";
    };
    const auto two = [&](const Results& results, const std::string& first, const std::string& second) {
        return number(results.last(first), 2) + " / " + number(results.last(second), 2);
    };
    const std::string expert_success = number(world.expert_success) + " (expert)";
    Table stages{.header = {"stage", "result", "value", "by chance", "reference", "time"}};
    stages.rows = {
        {"pretrain", "action loss, nats/step", number(last_nll), "", reference(world.least_loss, world.least_loss_name),
         seconds(pretrain)},
        {"probe", "subgoal read out, best layer", number(Results::at(accuracy, probe.best_row("accuracy"))),
         "about " + number(1.0 / P::subgoals, 2), reference(world.most_accuracy, world.least_loss_name), ""},
        {"steer", fmt::format("supervised controllers, unseen task, layer {}", best_layer),
         number(Results::at(steer_success, best_layer)), number(alone.last("success")) + " (base model alone)",
         expert_success, ""},
        {"discover", "switches within one step: precision / recall", two(discover, "precision", "recall"),
         two(discover, "chance_precision", "chance_recall"), "1 / 1", seconds(discover)},
        {"discover", "switches at the very step: precision / recall", two(discover, "precision_0", "recall_0"),
         two(discover, "chance_precision_0", "chance_recall_0"), "1 / 1", ""},
        {"discover", "how much later than their changes those within one step are, in steps",
         number(discover.last("offset"), 2), "0", "0", ""},
        {"discover", "a held code's most frequent goal", number(summary.last("mode_share")),
         number(summary.last("chance_mode_share")), "1", ""},
        {"discover", "a code reaches the goal it was taken from in a new layout", number(summary.last("transplant")),
         number(summary.last("chance_transplant")), "1", ""},
        {"internal RL", "success of who is told the true subgoals and their codes",
         number(last(informed, "success")) + ", " + number(last(informed, "decisions"), 1) + " decisions",
         number(first_success) + " (random codes)", expert_success, ""},
        {"internal RL", fmt::format("success after {} episodes", episodes(internal)), number(internal_success),
         number(first_success) + " (random codes)", expert_success, seconds(internal)},
        {"internal RL", "the same policy, by the means of its codes", number(last(internal_modes, "success")), "",
         expert_success, ""},
        {"raw-action RL", fmt::format("success after {} episodes", episodes(raw)), number(raw_success),
         number(raw.first("success")) + " (base model alone)", "", seconds(raw)},
        {"raw-action RL", "the same policy, by its most likely actions", number(last(raw_modes, "success")), "", "",
         ""}};
    print(stages);
    page.table(stages, "What each stage reached.");
    std::vector<Gate> gates;
    if (world.least_loss_is_tight)
        gates.push_back({"The base model is close to the loss of " + world.least_loss_name,
                         number(last_nll - world.least_loss) + " nats/step above", "<= 0.03",
                         last_nll - world.least_loss <= 0.03});
    const double late = discover.last("offset");
    gates.insert(
        gates.end(),
        {{"It is steerable: every unseen transition succeeds under supervised controllers",
          number(weakest, 2) + fmt::format(" (weakest, layer {})", best_layer), ">= 0.9", weakest >= 0.9,
          number(weakest_of(alone, 0), 2) + " (weakest, base model alone)"},
         {"Held codes mean goals",
          number(summary.last("decisive"), 2) + " of codes send to one goal in 80% of episodes; " +
              number(summary.last("covered"), 0) + " goals covered",
          fmt::format("> 0.5 of codes, {} goals", P::subgoals),
          summary.last("decisive") > 0.5 && summary.last("covered") >= P::subgoals,
          number(summary.last("chance_decisive"), 2) + " of codes; " + number(summary.last("chance_covered"), 1) +
              " goals"},
         {"The switch opens where subgoals change, give or take a step",
          number(last(discover, "precision"), 2) + " precision, " + number(last(discover, "recall"), 2) +
              " recall; to the step " + two(discover, "precision_0", "recall_0") + "; " +
              (std::isnan(late) ? std::string("none matched") : fmt::format("{:+.2f} steps late", late)),
          ">= 0.9 each, late by half a step at most",
          last(discover, "precision") >= 0.9 && last(discover, "recall") >= 0.9 && std::abs(late) <= 0.5,
          two(discover, "chance_precision", "chance_recall") + "; to the step " +
              two(discover, "chance_precision_0", "chance_recall_0")},
         {"Internal RL solves the unseen task", number(internal_success),
          world.expert_success < 1 ? fmt::format(">= 0.8 of the expert's {}", number(world.expert_success)) : ">= 0.8",
          internal_success >= 0.8 * world.expert_success, number(first_success) + " (random codes)"},
         {"Raw-action RL does not", number(raw_success), "< 0.05", raw_success < 0.05,
          number(raw.first("success")) + " (base model alone)"}});
    page.gates(gates);

    page.heading("1. The base model");
    std::vector<Level> least;
    if (!core::is_nan(world.least_loss)) least.push_back({world.least_loss_name, world.least_loss});
    page.figure(line_plot(folder / "plot-pretrain", {.x_label = "episodes",
                                                     .y_label = "action loss (nats/step)",
                                                     .series = {{.label = "base model",
                                                                 .x = detail::vector(pretrain.column("episodes")),
                                                                 .y = detail::vector(nll)}},
                                                     .y_low = world.loss_low,
                                                     .levels = least}),
                "Loss of the next action during pretraining. " + world.least_loss_caption);
    std::vector<std::string> layers;
    for (std::size_t l = 0; l < accuracy.size(); ++l) layers.push_back(fmt::format("{}", l));
    page.figure(
        bar_chart(folder / "plot-probe", {.x_label = "layer of the residual stream",
                                          .y_label = "accuracy",
                                          .categories = layers,
                                          .bars = {{.label = "linear probe", .values = detail::vector(accuracy)}},
                                          .y_high = 1}),
        "How well a linear probe reads the current subgoal from each layer, over all time steps." +
            (core::is_nan(world.most_accuracy)
                 ? std::string()
                 : fmt::format(" The exact posterior's best guess is right {} of the time.",
                               number(world.most_accuracy, 2))));

    page.heading("2. Supervised controllers");
    std::vector<Bars> bars{{.label = "success on the unseen task", .values = detail::vector(steer_success)}};
    std::vector<std::string> steer_layers;
    for (const double layer : steer.column("layer")) steer_layers.push_back(fmt::format("{:.0f}", layer));
    for (std::size_t c = 0; c < steer.table.names.size(); ++c)
        if (steer.table.names[c].find('>') != std::string::npos)
            bars.push_back({.label = "transition " + steer.table.names[c], .values = steer.table.columns[c]});
    if (chain.has_selection())
        bars.push_back({.label = "success on the tasks for selection", .values = steer.column("selection")});
    page.figure(bar_chart(folder / "plot-steer", {.x_label = "layer that the controllers write to",
                                                  .y_label = "success",
                                                  .categories = steer_layers,
                                                  .bars = bars,
                                                  .y_high = 1}),
                "One linear controller for each true subgoal, switched by the true subgoal, on the task whose "
                "transitions pretraining never showed.");

    if (const auto selection = P::selection_tasks()) {
        std::string tasks;
        for (const env::Task& task : selection->tasks()) tasks += (tasks.empty() ? "" : ", ") + env::to_string(task);
        Table by_gain{.header = {"layer"}};
        for (std::size_t row = 0; row < gains.column("layer").size(); ++row) {
            const double layer = gains.column("layer")[row], gain = gains.column("gain")[row];
            if (layer == 0) by_gain.header.push_back(fmt::format("gain {:g}", gain));
            if (row == 0 || layer != gains.column("layer")[row - 1])
                by_gain.rows.push_back({fmt::format("{:.0f}", layer)});
            by_gain.rows.back().push_back(number(gains.column("selection")[row], 2));
        }
        page.paragraph(fmt::format(
            "Gain and layer are to be chosen by tasks of which nothing is reported: {}, which have an unseen "
            "transition "
            "that the unseen task lacks. By them layer {} is the best at the gain {:g} that this run acts with. The "
            "rates of refinement, and the preset's gain and layer at first, were found by the unseen task itself "
            "(docs/laptop-scale.md): its figures are those of the best of several settings.",
            tasks, best_layer, chain.s.gain));
        page.table(by_gain, "Success on the tasks for selection.");
    } else {
        page.paragraph(
            "Gain, layer and rates of refinement were chosen by the unseen task itself, as it has every transition "
            "that "
            "pretraining lacks: its figures are those of the best of several settings.");
    }

    const auto held_out = chain.held_out_episodes(6);
    if constexpr (Chain<P>::finds_events) components_section(chain, held_out, page);

    page.heading("3. Abstract actions, discovered");
    const auto inferred =
        analysis::infer<typename P::Meta>(chain.parallel, chain.base(), chain.meta(), held_out,
                                          chain.stream(Chain<P>::evaluation).fork(1), chain.pass_options());
    GatePlot switches;
    for (int e = 0; e < held_out.count(); ++e) {
        GateTrace trace{.label = fmt::format("episode {}", e + 1)};
        const int first = held_out.sequences().first(e), length = held_out.sequences().length(e);
        for (int row = first; row < first + length; ++row) {
            trace.gates.push_back(inferred.gates.view().data[row]);
            if (row > first && held_out.subgoals[static_cast<std::size_t>(row)] !=
                                   held_out.subgoals[static_cast<std::size_t>(row) - 1])
                trace.changes.push_back(row - first);
        }
        switches.traces.push_back(std::move(trace));
    }
    page.figure(gate_plot(folder / "plot-gates", switches),
                "The switch gate over time in six expert episodes; dashed lines mark the steps at which the true "
                "subgoal changes, which no stage was told.");
    const auto updates = detail::vector(discover.column("step"));
    std::vector<Level> base_level;
    if (!std::isnan(last_nll)) base_level.push_back({"base model", last_nll});
    page.figures(
        {{line_plot(
              folder / "plot-discover",
              {.x_label = "update",
               .y_label = "action loss (nats/step)",
               .series = {{.label = "steered model", .x = updates, .y = detail::vector(discover.column("action_nll"))}},
               .y_low = world.loss_low,
               .levels = base_level}),
          "Discovery: the loss of the next action once the model is steered."},
         {line_plot(folder / "plot-divergence",
                    {.x_label = "update",
                     .y_label = "divergence (nats/step)",
                     .series = {{.label = "codes", .x = updates, .y = detail::vector(discover.column("divergence"))}},
                     .y_low = 0}),
          "How far proposals are from the prior N(0, I)."}});
    LinePlot alignment{.x_label = "update", .y_label = "", .series = {}, .y_low = 0, .y_high = 1};
    for (const auto& [label, column] : {std::pair{"precision", "precision"},
                                        {"recall", "recall"},
                                        {"precision, to the step", "precision_0"},
                                        {"recall, to the step", "recall_0"},
                                        {"precision by chance", "chance_precision"},
                                        {"recall by chance", "chance_recall"}})
        alignment.series.push_back({.label = label, .x = updates, .y = detail::vector(discover.column(column))});
    page.figure(
        line_plot(folder / "plot-alignment", alignment),
        "Agreement of the switches with the true changes of subgoal during discovery, within one step and to "
        "the step. By chance: what as many switches an episode at random steps come to. Gates are "
        "those of the expert's episodes, drawn as in training; that of an episode's first step, at which a code "
        "is always asked for, does not count.");
    Table fixed{.header = {"code"}};
    for (int goal = 0; goal < P::goals; ++goal) fixed.header.push_back(fmt::format("goal {}", goal));
    fixed.header.push_back("none");
    for (std::size_t k = 0; k < std::min<std::size_t>(12, codes.table.columns[0].size()); ++k) {
        std::vector<std::string> row{fmt::format("{}", k + 1)};
        for (std::size_t c = 1; c < codes.table.names.size(); ++c) row.push_back(number(codes.table.columns[c][k], 2));
        fixed.rows.push_back(std::move(row));
    }
    page.paragraph(fmt::format(
        "The fixed-z test: codes drawn from N(0, I), each held over {} episodes; which goal is reached "
        "first. Over {} codes the most frequent goal of a code has a share of {}, "
        "codes and goals share {} nats, and a code taken from one episode reaches the same goal in a new "
        "layout {} of the time. With the same outcomes dealt to codes at random that is {}, {} nats and {}.",
        chain.s.codes.episodes, chain.s.codes.count, number(summary.last("mode_share"), 2),
        number(summary.last("information"), 2), number(summary.last("transplant"), 2),
        number(summary.last("chance_mode_share"), 2), number(summary.last("chance_information"), 2),
        number(summary.last("chance_transplant"), 2)));
    page.table(fixed, "The first of these codes: shares of episodes.");

    std::vector<std::string> where;
    Bars injected{.label = "code injected"}, left_alone{.label = "left alone"};
    for (std::size_t row = 0; row < inspect.column("goal").size(); ++row) {
        const double after = inspect.column("after")[row], goal = inspect.column("goal")[row];
        where.push_back(after < 0 ? fmt::format("goal {:.0f}", goal) : fmt::format("{:.0f} > {:.0f}", after, goal));
        for (auto* arm : {&injected, &left_alone}) {
            const double share = inspect.column(arm == &injected ? "injected" : "left_alone")[row],
                         count = std::max(1.0, inspect.column("episodes")[row]);
            const double error = std::sqrt(share * (1 - share) / count);
            arm->values.push_back(share);
            arm->low.push_back(share - error);
            arm->high.push_back(share + error);
        }
    }
    page.figure(bar_chart(folder / "plot-inspect", {.x_label = "what the code had led to before",
                                                    .y_label = "reached next",
                                                    .categories = where,
                                                    .bars = {injected, left_alone},
                                                    .y_high = 1}),
                fmt::format("Codes that were in force when a goal was reached, put in force in other episodes: after "
                            "step {}, and (a > b) where a has just been reached, which the expert never follows by b. "
                            "Share of episodes that reach the goal before any other, with standard errors; the same "
                            "episodes left alone draw a code from N(0, I) at every switch.",
                            chain.s.inspect.step));

    page.heading("4. Internal RL");
    std::vector<Level> expert;
    if (world.expert_success < 1) expert.push_back({"expert", world.expert_success});
    page.figure(line_plot(folder / "plot-rl", {.x_label = "episodes",
                                               .y_label = "success on the unseen task",
                                               .series = {detail::success_series(internal, "internal RL (codes)", 0),
                                                          detail::success_series(raw, "raw-action RL", 1)},
                                               .y_low = 0,
                                               .y_high = 1,
                                               .levels = expert}),
                fmt::format("Success on the unseen task, sparse reward. The same algorithm acts on controller codes or "
                            "on the model's own actions. One run, seed {}.{} Not counted are the episodes in which "
                            "supervised controllers and who is told the subgoals were measured ({} each): no policy "
                            "learns from them.",
                            chain.s.seed,
                            chain.view_episodes > 0
                                ? fmt::format(" The first {} episodes teach internal RL's policy nothing but the scale "
                                              "of what it sees.",
                                              chain.view_episodes)
                                : std::string(),
                            chain.s.steer.episodes));
    if (!world.rollouts.empty()) page.figures(world.rollouts);
    page.write(folder / "report.html");
    show(stdout, "\nThe page: " + (folder / "report.html").string() + "\n");
}

}  // namespace midstream::examples
