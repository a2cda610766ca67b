#include "midstream/train/find_events.hpp"

// clang-format off: the rest of Eigen comes after our own header of it
#include <Eigen/QR>
// clang-format on
#include <boost/test/unit_test.hpp>

#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

using namespace midstream;

namespace {

constexpr int width = 8, bells = 3, notes = 4;
constexpr model::TransformerShape shape{
    .depth = 1, .width = width, .heads = 2, .mlp = 4, .context = 16, .buckets = 4, .max_distance = 8};
// One of: silence, three bells (entries 0 to 3); and one of four notes (entries 4 to 7).
using Base = model::Autoregressive<data::OneHots<1 + bells + notes, 2>, data::Categories<2>, model::Transformer<shape>>;
using Episodes = train::EpisodesOf<Base, float>;
using Observer = control::StreamEvents<width, 0, 4>;

/// Layer 0 is a rotation of the observation's ones. The model is sure of action 0, but when bell 1 or 2 rings it
/// has no idea: the action head reads these two, the blocks write nothing.
core::Box<Base::Parameters<float>> bell_model() {
    core::Box<Base::Parameters<float>> parameters;
    core::Random random(1);
    Eigen::Matrix<double, width, width> turn;
    for (double& entry : turn.reshaped()) entry = random.normal();
    turn = Eigen::HouseholderQR<Eigen::MatrixXd>(turn).householderQ();
    core::map(parameters->embedding.rows) = turn.cast<float>();
    core::map(parameters->norm.scale).setOnes();
    auto head = core::map(parameters->action_head.weight);
    head.setZero();
    parameters->action_head.bias.values[0] = 3;
    for (const int bell : {1, 2}) head.col(0) -= 1.5f * turn.row(bell).transpose().cast<float>();
    return parameters;
}

/// Bells ring once in twelve steps, each as often; only what follows bells 1 and 2 is hard to tell. Episodes have from
/// `shortest` to `longest` steps.
void draw(int count, core::Random random, Episodes& episodes, int shortest = 4, int longest = 11) {
    for (int i = 0; i < count; ++i) {
        const int length = shortest + random.below(longest - shortest + 1);
        for (int t = 0; t <= length; ++t) {
            const int bell = random.below(12) == 0 ? 1 + random.below(bells) : 0;
            auto& observations = t < length ? episodes.observations : episodes.endings;
            observations.push_back(static_cast<std::int16_t>(bell));
            observations.push_back(static_cast<std::int16_t>(1 + bells + random.below(notes)));
            if (t == length) continue;
            episodes.actions.push_back(static_cast<std::int16_t>((bell == 1 || bell == 2) && random.below(2) == 0));
            episodes.subgoals.push_back(0);
        }
        episodes.returns.push_back(1);
        episodes.offsets.push_back(episodes.offsets.back() + length);
    }
}

/// How often an observer is wrong: every ring of bells 1 and 2 is seen one step ahead, the last one in the ending, each
/// as a kind of its own; nothing else is seen.
int wrong(const Observer& observer, const Base::Parameters<float>& base, const Episodes& episodes) {
    train::StreamAhead<Base, float> stream;
    const auto ahead = stream.rows(base, episodes, Observer::layer);
    std::array<int, 3> kind_of{-1, -1, -1};
    int wrong = 0;
    for (int s = 0; s < episodes.count(); ++s)
        for (int row = episodes.sequences().first(s); row < episodes.sequences().first(s + 1); ++row) {
            const int bell = row + 1 < episodes.sequences().first(s + 1)
                                 ? episodes.observations[static_cast<std::size_t>(2 * (row + 1))]
                                 : episodes.endings[static_cast<std::size_t>(2 * s)];
            std::int16_t seen = 0;
            observer.observe(ahead, row, &seen);
            if (bell != 1 && bell != 2) {
                wrong += seen != 0;
            } else {
                auto& kind = kind_of[static_cast<std::size_t>(bell)];
                if (kind < 0) kind = seen;
                wrong += seen != kind || seen == 0;
            }
        }
    return wrong + (kind_of[1] == kind_of[2]);
}

}  // namespace

BOOST_AUTO_TEST_CASE(events_are_the_components_at_which_the_model_loses_track) {
    Episodes episodes;
    draw(3000, core::Random(2), episodes);
    const auto base = bell_model();
    const auto found = train::find_events<Observer, Base>(*base, episodes, core::Random(3));
    BOOST_TEST(found.kinds == 2);
    BOOST_TEST(found.merged == 0);
    BOOST_TEST(static_cast<int>(found.components.size()) == found.independent.count);
    int kinds = 0;
    for (const auto& component : found.components) {
        kinds += component.kind >= 0;
        if (component.kind >= 0) BOOST_TEST(component.rate == 1.0 / 36, boost::test_tools::tolerance(0.15));
        if (component.kind >= 0) BOOST_TEST(component.rise > 0.3);
    }
    BOOST_TEST(kinds == 2);
    BOOST_TEST(wrong(found.observer, *base, episodes) == 0);
}

