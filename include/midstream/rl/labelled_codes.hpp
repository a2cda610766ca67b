/// \file
/// Names for codes: what an abstract action is after, for whoever watches an agent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "midstream/core/contract.hpp"

namespace midstream::rl {

/// Codes of `Width` numbers that somebody gave names, such as the mean code of each goal. Any other code has the name
/// of the nearest.
template <int Width>
struct LabelledCodes {
    std::vector<float> codes{};        ///< one after the other
    std::vector<std::uint8_t> text{};  ///< their names, each with a zero behind it
    static void visit(auto& self, auto&& member) {
        member("codes", self.codes);
        member("text", self.text);
    }

    /// How many there are.
    int count() const { return static_cast<int>(codes.size()) / Width; }
    /// One more. Names have no zeros in them.
    void add(std::span<const float, Width> code, std::string_view name) {
        core::require(name.find('\0') == std::string_view::npos, "the name of a code has no zero in it");
        codes.insert(codes.end(), code.begin(), code.end());
        text.insert(text.end(), name.begin(), name.end());
        text.push_back(0);
    }
    /// The number of the code nearest to this one; -1 where there is none.
    int nearest(std::span<const float, Width> code) const {
        int found = -1;
        float least = 0;
        for (int i = 0; i < count(); ++i) {
            float distance = 0;
            for (std::size_t k = 0; k < Width; ++k) {
                const float difference = code[k] - codes[static_cast<std::size_t>(i) * Width + k];
                distance += difference * difference;
            }
            if (found < 0 || distance < least) {
                found = i;
                least = distance;
            }
        }
        return found;
    }
    /// The name of the nearest; empty where there is none.
    std::string_view name(std::span<const float, Width> code) const {
        int left = nearest(code);
        if (left < 0) return {};
        std::string_view rest(reinterpret_cast<const char*>(text.data()), text.size());
        while (left-- > 0) rest.remove_prefix(rest.find('\0') + 1);
        return rest.substr(0, rest.find('\0'));
    }
    /// Throws unless there is a name for every code.
    void validate() const {
        std::size_t names = 0;
        for (const std::uint8_t character : text) names += character == 0;
        core::require(codes.size() == names * Width && (text.empty() || text.back() == 0),
                      "an agent's labelled codes have a name each");
    }
};

}  // namespace midstream::rl
