#include "midstream/rl/pathwise.hpp"

#include <array>
#include <numbers>

#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/surrogate.hpp"
#include "rl/toys.hpp"
#include "support/gradient_check.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

/// Episodes with random noise, actions and decisions, and what they are of.
template <class M>
struct Random {
    using Policy = model::Autoregressive<data::Dense<5>, data::Continuous<M::code>, model::Hawk<test::policy_shape>>;
    using Path = rl::Pathwise<Policy, M>;
    core::Box<TinyModel::Parameters<double>> base = test::random_model<TinyModel, double>(core::Random(1), 0.3);
    core::Box<typename M::template Parameters<double>> meta = test::random_model<M, double>(core::Random(2), 0.4);
    core::Box<typename Policy::template Parameters<double>> policy =
        test::random_model<Policy, double>(core::Random(3), 0.2);
    core::Box<typename Policy::template Parameters<double>> gradient;
    rl::CodesToActions<M, double> frozen{*base, meta->decoder, 0.7, 1.5};
    train::EpisodesOf<TinyModel, double> steps = test::random_episodes<TinyModel, double>(core::Random(4));
    std::vector<int> offsets{0}, in_force;
    std::vector<double> seen, noise, old, advantages;
    typename Path::template Tape<double> tape;

    Random() {
        core::Random random(5);
        for (int s = 0; s < steps.count(); ++s) {
            int decision = 0;
            for (int t = 0; t < steps.sequences().length(s); ++t) {
                decision += t > 0 && random.below(3) == 0;
                in_force.push_back(decision);
            }
            offsets.push_back(offsets.back() + decision + 1);
            advantages.push_back(s % 2 == 0 ? -0.7 : 1.3 - 0.1 * s);
        }
        seen.resize(static_cast<std::size_t>(offsets.back()) * 5);
        noise.resize(static_cast<std::size_t>(offsets.back()) * M::code);
        test::fill_normal(seen, random);
        test::fill_normal(noise, random);
        Path::decide(*policy, paths(), tape);
        Path::act(frozen, paths(), tape);
        for (const double p : tape.log_probabilities.view().flat()) old.push_back(p);
    }
    typename Path::template Episodes<double> paths() const {
        return {{offsets},         {seen.data(), offsets.back()}, {noise.data(), offsets.back()},
                steps.sequences(), steps.observation_rows(),      steps.action_rows(),
                in_force};
    }
    template <class Gradient>
    rl::SurrogateSums run(Gradient&& to) {
        return rl::pathwise_surrogate<Policy>(*policy, frozen, paths(), old, advantages, 0.2, 0.4, tape, to);
    }
};

