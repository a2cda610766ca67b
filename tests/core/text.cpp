#include "midstream/core/text.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <clocale>
#include <cmath>
#include <limits>
#include <locale>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {
/// As a user who writes 1.234,5 would have it.
struct Grouping : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};
}  // namespace

BOOST_AUTO_TEST_CASE(shortest_text) {
    BOOST_TEST(core::to_text(0.1) == "0.1");
    BOOST_TEST(core::to_text(0.1f) == "0.1");
    BOOST_TEST(core::to_text(1e-9) == "1e-09");
    BOOST_TEST(core::to_text(12345.5) == "12345.5");
    BOOST_TEST(core::to_text(-0.0) == "-0");
    BOOST_TEST(core::to_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
    BOOST_TEST(core::to_text(-std::numeric_limits<float>::infinity()) == "-inf");
    BOOST_TEST(core::to_text(-7) == "-7");
    BOOST_TEST(core::to_text(std::uint64_t(18446744073709551615u)) == "18446744073709551615");
}

BOOST_AUTO_TEST_CASE(numbers_read_back) {
    core::Random random(1);
    for (int i = 0; i < 10'000; ++i) {
        const auto value = std::bit_cast<double>((std::uint64_t{random.bits()} << 32) + random.bits());
        if (!core::is_finite(value)) continue;
        BOOST_REQUIRE(core::parse_number(core::to_text(value)).value() == value);
    }
    BOOST_TEST(core::parse_number("-1.5e+07").value() == -1.5e7);
    BOOST_TEST(core::parse_number(".5").value() == 0.5);
    BOOST_TEST(core::parse_number("5.").value() == 5);
    BOOST_TEST(core::parse_number("4.9406564584124654e-324").value() == 5e-324);
    BOOST_TEST(core::is_nan(core::parse_number("nan").value()));
    BOOST_TEST(core::parse_number("-inf").value() == -std::numeric_limits<double>::infinity());
}

/// What stands in for the C++ library where that is too old writes and reads the same.
BOOST_AUTO_TEST_CASE(by_the_c_library) {
    core::Random random(2);
    const auto check = [](const auto value) {
        std::string text;
        core::detail::c_library::append_shortest(text, value);
        BOOST_REQUIRE_EQUAL(text, core::to_text(value));
        BOOST_REQUIRE(core::detail::c_library::read_number(text) == core::parse_number(text));
    };
    for (int i = 0; i < 10'000; ++i) {
        const auto any = std::bit_cast<double>((std::uint64_t{random.bits()} << 32) + random.bits());
        if (core::is_finite(any)) check(any);
        const auto single = std::bit_cast<float>(random.bits());
        if (core::is_finite(single)) check(single);
        check(random.normal());
        check(static_cast<float>(random.normal()));
        check(static_cast<double>(random.below(1'000'000)) * std::pow(10.0, random.below(30) - 15));
        check(std::ldexp(1.0, random.below(40) - 20));  // elsewhere their last digits may differ
    }
    for (const double value : {0.0, -0.0, 10.0, -10.0, 1e5, 1e6, 1234567.0, 0.001, 0.0001, 1e-5, 1e22, 1e23, 5e-324,
                               std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})
        check(value);
}

/// What microcontrollers have has the first six digits.
BOOST_AUTO_TEST_CASE(six_digits) {
    const auto text = [](double value) {
        std::string result;
        core::detail::six_digits::append_shortest(result, value);
        return result;
    };
    core::Random random(3);
    for (int i = 0; i < 10'000; ++i) {
        const double value = random.normal() * std::pow(10.0, random.below(40) - 20);
        BOOST_REQUIRE(std::abs(core::parse_number(text(value)).value() - value) <= 6e-6 * std::abs(value));
    }
    for (const double value : {0.0, 1.0, -10.0, 0.5, 0.001, 0.0001, 1e5, 123456.0, 100.25, 1e-9, 5e20, 999999.0,
                               std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})
        BOOST_TEST(core::parse_number(text(value)).value() == value, text(value) << " for " << value);
    BOOST_TEST(text(std::numeric_limits<double>::quiet_NaN()) == "nan");
    BOOST_TEST(text(0.1) == "0.1");
    BOOST_TEST(text(1e6) == "1e6");
}

BOOST_AUTO_TEST_CASE(what_is_no_number) {
    for (const char* text : {"", " 1", "1 ", "+1", "--1", "1,5", "1.5.", "0x10", "1e", "1e+", ".", "-", "e5", "NAN(1)",
                             "infinit", "1e999", "-1e999", "1e-999", "nanx"})
        BOOST_TEST(!core::parse_number(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(locales_change_nothing) {
    const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
    BOOST_TEST(core::to_text(1234567.5) == "1234567.5");
    BOOST_TEST(core::to_text(1234567) == "1234567");
    BOOST_TEST(core::parse_number("1234.5").value() == 1234.5);
    BOOST_TEST(!core::parse_number("1.234,5").has_value());
    std::locale::global(before);
}

BOOST_AUTO_TEST_CASE(text_of_others) {
    BOOST_TEST(core::quoted("a b") == "'a b'");
    BOOST_TEST(core::quoted(std::string_view("\x1b[2J\n\0", 6)) == "'\\x1b[2J\\x0a\\x00'");
    BOOST_TEST(core::quoted(std::string(1000, 'x')) == "'" + std::string(100, 'x') + "...'");
}
