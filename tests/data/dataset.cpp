#include "midstream/data/dataset.hpp"

#include <limits>

#include "io/files.hpp"

using namespace midstream;

namespace {

using Grid = data::Episodes<data::OneHots<20, 3>, data::Categories<4>, data::Categories<9, 2>>;
using Ant = data::Episodes<data::Dense<5>, data::Continuous<2>, data::None, double>;

Grid grid() {
    Grid episodes;
    episodes.offsets = {0, 2, 3, 6};
    core::Random random(4);
    for (int row = 0; row < 6; ++row) {
        for (int i = 0; i < 3; ++i) episodes.observations.push_back(static_cast<std::int16_t>(random.below(20)));
        for (int i = 0; i < 2; ++i) episodes.targets.push_back(static_cast<std::int16_t>(random.below(9)));
        episodes.actions.push_back(static_cast<std::int16_t>(random.below(4)));
        episodes.subgoals.push_back(static_cast<std::int16_t>(row % 2));
    }
    episodes.returns = {1, 0, 0.25f};
    return episodes;
}

template <class E>
bool equal(const E& a, const E& b) {
    return a.offsets == b.offsets && a.observations == b.observations && a.actions == b.actions &&
           a.targets == b.targets && a.subgoals == b.subgoals && a.returns == b.returns && a.endings == b.endings;
}

}  // namespace

BOOST_AUTO_TEST_CASE(round_trips) {
    const test::TemporaryFolder folder;
    const auto path = folder / "grid.safetensors";
    Grid read;
    data::save(path, grid());
    data::load(path, read);
    BOOST_TEST(equal(read, grid()));
    data::save(path, Grid{});
    data::load(path, read);
    BOOST_TEST(equal(read, Grid{}));

    Ant ant, ant_read;
    ant.offsets = {0, 3};
    core::Random random(5);
    for (int i = 0; i < 15; ++i) ant.observations.push_back(random.normal());
    for (int i = 0; i < 6; ++i) ant.actions.push_back(random.normal());
    ant.subgoals = {0, 1, -1};
    ant.returns = {3};
    data::save(path, ant);
    data::load(path, ant_read);
    BOOST_TEST(equal(ant_read, ant));
}

BOOST_AUTO_TEST_CASE(what_is_absent_stays_absent) {
    const test::TemporaryFolder folder;
    const auto path = folder / "grid.safetensors";
    Grid episodes = grid(), read = grid();
    episodes.subgoals.clear();
    episodes.returns.clear();
    data::save(path, episodes);
    data::load(path, read);
    BOOST_TEST(equal(read, episodes));
    episodes.targets.clear();
    data::save(path, episodes);
    data::load(path, read);
    BOOST_TEST(equal(read, episodes));
}

BOOST_AUTO_TEST_CASE(endings_are_kept_where_there_are_any) {
    const test::TemporaryFolder folder;
    const auto path = folder / "grid.safetensors";
    Grid episodes = grid(), read;
    episodes.endings = {0, 1, 2, 3, 4, 5, 6, 7, 19};
    data::save(path, episodes);
    data::load(path, read);
    BOOST_TEST(equal(read, episodes));
    data::save(path, grid());
    data::load(path, read);
    BOOST_TEST(equal(read, grid()));
    episodes.endings.pop_back();
    test::check_error("endings has 8 entries, expected 9", [&] { data::save(path, episodes); });
    episodes.endings.push_back(20);
    test::check_error("endings [2, 2] is 20, valid is 0 to 19", [&] { data::save(path, episodes); });
}

