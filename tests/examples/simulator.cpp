// The example simulator: in its own loop an agent decides what it decides in the library's environment, bit by bit, and
// its pictures show something.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <limits>
#include <set>

#include "simulator/episode.hpp"

#ifdef MIDSTREAM_EXAMPLE_RENDERS
#include "simulator/camera.hpp"
#endif

using namespace midstream;
using namespace midstream::examples;
using namespace midstream::examples::simulator;

namespace {

const env::Task task = Preset::unseen_tasks().tasks()[0];

/// An agent that has learned nothing, which moves and asks for codes all the same. The lower the temperature the longer
/// it stays on its feet.
Trained untrained(float temperature) {
    Trained agent;
    Preset::Base::initialise(*agent.base, core::Random(1));
    Preset::Meta::initialise(*agent.meta, core::Random(2));
    Preset::Policy::initialise(*agent.policy, core::Random(3));
    agent.acting.temperature = temperature;
    agent.view = Preset::View::of({});
    return agent;
}
/// Such, and the trained one where there is its file.
std::vector<Trained> agents() {
    std::vector<Trained> result{untrained(0.1f), untrained(1)};
    const auto zoo = std::filesystem::path(MIDSTREAM_TEST_FOLDER) / "../examples/zoo/ant-demo.safetensors";
    if (std::filesystem::exists(zoo)) result.push_back(rl::load_agent<Trained>(zoo));
    return result;
}

struct Scene {
    Layout layout;
    env::AntState start;
    explicit Scene(std::uint64_t seed) {
        core::Random random(seed);
        layout = draw_layout(random, task);
        start = draw_pose(random, layout);
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(decides_as_in_the_environment) {
    const Model model = load_model();
    int steps = 0, codes = 0;
    std::set<End> ends;
    for (const Trained& trained : agents())
        for (std::uint64_t seed = 0; seed < 6; ++seed) {
            const Scene scene(seed);
            const Episode episode = play(*model, trained, scene.layout, scene.start, task, core::Random(100 + seed));

            Preset::World world(Preset::unseen_tasks());
            world.begin(scene.layout, task, scene.start);
            auto agent = trained.agent();
            agent.reset(core::Random(100 + seed));
            env::Transition transition{};
            std::size_t step = 0;
            for (; !transition.done; ++step) {
                BOOST_REQUIRE(step + 1 < episode.moments.size());
                std::array<float, Preset::World::Observation::width> seen;
                world.observe(seen.data());
                const auto& decision = agent.act(seen);
                const Moment& moment = episode.moments[step];
                BOOST_REQUIRE((decision.fault == rl::Fault::none));
                BOOST_REQUIRE((decision.action == moment.decision.action));
                BOOST_TEST(decision.opened == moment.decision.opened);
                BOOST_TEST(world.progress() == moment.visited);
                transition = world.step(decision.action.data());
            }
            BOOST_TEST(episode.moments.size() == step + 1);
            const Moment& last = episode.moments.back();
            BOOST_TEST(std::equal(last.state.position.begin(), last.state.position.end(), world.position()));
            BOOST_TEST((episode.end == End::solved) == (transition.reward > 0));
            BOOST_TEST((episode.end == End::time_up) == world.truncated());
            BOOST_TEST(last.visited == world.progress());
            steps += static_cast<int>(step);
            codes += last.codes;
            ends.insert(episode.end);
        }
    BOOST_TEST_MESSAGE(steps << " steps, " << codes << " codes, " << ends.size() << " ways to end");
    BOOST_TEST(steps > 200);
    BOOST_TEST(codes > 20);
    BOOST_TEST(ends.size() > 1);
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_broken_ends_the_episode) {
    Trained broken = untrained(1);
    for (float& value : core::flat<float>(*broken.base)) value = std::numeric_limits<float>::quiet_NaN();
    const Scene scene(1);
    const Model model = load_model();
    const Episode episode = play(*model, broken, scene.layout, scene.start, task, core::Random(1));
    BOOST_TEST((episode.end == End::fault));
    BOOST_TEST(episode.moments.size() == 1);
}

#ifdef MIDSTREAM_EXAMPLE_RENDERS
BOOST_AUTO_TEST_CASE(pictures_are_not_blank) {
    const Scene scene(1);
    const Model model = load_model();
    const Episode episode = play(*model, untrained(0.1f), scene.layout, scene.start, task, core::Random(1));
    Camera camera(*model, scene.layout, 240, 200);
    const Picture first = camera.picture(episode.moments, 0), again = camera.picture(episode.moments, 0),
                  last = camera.picture(episode.moments, episode.moments.size() - 1);
    BOOST_TEST((first.pixels == again.pixels));
    BOOST_TEST((first.pixels != last.pixels));
    // Every coloured cell covers 2% of what is in view, or 3% in front; the light changes colours, not the order of
    // their channels. Blue, vermilion, green and pink.
    const auto share = [&](auto is) {
        int count = 0;
        for (std::size_t i = 0; i < first.pixels.size(); i += 3)
            count += is(first.pixels[i], first.pixels[i + 1], first.pixels[i + 2]);
        return count / (240.0 * 200);
    };
    BOOST_TEST(share([](int r, int g, int b) { return b > g + 20 && g > r + 20; }) > 0.01);
    BOOST_TEST(share([](int r, int g, int b) { return r > g + 40 && g > b + 20; }) > 0.01);
    BOOST_TEST(share([](int r, int g, int b) { return g > b + 15 && b > r + 40; }) > 0.01);
    BOOST_TEST(share([](int r, int g, int b) { return r > b + 10 && b > g + 10; }) > 0.01);
    BOOST_TEST(share([](int r, int g, int b) { return std::max({r, g, b}) < 100; }) > 0.005);  // legs
}
#endif
