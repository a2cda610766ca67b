#include "midstream/rl/gae.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "midstream/core/random.hpp"

using namespace midstream;
using rl::Ending;

namespace {
struct Stretch {
    static constexpr int steps = 23, instances = 4;
    std::vector<double> rewards, values, next_values;
    std::vector<Ending> endings;
    /// Row t * instances + i is step t of instance i. Values follow one another but where an episode ends.
    explicit Stretch(core::Random random) {
        for (int row = 0; row < steps * instances; ++row) {
            rewards.push_back(random.normal());
            values.push_back(random.normal());
            const double u = random.uniform();
            endings.push_back(u < 0.1 ? Ending::terminated : u < 0.2 ? Ending::truncated : Ending::none);
        }
        for (int row = 0; row < steps * instances; ++row) {
            const bool inside =
                row + instances < steps * instances && endings[static_cast<std::size_t>(row)] == Ending::none;
            next_values.push_back(inside ? values[static_cast<std::size_t>(row + instances)] : random.normal());
        }
    }
    std::vector<double> advantages(rl::GeneralisedAdvantages rule) const {
        std::vector<double> found(rewards.size());
        for (int i = 0; i < instances; ++i)
            rule(steps, instances, rewards.data() + i, values.data() + i, next_values.data() + i, endings.data() + i,
                 found.data() + i);
        return found;
    }
    /// The definition: the exponentially weighted mean of the advantages that look k = 1, 2, ... rewards ahead and then
    /// trust the value, all weight that is left going to the longest look that there is.
    double by_definition(int t, int instance, rl::GeneralisedAdvantages rule) const {
        double sum = 0, discounted = 0, share = 1;
        for (int k = 1;; ++k) {
            const auto row = static_cast<std::size_t>((t + k - 1) * instances + instance);
            discounted += std::pow(rule.discount, k - 1) * rewards[row];
            const double tail = endings[row] == Ending::terminated ? 0 : std::pow(rule.discount, k) * next_values[row];
            const double look = discounted + tail - values[static_cast<std::size_t>(t * instances + instance)];
            if (endings[row] != Ending::none || t + k == steps) return sum + share * look;
            sum += share * (1 - rule.lambda) * look;
            share *= rule.lambda;
        }
    }
};
}  // namespace

BOOST_AUTO_TEST_CASE(it_is_the_weighted_mean_of_all_looks_ahead) {
    for (const auto rule : {rl::GeneralisedAdvantages{},
                            {.discount = 0.9, .lambda = 0.5},
                            {.discount = 0.7, .lambda = 1},
                            {.discount = 1, .lambda = 0}})
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const Stretch stretch{core::Random(seed)};
            const auto found = stretch.advantages(rule);
            for (int t = 0; t < Stretch::steps; ++t)
                for (int i = 0; i < Stretch::instances; ++i)
                    BOOST_TEST(std::abs(found[static_cast<std::size_t>(t * Stretch::instances + i)] -
                                        stretch.by_definition(t, i, rule)) < 1e-12);
        }
}

BOOST_AUTO_TEST_CASE(a_truncation_trusts_the_value_and_a_termination_does_not) {
    const double reward = 1, value = 0.5, next = 10;
    double advantage = 0;
    const auto after = [&](Ending ending) {
        rl::GeneralisedAdvantages{.discount = 0.9}(1, 1, &reward, &value, &next, &ending, &advantage);
        return advantage;
    };
    BOOST_TEST(after(Ending::terminated) == 0.5);
    BOOST_TEST(after(Ending::truncated) == 9.5);
    BOOST_TEST(after(Ending::none) == 9.5);  // the stretch ends here, the episode does not
}

BOOST_AUTO_TEST_CASE(nothing_passes_from_one_episode_to_the_one_before) {
    for (const Ending ending : {Ending::terminated, Ending::truncated}) {
        double rewards[] = {1, 2, 3};
        const double values[] = {0, 0, 0}, next_values[] = {0, 7, 0};
        const Ending endings[] = {Ending::none, ending, Ending::none};
        double before[3], changed[3];
        rl::GeneralisedAdvantages{}(3, 1, rewards, values, next_values, endings, before);
        rewards[2] = 100;
        rl::GeneralisedAdvantages{}(3, 1, rewards, values, next_values, endings, changed);
        BOOST_TEST(before[0] == changed[0]);
        BOOST_TEST(before[1] == changed[1]);
        BOOST_TEST(before[2] != changed[2]);
    }
}
