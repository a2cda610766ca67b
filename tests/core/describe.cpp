#include "midstream/core/describe.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

using namespace midstream;

namespace midstream::plant {

enum class Season { spring, summer = 3 };

struct Leaf {
    double width = 0.5;
    Season season = Season::summer;
    std::array<int, 2> veins{3, 4};
    static constexpr void describe(const auto& self, auto&& part) {
        part("width", self.width);
        part("season", self.season);
        part("veins", self.veins);
    }
};
struct Oak {};
template <int Height>
struct Trunk {
    static constexpr void describe(auto&& part) { part("height", Height); }
};
template <Leaf Foliage, class Kind = Oak, template <int> class Stem = Trunk>
struct Tree {
    static constexpr void describe(auto&& part) {
        part("leaf", Foliage);
        part("kind", std::type_identity<Kind>{});
        part("stem", std::type_identity<Stem<3>>{});
    }
    struct Care {
        Kind kind{};
        float water = 0.1f;
        int visits = 0;
        static constexpr void describe(const auto& self, auto&& part) {
            part("kind", self.kind);
            part("water", self.water);
            part.leaves_out(self.visits);
        }
    };
};
template <class, int = 2>
struct Unlisted {};

/// Both lists, and fields that no constant can have.
template <class Kind>
struct Grove {
    std::string name;
    std::vector<Leaf> leaves;
    Kind kind{};
    static constexpr void describe(auto&& part) { part("kind", std::type_identity<Kind>{}); }
    static void describe(const auto& self, auto&& part) {
        part("name", self.name);
        part("leaves", self.leaves);
        part("kind", self.kind);
    }
};
struct Forgetful {
    std::string name;
    int forgotten = 1;
    static void describe(const auto& self, auto&& part) { part("name", self.name); }
};
/// No aggregate: it alone knows what of it matters.
class Root {
public:
    explicit Root(int depth) : depth_(depth) {}
    int grow() { return ++visits_; }
    static void describe(const auto& self, auto&& part) { part("depth", self.depth_); }

private:
    int depth_;
    int visits_ = 0;
};

}  // namespace midstream::plant

namespace {

struct Moss {};

template <class T>
std::string type_text() {
    return core::text(core::describe<T>());
}
std::string value_text(const auto& value) { return core::text(core::describe(value)); }

}  // namespace

BOOST_AUTO_TEST_CASE(types_say_their_names_and_arguments) {
    struct Here {};
    BOOST_TEST(type_text<float>() == "float");
    BOOST_TEST(type_text<plant::Oak>() == "plant::Oak");
    BOOST_TEST(type_text<Moss>() == "anonymous::Moss");
    BOOST_TEST(type_text<Here>() == "Here");
    BOOST_TEST(type_text<plant::Trunk<7>>() == "plant::Trunk{height=7}");
    BOOST_TEST((type_text<plant::Tree<plant::Leaf{.width = 0.25}, plant::Trunk<1>>>()) ==
               "plant::Tree{leaf=plant::Leaf{width=0.25, season=summer, veins=[3, 4]}, kind=plant::Trunk{height=1}, "
               "stem=plant::Trunk{height=3}}");
    // Without a list: as the compiler at hand has it.
    BOOST_TEST(core::describe<plant::Unlisted<Moss>>().name.starts_with("plant::Unlisted<anonymous::Moss"));
    BOOST_TEST((type_text<plant::Unlisted<Moss, 3>>()) == "\"plant::Unlisted<anonymous::Moss, 3>\"");
}

BOOST_AUTO_TEST_CASE(values_say_what_they_are_and_hold) {
    BOOST_TEST(value_text(true) == "true");
    BOOST_TEST(value_text(-3) == "-3");
    BOOST_TEST(value_text(std::uint64_t{1} << 63) == "9223372036854775808");
    BOOST_TEST(value_text(0.1) == "0.1");
    BOOST_TEST(value_text(0.1f) == "0.1");
    BOOST_TEST(value_text(1.0 / 3) != value_text(1.0 / 3 + 1e-16));
    BOOST_TEST(value_text("bank") == "bank");
    BOOST_TEST(value_text(std::string("two words; more")) == "two words; more");
    BOOST_TEST(value_text(plant::Season::spring) == "spring");
    BOOST_TEST(value_text(static_cast<plant::Season>(2)) == "2");
    BOOST_TEST(value_text(std::vector<double>{}) == "[]");
    BOOST_TEST(value_text(std::vector<std::vector<int>>{{1}, {2, 3}}) == "[[1], [2, 3]]");
    BOOST_TEST(value_text(plant::Oak{}) == "plant::Oak");
    BOOST_TEST(value_text(std::type_identity<plant::Oak>{}) == "plant::Oak");
    BOOST_TEST(value_text(plant::Leaf{.width = 2}) == "plant::Leaf{width=2, season=summer, veins=[3, 4]}");
    BOOST_TEST(value_text(plant::Tree<plant::Leaf{}>::Care{.visits = 9}) ==
               "plant::Tree::Care{kind=plant::Oak, water=0.1}");
    BOOST_TEST(value_text(plant::Root(4)) == "plant::Root{depth=4}");
    // The value's own word takes the place of its type's.
    BOOST_TEST((value_text(plant::Grove<plant::Oak>{"a \"wood\"", {}})) ==
               "plant::Grove{kind=plant::Oak, name=\"a \\\"wood\\\"\", leaves=[]}");
}

