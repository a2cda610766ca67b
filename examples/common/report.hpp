/// \file
/// The page that a run ends with: what each stage reached against what it could reach, as tables and figures.
#pragma once

#include "common/chain.hpp"
#include "common/components_report.hpp"
#include "common/page.hpp"
#include "common/plot.hpp"

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
inline Series success_series(const io::Table& table, std::string label, int colour) {
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
/// The mean of the last tenth of a column.
inline double last_mean(std::span<const double> values) {
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
    const auto csv = [&](const std::string& name) {
        core::require(io::exists(folder / (name + ".csv")), [&] {
            return "there is no " + (folder / (name + ".csv")).string() + ": run the stages before the report";
        });
        return io::read_csv(folder / (name + ".csv"));
    };
    const auto pretrain = csv("pretrain"), probe = csv("probe"), steer = csv("steer"), discover = csv("discover"),
               codes = csv("codes"), summary = csv("codes-summary"), inspect = csv("inspect"),
               informed = csv("informed"), internal = csv("internal-rl"), internal_modes = csv("internal-rl-modes"),
               raw = csv("raw-rl"), raw_modes = csv("raw-rl-modes");
    const auto nll = pretrain.column("action_nll");
    const auto accuracy = probe.column("accuracy");
    const auto steer_success = steer.column("success");
    const auto best_layer =
        static_cast<std::size_t>(std::max_element(steer_success.begin(), steer_success.end()) - steer_success.begin());
    double weakest = 1;
    for (std::size_t c = 3; c < steer.names.size(); ++c) weakest = std::min(weakest, steer.columns[c][best_layer]);
    const double internal_success = detail::last_mean(internal.column("success")),
                 raw_success = detail::last_mean(raw.column("success"));
    const double first_success = internal.column("success").front();
    const auto seconds = [](const io::Table& table) {
        return table.column("seconds").empty() ? 0.0 : table.column("seconds").back();
    };
    const auto last = [](const io::Table& table, const char* name) { return table.column(name).back(); };

    Page page(fmt::format("midstream: {} run, seed {}", P::name, chain.s.seed), world.world);
    const auto number = [](double value, int digits = 3) {
        return std::isnan(value) ? std::string("-") : fmt::format("{:.{}f}", value, digits);
    };
    const auto reference = [&](double value, const std::string& whose) {
        return std::isnan(value) ? std::string("-") : number(value) + " (" + whose + ")";
    };
    Table stages{.header = {"stage", "result", "value", "reference", "time"}};
    stages.rows = {
        {"pretrain", "action loss, nats/step", number(nll.back()), reference(world.least_loss, world.least_loss_name),
         duration_text(seconds(pretrain))},
        {"probe", "subgoal read out, best layer", number(*std::max_element(accuracy.begin(), accuracy.end())),
         reference(world.most_accuracy, world.least_loss_name), ""},
        {"steer", fmt::format("supervised controllers, unseen task, layer {}", best_layer),
         number(steer_success[best_layer]), number(world.expert_success) + " (expert)", ""},
        {"discover", "switches: precision / recall",
         number(last(discover, "precision"), 2) + " / " + number(last(discover, "recall"), 2), "1 / 1",
         duration_text(seconds(discover))},
        {"discover", "a held code's most frequent goal", number(summary.column("mode_share").back()), "1", ""},
        {"discover", "a code reaches the goal it was taken from in a new layout",
         number(summary.column("transplant").back()), number(1.0 / P::subgoals) + " by chance", ""},
        {"internal RL", "success of who knows the subgoals and their codes",
         number(last(informed, "success")) + fmt::format(", {:.1f} decisions", last(informed, "decisions")),
         number(world.expert_success) + " (expert)", ""},
        {"internal RL", fmt::format("success after {} episodes", count_text(last(internal, "episodes"))),
         number(internal_success), number(first_success) + " (first batch)", duration_text(seconds(internal))},
        {"internal RL", "the same policy, by the means of its codes", number(last(internal_modes, "success")),
         number(world.expert_success) + " (expert)", ""},
        {"raw-action RL", fmt::format("success after {} episodes", count_text(last(raw, "episodes"))),
         number(raw_success), "", duration_text(seconds(raw))},
        {"raw-action RL", "the same policy, by its most likely actions", number(last(raw_modes, "success")), "", ""}};
    print(stages);
    page.table(stages, "What each stage reached.");
    std::vector<Gate> gates;
    if (world.least_loss_is_tight)
        gates.push_back({"The base model is close to the loss of " + world.least_loss_name,
                         number(nll.back() - world.least_loss) + " nats/step above", "<= 0.03",
                         nll.back() - world.least_loss <= 0.03});
    gates.insert(
        gates.end(),
        {{"It is steerable: every unseen transition succeeds under supervised controllers at some layer",
          number(weakest, 2) + " (weakest, best layer)", ">= 0.9", weakest >= 0.9},
         {"Held codes mean goals",
          number(summary.column("decisive").back(), 2) + " of codes send to one goal in 80% of episodes; " +
              number(summary.column("covered").back(), 0) + " goals covered",
          fmt::format("> 0.5 of codes, {} goals", P::subgoals),
          summary.column("decisive").back() > 0.5 && summary.column("covered").back() >= P::subgoals},
         {"The switch opens where subgoals change",
          number(last(discover, "precision"), 2) + " precision, " + number(last(discover, "recall"), 2) + " recall",
          ">= 0.9 each", last(discover, "precision") >= 0.9 && last(discover, "recall") >= 0.9},
         {"Internal RL solves the unseen task", number(internal_success),
          world.expert_success < 1 ? fmt::format(">= 0.8 of the expert's {}", number(world.expert_success)) : ">= 0.8",
          internal_success >= 0.8 * world.expert_success},
         {"Raw-action RL does not", number(raw_success), "< 0.05", raw_success < 0.05}});
    page.gates(gates);

    page.heading("1. The base model");
    std::vector<Level> least;
    if (!std::isnan(world.least_loss)) least.push_back({world.least_loss_name, world.least_loss});
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
            (std::isnan(world.most_accuracy) ? std::string()
                                             : fmt::format(" The exact posterior's best guess is right {} of the time.",
                                                           number(world.most_accuracy, 2))));

    page.heading("2. Supervised controllers");
    std::vector<Bars> bars{{.label = "success on the unseen task", .values = detail::vector(steer_success)}};
    std::vector<std::string> steer_layers;
    for (const double layer : steer.column("layer")) steer_layers.push_back(fmt::format("{:.0f}", layer));
    for (std::size_t c = 3; c < steer.names.size(); ++c)
        bars.push_back({.label = "transition " + steer.names[c], .values = steer.columns[c]});
    page.figure(bar_chart(folder / "plot-steer", {.x_label = "layer that the controllers write to",
                                                  .y_label = "success",
                                                  .categories = steer_layers,
                                                  .bars = bars,
                                                  .y_high = 1}),
                "One linear controller for each true subgoal, switched by the true subgoal, on the task whose "
                "transitions pretraining never showed.");

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
    page.figures(
        {{line_plot(
              folder / "plot-discover",
              {.x_label = "update",
               .y_label = "action loss (nats/step)",
               .series = {{.label = "steered model", .x = updates, .y = detail::vector(discover.column("action_nll"))}},
               .y_low = world.loss_low,
               .levels = {{"base model", nll.back()}}}),
          "Discovery: the loss of the next action once the model is steered."},
         {line_plot(folder / "plot-divergence",
                    {.x_label = "update",
                     .y_label = "divergence (nats/step)",
                     .series = {{.label = "codes", .x = updates, .y = detail::vector(discover.column("divergence"))}},
                     .y_low = 0}),
          "How far proposals are from the prior N(0, I)."}});
    page.figure(line_plot(folder / "plot-alignment", {.x_label = "update",
                                                      .y_label = "",
                                                      .series = {{.label = "precision",
                                                                  .x = detail::vector(discover.column("step")),
                                                                  .y = detail::vector(discover.column("precision"))},
                                                                 {.label = "recall",
                                                                  .x = detail::vector(discover.column("step")),
                                                                  .y = detail::vector(discover.column("recall"))}},
                                                      .y_low = 0,
                                                      .y_high = 1}),
                "Agreement of the switches with the true changes of subgoal, within one step, during discovery.");
    Table fixed{.header = {"code"}};
    for (int goal = 0; goal < P::goals; ++goal) fixed.header.push_back(fmt::format("goal {}", goal));
    fixed.header.push_back("none");
    for (std::size_t k = 0; k < std::min<std::size_t>(12, codes.columns[0].size()); ++k) {
        std::vector<std::string> row{fmt::format("{}", k + 1)};
        for (std::size_t c = 1; c < codes.names.size(); ++c) row.push_back(number(codes.columns[c][k], 2));
        fixed.rows.push_back(std::move(row));
    }
    page.paragraph(
        fmt::format("The fixed-z test: codes drawn from N(0, I), each held over {} episodes; which goal is reached "
                    "first. Over {} codes the most frequent goal of a code has a share of {}, "
                    "codes and goals share {} nats, and a code taken from one episode reaches the same goal in a new "
                    "layout {} of the time.",
                    chain.s.codes.episodes, chain.s.codes.count, number(summary.column("mode_share").back(), 2),
                    number(summary.column("information").back(), 2), number(summary.column("transplant").back(), 2)));
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
                            "on the model's own actions. One run, seed {}.",
                            chain.s.seed));
    if (!world.rollouts.empty()) page.figures(world.rollouts);
    page.write(folder / "report.html");
    fmt::print("\nThe page: {}\n", (folder / "report.html").string());
}

}  // namespace midstream::examples
