#include "midstream/train/find_ended_beliefs.hpp"

// clang-format off: the rest of Eigen comes after our own header of it
#include <Eigen/QR>
// clang-format on
#include <array>
#include <boost/test/unit_test.hpp>

#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

using namespace midstream;

namespace {

constexpr int width = 8, goals = 3, window = 8;
constexpr model::TransformerShape shape{
    .depth = 1, .width = width, .heads = 2, .mlp = 4, .context = 80, .buckets = 4, .max_distance = 8};
// How much each of three goals is believed in, a bell, which goal is touched as it rings, and noise.
using Base = model::Autoregressive<data::Dense<width>, data::Categories<2>, model::Transformer<shape>>;
using Episodes = train::EpisodesOf<Base, float>;
using Observer = control::EndedBeliefs<width, 0, 5>;

/// Layer 0 is a rotation of the observation. The model is sure of action 0, but when the bell rings it has no idea: the
/// action head reads it, the blocks write nothing.
core::Box<Base::Parameters<float>> bell_model() {
    core::Box<Base::Parameters<float>> parameters;
    core::Random random(1);
    Eigen::Matrix<double, width, width> turn;
    for (double& entry : turn.reshaped()) entry = random.normal();
    turn = Eigen::HouseholderQR<Eigen::MatrixXd>(turn).householderQ();
    core::map(parameters->embedding.weight) = turn.cast<float>();
    core::map(parameters->norm.scale).setOnes();
    parameters->action_head.bias.values[0] = 3;
    core::map(parameters->action_head.weight).col(0) -= 3 * turn.row(goals).transpose().cast<float>();
    return parameters;
}

/// What is to be found: at each row the goal that is given up when the row's action has been taken, or -1.
using Ended = std::vector<int>;

/// Every twenty steps or so, and in the end, the bell rings: one time in three as the goal is touched that is
/// believed in. That belief is given up then, others are taken up a little, and after some steps one of them wholly.
void draw(int count, core::Random random, Episodes& episodes, Ended& ended) {
    for (int i = 0; i < count; ++i) {
        int goal = random.below(goals), open = 0;  // steps until the next goal is known
        std::array<double, goals> belief{};
        belief[static_cast<std::size_t>(goal)] = 1;
        const int bells = 2 + random.below(2);
        int length = 0;
        for (int bell = 0; bell < bells; ++bell) {
            for (int wait = 17 + random.below(5); wait >= 0; --wait) {
                const bool rings = wait == 0, last = rings && bell == bells - 1;
                const int touched = random.below(3) == 0 ? goal : (goal + 1 + random.below(goals - 1)) % goals;
                auto& observations = last ? episodes.endings : episodes.observations;
                for (const double b : belief) observations.push_back(static_cast<float>(b + 0.05 * random.normal()));
                observations.push_back(static_cast<float>(rings + 0.05 * random.normal()));
                for (int k = 0; k < goals; ++k)
                    observations.push_back(static_cast<float>((touched == k) + 0.05 * random.normal()));
                observations.push_back(static_cast<float>(random.normal()));
                if (length > 0) ended.push_back(rings && touched == goal ? goal : -1);
                if (!last) {
                    episodes.actions.push_back(static_cast<std::int16_t>(rings && random.below(2) == 0));
                    episodes.subgoals.push_back(0);
                    ++length;
                }
                if (rings && touched == goal) {
                    goal = (goal + 1 + random.below(goals - 1)) % goals;
                    belief.fill(0.1);
                    belief[static_cast<std::size_t>(touched)] = 0;
                    open = window + 1;
                } else if (open > 0 && --open == 0) {
                    belief.fill(0);
                    belief[static_cast<std::size_t>(goal)] = 1;
                }
            }
        }
        episodes.returns.push_back(1);
        episodes.offsets.push_back(episodes.offsets.back() + length);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(beliefs_are_found_and_the_ending_tells_too) {
    Episodes episodes;
    Ended ended;
    draw(2500, core::Random(2), episodes, ended);
    const auto base = bell_model();
    const auto found =
        train::find_ended_beliefs<Observer, Base>(*base, episodes, core::Random(3), {.window = window, .changes = 7});
    for (const auto& belief : found.beliefs)
        BOOST_TEST_MESSAGE(belief.skewness << " " << belief.threshold << " " << belief.rate << " " << belief.kind);
    BOOST_TEST(found.kinds == goals);
    BOOST_TEST(found.beliefs.size() == 7u);
    BOOST_TEST(found.doubt.kinds == 1);
    for (const auto& belief : found.beliefs)
        if (belief.kind >= 0) BOOST_TEST(belief.rate == 1.0 / 9, boost::test_tools::tolerance(0.2));

    train::StreamAhead<Base, float> stream;
    const auto ahead = stream.rows(*base, episodes, Observer::layer);
    BOOST_TEST(static_cast<int>(ended.size()) == ahead.count);
    std::array<std::array<int, 6>, goals + 1> counts{};
    int endings = 0, told = 0;
    for (int row = 0, episode = 0; row < ahead.count; ++row) {
        std::int16_t seen = 0;
        while (episodes.sequences().first(episode + 1) <= row) ++episode;
        const int first = episodes.sequences().first(episode);
        found.observer.observe(ahead.slice(first, episodes.sequences().length(episode)), row - first, &seen);
        const int goal = ended[static_cast<std::size_t>(row)];
        ++counts[static_cast<std::size_t>(goal + 1)][static_cast<std::size_t>(seen)];
        for (int s = 0; s < episodes.count(); ++s)
            if (goal >= 0 && row + 1 == episodes.offsets[static_cast<std::size_t>(s + 1)]) ++endings, told += seen != 0;
    }
    std::array<bool, 6> taken{};
    for (std::size_t goal = 1; goal <= goals; ++goal) {
        const auto most = std::max_element(counts[goal].begin(), counts[goal].end());
        const auto kind = static_cast<std::size_t>(most - counts[goal].begin());
        int all = 0;
        for (const int count : counts[goal]) all += count;
        BOOST_TEST(*most > 0.98 * all);            // recall
        BOOST_TEST(counts[0][kind] < 0.02 * all);  // precision
        BOOST_TEST((kind != 0 && !taken[kind]));   // each its own
        taken[kind] = true;
    }
    BOOST_TEST(endings > 500);
    BOOST_TEST(told > 0.98 * endings);
}

BOOST_AUTO_TEST_CASE(more_beliefs_than_the_observer_has_kinds_are_refused) {
    Episodes episodes;
    Ended ended;
    draw(1500, core::Random(2), episodes, ended);
    using Small = control::EndedBeliefs<width, 0, 2>;
    BOOST_CHECK_EXCEPTION(
        (train::find_ended_beliefs<Small, Base>(*bell_model(), episodes, core::Random(3),
                                                {.window = window, .changes = 7})),
        core::Error, [](const core::Error& error) {
            return std::string(error.what()).find("3 components lean to one side, and the observer has 2 kinds") !=
                   std::string::npos;
        });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_found_is_refused) {
    const auto refused = [](const std::string& why, int count, const train::FindEndedBeliefsOptions& options) {
        Episodes episodes;
        Ended ended;
        draw(count, core::Random(2), episodes, ended);
        BOOST_CHECK_EXCEPTION(
            (train::find_ended_beliefs<Observer, Base>(*bell_model(), episodes, core::Random(3), options)), core::Error,
            [&](const core::Error& error) {
                BOOST_TEST_MESSAGE(error.what());
                return std::string(error.what()).find(why) != std::string::npos;
            });
    };
    refused("the steps before and after an event is 0", 100, {.window = 0});
    refused("the number of components of changes is 9", 100, {.changes = 9});
    refused("the share of the largest skewness is 2", 100, {.share = 2});
    refused("8 components of changes need 16 events with 40 steps before and after, and there are 0", 100,
            {.window = 40});
}