/// Ratios of old to present likelihoods, in turn.
template <int Read, int Write, class Form>
void check_gradient(const std::vector<double>& ratios) {
    using M = control::Metacontroller<TinyModel, test::tiny_meta(Read, Write), Form>;
    Random<M> r;
    double expected = 0, clipped = 0;
    for (int s = 0; s < r.steps.count(); ++s)
        for (int row = r.steps.sequences().row(s); row < r.steps.sequences().row(s + 1); ++row) {
            const double ratio = ratios[static_cast<std::size_t>(row) % ratios.size()],
                         a = r.advantages[static_cast<std::size_t>(s)];
            r.old[static_cast<std::size_t>(row)] -= std::log(ratio);
            expected += std::min(ratio * a, std::clamp(ratio, 0.8, 1.2) * a);
            clipped += std::clamp(ratio, 0.8, 1.2) * a < ratio * a;
        }
    const auto sums = r.run(*r.gradient);
    BOOST_TEST(sums.surrogate == expected, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(sums.clipped == clipped);
    BOOST_TEST(sums.decisions == r.steps.rows());
    test::check_gradient("pathwise surrogate", core::flat<double>(*r.policy), core::flat<double>(*r.gradient),
                         [&] { return -0.4 * r.run(core::Frozen{}).surrogate; });
}
BOOST_AUTO_TEST_CASE(gradient) { check_gradient<1, 1, control::LowRank<2>>({1}); }
BOOST_AUTO_TEST_CASE(gradient_by_ratios_some_of_which_are_clipped) {
    check_gradient<2, 0, control::LowRank<2>>({0.7, 0.9, 1.1, 1.4});
}
BOOST_AUTO_TEST_CASE(gradient_of_full_controllers_at_the_last_layer) {
    check_gradient<1, 3, control::FullLinear>({1, 1.1});
}

BOOST_AUTO_TEST_CASE(episodes_by_themselves_add_up) {
    using M = control::Metacontroller<TinyModel, test::tiny_meta(1, 1), control::LowRank<2>>;
    Random<M> r;
    const auto sums = r.run(*r.gradient);
    core::Box<typename Random<M>::Policy::template Parameters<double>> added;
    rl::SurrogateSums parts;
    for (int s = 0; s < r.steps.count(); ++s) {
        const auto first = static_cast<std::size_t>(r.steps.sequences().row(s)),
                   count = static_cast<std::size_t>(r.steps.sequences().length(s));
        parts += rl::pathwise_surrogate<Random<M>::Policy>(
            *r.policy, r.frozen, r.paths().slice(s, 1), std::span<const double>(r.old).subspan(first, count),
            std::span<const double>(r.advantages).subspan(static_cast<std::size_t>(s), 1), 0.2, 0.4, r.tape, *added);
    }
    BOOST_TEST(parts.surrogate == sums.surrogate, boost::test_tools::tolerance(1e-9));
    const auto a = core::flat<double>(*added), b = core::flat<double>(*r.gradient);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_REQUIRE(std::abs(a[i] - b[i]) < 1e-9);
}

BOOST_AUTO_TEST_CASE(a_decision_that_there_is_not_is_refused) {
    using M = control::Metacontroller<TinyModel, test::tiny_meta(1, 1), control::LowRank<2>>;
    Random<M> r;
    r.in_force.back() = 100;
    BOOST_CHECK_THROW(r.run(*r.gradient), core::Error);
    r.in_force.pop_back();
    BOOST_CHECK_THROW(r.run(*r.gradient), core::Error);
}

namespace {

/// Episodes of two steps. The first code is drawn at the first step; at the second the switch may open for another one,
/// depending on the first. What both actions pay is a table. The code is one number, so that all is known by summing
/// over a grid.
struct TwoSteps {
    static constexpr control::MetacontrollerShape shape = [] {
        auto tiny = test::tiny_meta(1, 1);
        tiny.code = 1;
        return tiny;
    }();
    using M = control::Metacontroller<TinyModel, shape, control::LowRank<2>>;
    using Opens = bool (*)(double first_code);
    using R = Random<M>;
    using Policy = R::Policy;
    using Path = R::Path;
    static constexpr int grid = 301, later_grid = 41;

    R r;
    std::array<double, 2> first, second;  // the distributions of both codes: mean and raw log-variance
    std::vector<double> pays;             // 4 x 4
    Path::Tape<double> tape;

    TwoSteps() {
        core::Random random(7);
        for (int i = 0; i < 16; ++i) pays.push_back(2 * random.uniform());
        core::map(r.meta->decoder.hidden.weight) *= 0.5;  // smooth enough for the grid
        Policy::forward(*r.policy, {two}, {r.seen.data(), 2}, tape.policy);
        for (std::size_t i = 0; i < 2; ++i) {
            first[i] = tape.policy.action.view().row(0)[i];
            second[i] = tape.policy.action.view().row(1)[i];
        }
    }

    /// What episodes with these two codes each pay in the mean.
    std::vector<double> worth(const std::vector<std::array<double, 2>>& codes) {
        Episodes e(*this, codes.size(), 2);
        auto rows = tape.codes.resize(2 * static_cast<int>(codes.size()));
        for (std::size_t i = 0; i < codes.size(); ++i) std::ranges::copy(codes[i], rows.row(2 * static_cast<int>(i)));
        Path::act(r.frozen, e.paths(*this), tape);
        std::vector<double> result(codes.size(), 0.0);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const auto at = [&](std::size_t step) {
                return TinyModel::Distribution::probabilities(
                    std::as_const(tape.base.action).view().row(2 * static_cast<int>(i) + static_cast<int>(step)), 0,
                    0.7);
            };
            const auto p = at(0), q = at(1);
            for (int a = 0; a < 4; ++a)
                for (int b = 0; b < 4; ++b) result[i] += p[a] * q[b] * pays[static_cast<std::size_t>(4 * a + b)];
        }
        return result;
    }
    /// The expected return where the first code has this distribution. Either the switch sees that code, or what the
    /// same noise made of the distribution as it was.
    double expected(const std::array<double, 2>& distribution, Opens opens, bool held) {
        constexpr double reach = 6, width = 2 * reach / grid, later_width = 2 * reach / later_grid;
        std::vector<std::array<double, 2>> codes;
        std::vector<double> weights;
        const auto density = [](double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); };
        for (int i = 0; i < grid; ++i) {
            // Seen, the grid is one of codes, as what opens jumps in these; held, of noise.
            const double at = -reach + (i + 0.5) * width;
            double was, code, noise;
            Path::Codes::from_noise(first.data(), &at, &was);
            if (held)
                Path::Codes::from_noise(distribution.data(), &(noise = at), &code);
            else
                Path::Codes::noise_of(distribution.data(), &(code = was), &noise);
            const double deviation = std::exp(
                0.5 * (Path::Codes::log_variance(first.data(), 0) - Path::Codes::log_variance(distribution.data(), 0)));
            const double weight = density(noise) * width * (held ? 1 : deviation);
            if (!opens(was)) {
                codes.push_back({code, code});
                weights.push_back(weight);
                continue;
            }
            for (int j = 0; j < later_grid; ++j) {
                const double later = -reach + (j + 0.5) * later_width;
                double next;
                Path::Codes::from_noise(second.data(), &later, &next);
                codes.push_back({code, next});
                weights.push_back(weight * density(later) * later_width);
            }
        }
        const auto values = worth(codes);
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
        return sum;
    }
    /// Its gradient in that distribution.
    std::array<double, 2> exact(Opens opens, bool held) {
        std::array<double, 2> result{};
        for (std::size_t i = 0; i < 2; ++i) {
            auto above = first, below = first;
            above[i] += 1e-4;
            below[i] -= 1e-4;
            result[i] = (expected(above, opens, held) - expected(below, opens, held)) / 2e-4;
        }
        return result;
    }

    /// Mean and standard error of both estimates of that gradient.
    struct Estimates {
        std::array<double, 2> score{}, path{}, score_error{}, path_error{};
    };
    Estimates estimate(Opens opens, int count = 20000) {
        core::Random random(9);
        Episodes e(*this, static_cast<std::size_t>(count), 0);
        for (int i = 0; i < count; ++i) {
            double noise = random.normal(), code;
            Path::Codes::from_noise(first.data(), &noise, &code);
            e.noise.push_back(noise);
            const bool two_decisions = opens(code);
            if (two_decisions) e.noise.push_back(random.normal());
            e.in_force.push_back(0);
            e.in_force.push_back(two_decisions ? 1 : 0);
            e.offsets.push_back(static_cast<int>(e.noise.size()));
            e.seen.insert(e.seen.end(), r.seen.begin(), r.seen.begin() + (two_decisions ? 10 : 5));
        }
        Path::decide(*r.policy, e.paths(*this), tape);
        Path::act(r.frozen, e.paths(*this), tape);
        std::vector<double> advantages, of_decisions, old;
        for (int row = 0; row < 2 * count; ++row)
            TinyModel::Distribution::sample(std::as_const(tape.base.action).view().row(row), random,
                                            &e.actions[static_cast<std::size_t>(row)], 0.7);
        for (int i = 0; i < count; ++i) {
            const auto at = static_cast<std::size_t>(2 * i);
            advantages.push_back(pays[static_cast<std::size_t>(4 * e.actions[at] + e.actions[at + 1])] - 1);
            for (int d = e.offsets[static_cast<std::size_t>(i)]; d < e.offsets[static_cast<std::size_t>(i) + 1]; ++d)
                of_decisions.push_back(advantages.back());
        }
        Path::act(r.frozen, e.paths(*this), tape);  // with the likelihoods of those actions
        const auto p = tape.log_probabilities.view().flat();
        old.assign(p.begin(), p.end());
        core::Box<Policy::Parameters<double>> gradient;
        rl::pathwise_surrogate<Policy>(*r.policy, r.frozen, e.paths(*this), old, advantages, 0.2, -1.0, tape,
                                       *gradient);
        Estimates result;
        const auto take = [&](const auto& rows, auto& mean, auto& error) {
            for (std::size_t k = 0; k < 2; ++k) {
                double sum = 0, square = 0;
                for (int i = 0; i < count; ++i) {
                    const double x = rows.row(e.offsets[static_cast<std::size_t>(i)])[k];
                    sum += x / count;
                    square += x * x / count;
                }
                mean[k] = sum;
                error[k] = std::sqrt((square - sum * sum) / count);
            }
        };
        take(tape.policy.action_gradient.view(), result.path, result.path_error);
        std::vector<double> codes(tape.codes.view().flat().begin(), tape.codes.view().flat().end()), log_p;
        for (int row = 0; row < e.offsets.back(); ++row)
            log_p.push_back(
                Path::Codes::log_probability(std::as_const(tape.policy.action).view().row(row), codes.data() + row));
        rl::surrogate<Policy, double>(*r.policy, {e.offsets}, {e.seen.data(), e.offsets.back()},
                                      {codes.data(), e.offsets.back()}, log_p, of_decisions, 0.2, -1.0, tape.policy,
                                      *gradient);
        take(tape.policy.action_gradient.view(), result.score, result.score_error);
        return result;
    }

private:
    static constexpr std::array<int, 2> two{0, 2};
    /// Of two steps each, all of which show the same.
    struct Episodes {
        std::vector<int> offsets{0}, step_offsets{0}, in_force;
        std::vector<double> noise, seen;
        std::vector<std::int16_t> observations, actions;
        Episodes(const TwoSteps& t, std::size_t count, int decisions) : actions(2 * count) {
            const auto& shown = t.r.steps.observations;
            for (std::size_t i = 0; i < count; ++i) {
                step_offsets.push_back(step_offsets.back() + 2);
                observations.insert(observations.end(), shown.begin(), shown.begin() + 6);
                if (decisions == 2) {
                    offsets.push_back(offsets.back() + 2);
                    in_force.insert(in_force.end(), {0, 1});
                }
            }
            if (decisions == 2) noise.resize(2 * count), seen.resize(10 * count);
        }
        Path::Episodes<double> paths(const TwoSteps&) const {
            const int rows = step_offsets.back();
            return {{offsets},      {seen.data(), offsets.back()}, {noise.data(), offsets.back()},
                    {step_offsets}, {observations.data(), rows},   {actions.data(), rows},
                    in_force};
        }
    };
};

