// What policies over codes see on a common scale.
#include "midstream/rl/standard_view.hpp"

#include <boost/test/unit_test.hpp>

#include "rl/toys.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

namespace {
using Meta = control::Metacontroller<TinyModel, control::MetacontrollerShape{.read = 1, .write = 2, .code = 3},
                                     control::LowRank<2>>;
using World = env::Batched<test::Drift>;
using View = rl::Normaliser<Meta::width>;

struct Play {
    core::Box<TinyModel::Parameters<float>> base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    core::Box<Meta::Parameters<float>> meta = test::random_model<Meta, float>(core::Random(2), 0.5);

    View view(int episodes) const {
        return rl::standard_view(World(test::Drift{}), rl::Steered<Meta>(*base, *meta), episodes, core::Random(3));
    }
    /// What 400 other episodes under codes from the prior show by way of a view.
    template <class V>
    core::Buffer<float, Meta::width> seen(V view) const {
        rl::Internal<World, Meta, rl::NoWatcher, V> internal(World(test::Drift{}), {*base, *meta}, {}, view);
        core::Buffer<float, Meta::width> part;
        core::Buffer<float, 3> codes;
        std::vector<float> all;
        core::Random draws(4);
        internal.reset(400, core::Random(5));
        while (!internal.awaiting().empty()) {
            const int count = static_cast<int>(internal.awaiting().size());
            internal.observe(part.resize(count));
            const auto flat = part.view().flat();
            all.insert(all.end(), flat.begin(), flat.end());
            for (float& value : codes.resize(count).flat()) value = draws.normal<float>();
            internal.act(codes.view());
        }
        core::Buffer<float, Meta::width> rows;
        std::copy(all.begin(), all.end(), rows.resize(static_cast<int>(all.size()) / Meta::width).data);
        return rows;
    }
};
}  // namespace

BOOST_AUTO_TEST_CASE(other_episodes_have_about_zero_mean_and_unit_variance) {
    const Play play;
    const auto view = play.view(400);
    const auto rows = play.seen(view);
    const auto seen = core::map(rows.view());
    for (int i = 0; i < Meta::width; ++i) {
        BOOST_TEST(std::abs(seen.col(i).mean()) < 0.1);
        const float variance = (seen.col(i).array() - seen.col(i).mean()).square().mean();
        const float floored = 1 - 1e-4f * view.scale.values[i] * view.scale.values[i];
        BOOST_TEST(std::abs(variance / floored - 1) < 0.15);
    }
}

BOOST_AUTO_TEST_CASE(a_view_changes_what_is_seen_and_nothing_else) {
    const Play play;
    const auto view = play.view(50);
    const auto raw = play.seen(rl::IdentityView<Meta::width>{}), scaled = play.seen(view);
    BOOST_TEST_REQUIRE(raw.view().count == scaled.view().count);
    float expected[Meta::width];
    for (int row = 0; row < raw.view().count; ++row) {
        view(raw.view().row(row), expected);
        BOOST_TEST(std::equal(expected, expected + Meta::width, scaled.view().row(row)));
    }
}