// FastICA, given fewer components than there are directions, has two bells that look nearly alike in one component;
// among rings alone they are two.
BOOST_AUTO_TEST_CASE(kinds_that_share_a_component_are_told_apart) {
    Episodes episodes;
    draw(3000, core::Random(2), episodes);
    auto base = bell_model();
    // Bells 1 and 2 look alike but for a little.
    auto embedding = core::map(base->embedding.rows);
    const auto one = embedding.row(1).eval(), two = embedding.row(2).eval();
    embedding.row(1) = one + 0.3f * two;
    embedding.row(2) = one - 0.3f * two;
    auto head = core::map(base->action_head.weight);
    head.setZero();
    head.col(0) = -3 * one.transpose();
    const train::FindEventsOptions options{.components = {.components = 4}};
    const auto found = train::find_events<Observer, Base>(*base, episodes, core::Random(3), options);
    BOOST_TEST(found.kinds == 2);
    BOOST_TEST(found.merged == 1);
    BOOST_TEST(found.components.size() == 5);  // four, of which one is two
    BOOST_TEST(wrong(found.observer, *base, episodes) == 0);
    for (std::size_t i = 0; i < found.components.size(); ++i) {
        if (i > 0) BOOST_TEST(found.components[i].kurtosis <= found.components[i - 1].kurtosis);
        if (found.components[i].kind < 0) continue;
        BOOST_TEST(found.components[i].rate == 1.0 / 36, boost::test_tools::tolerance(0.15));
        BOOST_TEST(found.components[i].rise > 0.3);
    }
    // An observer of one kind sees both as that, and one for whom only one value is definite keeps its component.
    using One = control::StreamEvents<width, 0, 1>;
    BOOST_TEST((train::find_events<One, Base>(*base, episodes, core::Random(3), options).kinds) == 1);
    auto strict = options;
    strict.exclusive.definite = 1;
    BOOST_TEST((train::find_events<Observer, Base>(*base, episodes, core::Random(3), strict).kinds) == 1);
}

BOOST_AUTO_TEST_CASE(where_the_model_never_loses_track_one_component_is_left_and_its_rise_says_so) {
    Episodes episodes;
    draw(300, core::Random(2), episodes);
    auto base = bell_model();
    core::map(base->action_head.weight).setZero();
    std::fill(episodes.actions.begin(), episodes.actions.end(), std::int16_t{0});
    const auto found = train::find_events<Observer, Base>(*base, episodes, core::Random(3));
    BOOST_TEST(found.kinds == 1);
    for (const auto& component : found.components) BOOST_TEST(component.rise <= 0);
}

BOOST_AUTO_TEST_CASE(episodes_may_fill_the_context) {
    Episodes episodes;
    draw(1000, core::Random(2), episodes, Base::context, Base::context);
    const auto base = bell_model();
    BOOST_TEST((train::find_events<Observer, Base>(*base, episodes, core::Random(3)).kinds) == 2);
    // Above layer 0 the stream of the ending would need a longer one.
    using Above = control::StreamEvents<width, 1, 4>;
    BOOST_CHECK_EXCEPTION(
        (train::find_events<Above, Base>(*base, episodes, core::Random(3))), core::Error, [](const core::Error& error) {
            return std::string(error.what()).find("exceeds the attention context") != std::string::npos;
        });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_measured_is_refused) {
    const auto refused = [](const std::string& why, const Episodes& episodes,
                            const train::FindEventsOptions& options = {}) {
        BOOST_CHECK_EXCEPTION((train::find_events<Observer, Base>(*bell_model(), episodes, core::Random(3), options)),
                              core::Error, [&](const core::Error& error) {
                                  BOOST_TEST_MESSAGE(error.what());
                                  return std::string(error.what()).find(why) != std::string::npos;
                              });
    };
    Episodes episodes;
    refused("at least one episode", episodes);
    draw(300, core::Random(2), episodes);
    refused("valid is 0", episodes, {.share = 1.5});
    refused("farness is above 1", episodes, {.exclusive = {.farness = 0.5}});
    auto broken = episodes;
    broken.actions[7] = 2;
    refused("episodes to find events in: actions [7, 0]", broken);
    episodes.endings.clear();
    refused("episodes to find events in: endings has 0 entries", episodes);
    Episodes shortest;  // of one step each: there is no step before
    for (int i = 0; i < 40; ++i) {
        for (auto* list : {&shortest.observations, &shortest.endings}) {
            list->push_back(static_cast<std::int16_t>(i % 4));
            list->push_back(static_cast<std::int16_t>(4 + i % 3));
        }
        shortest.actions.push_back(0);
        shortest.subgoals.push_back(0);
        shortest.returns.push_back(1);
        shortest.offsets.push_back(i + 1);
    }
    refused("no component of the residual stream fires twice", shortest);
}