BOOST_AUTO_TEST_CASE(other_spaces_are_refused) {
    const test::TemporaryFolder folder;
    const auto path = folder / "grid.safetensors";
    data::save(path, grid());
    const auto refused = [&](const std::string& why, auto episodes) {
        test::check_error("grid.safetensors: " + why, [&] { data::load(path, episodes); });
    };
    refused("observation.dimension is 20, expected 21",
            data::Episodes<data::OneHots<21, 3>, data::Categories<4>, data::Categories<9, 2>>{});
    refused("action is data::Categories{classes=4, groups=1}, expected data::Continuous{width=1}",
            data::Episodes<data::OneHots<20, 3>, data::Continuous<1>, data::Categories<9, 2>>{});
    refused("target is data::Categories{classes=9, groups=2}, expected data::None",
            data::Episodes<data::OneHots<20, 3>, data::Categories<4>>{});
    Grid episodes;
    test::check_error("grid.safetensors: no metadata 'origin'", [&] { data::load(path, episodes, "an expert"); });
    data::save(path, grid(), "a novice");
    data::load(path, episodes);
    data::load(path, episodes, "a novice");
    BOOST_TEST(equal(episodes, grid()));
    test::check_error("grid.safetensors: origin is a novice, expected an expert",
                      [&] { data::load(path, episodes, "an expert"); });
    io::SafetensorsWriter().save(path);
    refused("no metadata 'format'", Grid{});
}

BOOST_AUTO_TEST_CASE(invalid_episodes_are_named) {
    const test::TemporaryFolder folder;
    const auto invalid = [&](const std::string& why, const auto& change) {
        Grid episodes = grid();
        change(episodes);
        test::check_error("grid.safetensors: " + why, [&] { data::save(folder / "grid.safetensors", episodes); });
        BOOST_TEST(!io::exists(folder / "grid.safetensors"));
    };
    invalid("offsets do not begin with 0", [](Grid& e) { e.offsets[0] = 1; });
    invalid("offsets do not begin with 0", [](Grid& e) { e.offsets.clear(); });
    invalid("offsets [2] does not ascend", [](Grid& e) { e.offsets[2] = 2; });
    invalid("observations has 17 entries, expected 18", [](Grid& e) { e.observations.pop_back(); });
    invalid("actions has 7 entries, expected 6", [](Grid& e) { e.actions.push_back(0); });
    invalid("targets has 11 entries, expected 12", [](Grid& e) { e.targets.pop_back(); });
    invalid("subgoals has 5 entries, expected 6", [](Grid& e) { e.subgoals.pop_back(); });
    invalid("returns has 2 entries, expected 3", [](Grid& e) { e.returns.pop_back(); });
    invalid("observations [1, 2] is 20, valid is 0 to 19", [](Grid& e) { e.observations[5] = 20; });
    invalid("actions [4, 0] is -1, valid is 0 to 3", [](Grid& e) { e.actions[4] = -1; });
    invalid("targets [3, 1] is 9, valid is 0 to 8", [](Grid& e) { e.targets[7] = 9; });
    invalid("returns [1] is not finite", [](Grid& e) { e.returns[1] = std::numeric_limits<float>::quiet_NaN(); });
    Grid unused = grid();
    unused.targets[5 * 2] = -1;  // the last row of an episode predicts nothing
    data::validate(unused);
    Ant ant;
    ant.offsets = {0, 1};
    ant.observations = {0, 0, 0, std::numeric_limits<double>::infinity(), 0};
    ant.actions = {0, 0};
    ant.subgoals = {0};
    ant.returns = {0};
    test::check_error("observations [0, 3] is not finite", [&] { data::validate(ant); });
}

BOOST_AUTO_TEST_CASE(damaged_files) {
    const test::TemporaryFolder folder;
    const auto path = folder / "grid.safetensors";
    data::save(path, grid());
    test::check_damage(path, [&] {
        Grid episodes;
        data::load(path, episodes);
        data::validate(episodes);
        BOOST_TEST(episodes.rows() == 6);
    });
}

BOOST_AUTO_TEST_CASE(a_refused_file_changes_nothing) {
    const test::TemporaryFolder folder;
    const auto path = folder / "grid.safetensors";
    Grid bad = grid();
    data::save(path, bad);
    std::string contents = io::read_file(path);
    contents.back() ^= 0x40;  // somewhere in the narrowest numbers, the 16-bit ones
    io::replace_file(path, contents);
    Grid episodes = grid();
    episodes.returns[0] = 7;
    const Grid before = episodes;
    BOOST_TEST(test::error_of([&] { data::load(path, episodes); }) == "no error");  // subgoals are free
    contents.assign(io::read_file(path).size(), ' ');
    io::replace_file(path, contents);
    episodes = before;
    BOOST_TEST(test::error_of([&] { data::load(path, episodes); }) != "no error");
    BOOST_TEST(equal(episodes, before));
}