/// Within some standard errors of the exact value, and those small beside it.
void check_mean(const std::array<double, 2>& mean, const std::array<double, 2>& error,
                const std::array<double, 2>& exact) {
    for (std::size_t k = 0; k < 2; ++k)
        BOOST_TEST(std::abs(mean[k] - exact[k]) < 4 * error[k],
                   mean[k] << " +- " << error[k] << ", exactly " << exact[k]);
    BOOST_TEST(std::max(std::abs(exact[0]) / error[0], std::abs(exact[1]) / error[1]) > 8);
}

}  // namespace

BOOST_AUTO_TEST_CASE(where_switches_do_not_see_codes_both_estimates_are_of_the_same_gradient) {
    TwoSteps t;
    for (const TwoSteps::Opens opens : {+[](double) { return false; }, +[](double) { return true; }}) {
        const auto exact = t.exact(opens, false), held = t.exact(opens, true);
        for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(std::abs(exact[k] - held[k]) < 2e-3);
        const auto estimates = t.estimate(opens);
        check_mean(estimates.score, estimates.score_error, exact);
        check_mean(estimates.path, estimates.path_error, exact);
    }
}

BOOST_AUTO_TEST_CASE(where_they_do_the_path_leaves_out_when_codes_end) {
    TwoSteps t;
    constexpr TwoSteps::Opens opens = [](double code) { return code > 1; };
    const auto exact = t.exact(opens, false), held = t.exact(opens, true);
    const auto estimates = t.estimate(opens, 40000);
    check_mean(estimates.score, estimates.score_error, exact);
    check_mean(estimates.path, estimates.path_error, held);
    double apart = 0;
    for (std::size_t k = 0; k < 2; ++k)
        apart = std::max(apart, std::abs(estimates.path[k] - exact[k]) / estimates.path_error[k]);
    BOOST_TEST(apart > 6);
}
