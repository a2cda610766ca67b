#include "midstream/core/parameters.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace midstream;

namespace {
template <class T>
struct Inner {
    core::Matrix<T, 2, 3> weight;
    core::Vector<T, 3> bias;
    static void visit(auto& self, auto&& member) {
        member("weight", self.weight);
        member("bias", self.bias);
    }
};

template <class T>
struct Outer {
    core::Vector<T, 1> scale;
    std::array<Inner<T>, 2> blocks;
    std::array<core::Matrix<T, 1, 5>, 3> heads;
    static void visit(auto& self, auto&& member) {
        member("scale", self.scale);
        member("blocks", self.blocks);
        member("heads", self.heads);
    }
};

struct Virtual {
    virtual ~Virtual() = default;
    static void visit(auto&, auto&&) {}
};

static_assert(core::ParameterStruct<Outer<float>>);
static_assert(core::ParameterStruct<const Outer<double>>);
static_assert(core::ParameterStruct<core::Matrix<float, 2, 2>>);
static_assert(core::ParameterStruct<core::NoParameters>);
static_assert(!core::ParameterStruct<Virtual>);
static_assert(!core::ParameterStruct<std::vector<float>>);
static_assert(!core::ParameterStruct<float>);
static_assert(core::trainable<Outer<float>&> && !core::trainable<core::Frozen> &&
              !core::trainable<const core::Frozen&>);

constexpr std::size_t numbers = 1 + 2 * (6 + 3) + 3 * 5;
}  // namespace

BOOST_AUTO_TEST_CASE(visit_names_every_leaf_in_order) {
    const core::Box<Outer<float>> parameters;
    std::vector<std::string> paths;
    core::visit(*parameters, [&](std::string_view path, const auto&) { paths.emplace_back(path); });
    const std::vector<std::string> expected{"scale",         "blocks.0.weight", "blocks.0.bias", "blocks.1.weight",
                                            "blocks.1.bias", "heads.0",         "heads.1",       "heads.2"};
    BOOST_TEST(paths == expected, boost::test_tools::per_element());

    paths.clear();
    core::visit(parameters->blocks, [&](std::string_view path, const auto&) { paths.emplace_back(path); });
    BOOST_TEST(paths.front() == "0.weight");  // an array as the root has no name to put before the dot
    paths.clear();
    core::visit(parameters->scale, [&](std::string_view path, const auto&) { paths.emplace_back(path); });
    BOOST_TEST(paths == std::vector<std::string>{""}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(flat_covers_all_leaves_without_gaps) {
    core::Box<Outer<double>> parameters;
    const auto flat = core::flat<double>(*parameters);
    BOOST_TEST(flat.size() == numbers);
    BOOST_TEST(core::flat<float>(*core::Box<Outer<float>>{}).size() == numbers);
    std::size_t next = 0;
    core::visit(*parameters, [&](std::string_view path, auto& leaf) {
        BOOST_TEST(leaf.values == flat.data() + next, path << " does not follow what is before it");
        next += sizeof(leaf.values) / sizeof(double);
    });
    BOOST_TEST(next == flat.size());

    for (std::size_t i = 0; i < flat.size(); ++i) flat[i] = static_cast<double>(i);
    BOOST_TEST(parameters->blocks[1].weight.values[0] == 10);
    BOOST_TEST(core::map(parameters->blocks[1].weight)(1, 0) == 13);  // row by row
    core::NoParameters none;
    BOOST_TEST(core::flat<float>(none).empty());
    const auto& constant = *parameters;
    BOOST_TEST(core::flat<double>(constant).data() == flat.data());
}

BOOST_AUTO_TEST_CASE(box_starts_at_zero_and_copies_deeply) {
    core::Box<Outer<float>> a;
    for (const float value : core::flat<float>(*a)) BOOST_TEST(value == 0.f);
    a->scale.values[0] = 1;
    core::Box<Outer<float>> b = a;
    b->scale.values[0] = 2;
    BOOST_TEST(a->scale.values[0] == 1.f);

    const auto* const before = &*b;
    b = a;
    BOOST_TEST(&*b == before);  // assignment reuses the memory
    BOOST_TEST(b->scale.values[0] == 1.f);
    b = *&b;
    BOOST_TEST(b->scale.values[0] == 1.f);

    const auto* const moved = &*a;
    core::Box<Outer<float>> c = std::move(a);
    BOOST_TEST(&*c == moved);
    a = c;  // a moved-from box can be assigned to
    BOOST_TEST(a->scale.values[0] == 1.f);
    BOOST_TEST(&*a != &*c);
    static_assert(std::is_const_v<std::remove_reference_t<decltype(*std::declval<const core::Box<Outer<float>>&>())>>);
}

BOOST_AUTO_TEST_CASE(parts_of_gradients) {
    core::Box<Outer<float>> gradient;
    auto& blocks = core::part(*gradient, &Outer<float>::blocks);
    static_assert(std::is_same_v<decltype(core::part(*gradient, &Outer<float>::blocks)), std::array<Inner<float>, 2>&>);
    BOOST_TEST(&core::element(blocks, 1) == &gradient->blocks[1]);
    static_assert(std::is_same_v<decltype(core::part(core::Frozen{}, &Outer<float>::blocks)), core::Frozen>);
    static_assert(std::is_same_v<decltype(core::element(core::Frozen{}, 1)), core::Frozen>);
}

/// Of which `visit` forgets a member.
struct Forgetful {
    core::Vector<float, 3> listed, forgotten;
    static void visit(auto& self, auto&& member) { member("listed", self.listed); }
};

BOOST_AUTO_TEST_CASE(what_visit_leaves_out_is_noticed) {
    core::require_complete<float>(*core::Box<Outer<float>>());
    core::require_complete<float>(core::NoParameters{});
    try {
        core::require_complete<float>(Forgetful{});
        BOOST_ERROR("a member was forgotten, and nobody noticed");
    } catch (const core::Error& error) {
        BOOST_TEST(std::string(error.what()).find("lists 3 numbers, it holds 6") != std::string::npos, error.what());
    }
}

BOOST_AUTO_TEST_CASE(a_box_that_was_moved_from_is_not_read_where_bounds_are_checked) {
    core::Box<Outer<float>> a;
    core::Box<Outer<float>> b = std::move(a);
    BOOST_CHECK_THROW(*a, core::Error);
    BOOST_CHECK_THROW(core::Box<Outer<float>>{a}, core::Error);
    BOOST_CHECK_THROW(b = a, core::Error);
}
