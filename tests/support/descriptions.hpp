/// \file
/// Whether things that differ say different things of themselves.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "midstream/core/describe.hpp"

namespace midstream::test {

template <class T>
std::string type_text() {
    return core::text(core::describe<T>());
}
std::string value_text(const auto& value) { return core::text(core::describe(value)); }

/// Checks that no two texts are the same, that each is read back, and that nothing in them is in a compiler's words.
inline void all_different(const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto read = core::parse_description(texts[i]);
        BOOST_TEST_REQUIRE(read.has_value(), texts[i]);
        BOOST_TEST(core::text(*read) == texts[i]);
        BOOST_TEST(texts[i].find('<') == std::string::npos, texts[i]);
        for (std::size_t j = 0; j < i; ++j) {
            BOOST_TEST(texts[i] != texts[j]);
            BOOST_TEST((texts[i] == texts[j] || core::difference(texts[i], texts[j]).has_value()));
        }
    }
}

namespace detail {
/// Changes the one of the fields listed whose turn it is.
struct ChangeOne {
    int left;
    bool changed = false;
    template <class Field>
    void operator()(std::string_view, const Field& field) {
        if (left-- != 0) return;
        auto& mutable_field = const_cast<Field&>(field);
        if constexpr (std::is_same_v<Field, bool>) {
            mutable_field = !field;
            changed = true;
        } else if constexpr (std::is_arithmetic_v<Field>) {
            mutable_field = static_cast<Field>(field + 1);
            changed = true;
        } else if constexpr (std::is_enum_v<Field>) {
            mutable_field = static_cast<Field>(static_cast<int>(field) ^ 1);
            changed = true;
        }
    }
    void leaves_out(const auto&...) {}
};
}  // namespace detail

/// Checks that another number, switch or enumerator in any of the fields makes another description, that names it.
template <class Options>
void every_field_counts(const Options& options) {
    const auto before = core::describe(options);
    int changed = 0;
    for (std::size_t i = 0; i < before.parts.size(); ++i) {
        Options other = options;
        detail::ChangeOne change{static_cast<int>(i)};
        Options::describe(other, change);
        if (!change.changed) continue;
        ++changed;
        BOOST_TEST((core::describe(other) != before), before.name + "." + before.keys[i]);
    }
    BOOST_TEST(changed > 0);
}

}  // namespace midstream::test