BOOST_AUTO_TEST_CASE(a_forgotten_field_is_found_where_the_compiler_cannot) {
    BOOST_TEST(core::detail::field_count<plant::Leaf>() == 3);
    BOOST_TEST(core::detail::field_count<plant::Oak>() == 0);
    BOOST_TEST((core::detail::field_count<plant::Grove<Moss>>()) == 3);
    BOOST_TEST(core::detail::spelled_arguments("a::B<c::D<1, 2>, E{3, {4, 5}}, (F)6>") == 3);
    BOOST_TEST(core::detail::spelled_arguments("a::B<c::D<1, 2>>::E") == 0);
    BOOST_TEST(core::detail::spelled_arguments("a::B<>") == 0);
    BOOST_TEST(core::detail::is_rounded("B<Shape{1, 3.000000e-02}>"));
    BOOST_TEST(!core::detail::is_rounded("Tree<3, 0xe, edge-e>"));
    BOOST_CHECK_EXCEPTION(core::describe(plant::Forgetful{}), core::Error, [](const core::Error& error) {
        return std::string(error.what()) == "describe(self, part) of plant::Forgetful forgets a field";
    });
}

BOOST_AUTO_TEST_CASE(texts_are_read_back) {
    core::Description whole{"run"};
    whole.set("tree", std::type_identity<plant::Tree<plant::Leaf{}>>{})
        .set("grove", plant::Grove<Moss>{"a, b={c} \"d\" \\", {plant::Leaf{}, plant::Leaf{.width = 1e-9}}})
        .set("empty", std::vector<int>{})
        .set("unlisted", std::type_identity<plant::Unlisted<int, 3>>{});
    const auto again = core::parse_description(core::text(whole));
    BOOST_TEST_REQUIRE(again.has_value());
    BOOST_TEST((*again == whole));
    for (const char* other : {"", "two, blocks", "a{", "a{b}", "a{b=}", "a{b=c", "a{b=c,d=e}", "[a", "\"a", "a}",
                              "a{b=c} ", "a{b=c}}", "\"\\", "=", "a{=b}"})
        BOOST_TEST(!core::parse_description(other).has_value(), other);
    BOOST_TEST(!core::parse_description(std::string(100'000, '[')).has_value());
}

BOOST_AUTO_TEST_CASE(the_first_difference_is_found) {
    const auto said = [](std::string_view found, std::string_view expected) {
        const auto difference = core::difference(found, expected);
        return difference ? difference->to_string() : std::string();
    };
    BOOST_TEST(said("a{b=1, c=d{e=[1, 2]}}", "a{b=1, c=d{e=[1, 2]}}") == "");
    BOOST_TEST(said("a{b=1, c=2}", "a{b=2, c=3}") == "b is 1, expected 2");
    BOOST_TEST(said("a{b=1, c=2}", "a{c=3, b=2}") == "c is 2, expected 3");
    BOOST_TEST(said("a{c=d{e=[1, 2]}}", "a{c=d{e=[1, 3]}}") == "c.e.1 is 2, expected 3");
    BOOST_TEST(said("a{c=d{e=1}}", "a{c=f{e=1}}") == "c is d{e=1}, expected f{e=1}");
    BOOST_TEST(said("a{b=1}", "a{b=1, c=2}") == "c is nothing, expected 2");
    BOOST_TEST(said("a{b=1, c=2}", "a{b=1}") == "c is 2, expected nothing");
    BOOST_TEST(said("[1, 2]", "[1]") == "1 is 2, expected nothing");
    BOOST_TEST(said("a{b=1}", "c{b=1}") == "it is a{b=1}, expected c{b=1}");
    BOOST_TEST(said("two, blocks", "a{b=1}") == "it is 'two, blocks', expected 'a{b=1}'");
    BOOST_TEST(said("a{b=1, c=2}", "a{c=2, b=1}") == "it is 'a{b=1, c=2}', expected 'a{c=2, b=1}'");  // other bytes
    const std::string large = "a{" + std::string(300, 'b') + "=1}";
    BOOST_TEST(said("x{y=" + large + "}", "x{y=2}").size() < 250u);
    BOOST_TEST(core::difference("a{b=1}", "a{b=2}")->within("stage").within("run").to_string() ==
               "run.stage.b is 1, expected 2");
}

BOOST_AUTO_TEST_CASE(fingerprints_differ_with_every_number) {
    std::vector<float> numbers{0, 1, 2};
    const auto fingerprint = [&] { return core::fingerprint(std::span<const float>(numbers)); };
    const auto before = fingerprint();
    BOOST_TEST(before.size() == 16u);
    for (float& number : numbers) {
        number += 1;
        BOOST_TEST(fingerprint() != before);
        number -= 1;
    }
    BOOST_TEST(fingerprint() == before);
    BOOST_TEST(core::fingerprint(std::span<const float>()) == "cbf29ce484222325");
}
