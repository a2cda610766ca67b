/// \file
/// Counter-based random numbers (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "midstream/core/contract.hpp"

namespace midstream::core {

/// A stream of random numbers that is a plain value: `key` names the stream, `counter` the next 32-bit word of it.
/// Streams are derived by `fork`, so that every sequence, environment instance and training step has its own whatever
/// the thread that runs it; saving the two numbers saves the stream.
struct Random {
    std::uint64_t key;      ///< names the stream
    std::uint64_t counter;  ///< the next 32-bit word of it

    /// The stream of a seed, from its word `position` on.
    constexpr explicit Random(std::uint64_t seed = 0, std::uint64_t position = 0) : key(seed), counter(position) {}

    /// An independent stream, the same for the same key and index whatever was drawn before.
    constexpr Random fork(std::uint64_t index) const {
        const auto words = block(key, index, 0x6d69647374726561ULL);
        return Random((std::uint64_t{words[1]} << 32) | words[0]);
    }

    /// The next 32 random bits.
    constexpr std::uint32_t bits() {
        const std::uint64_t index = counter >> 2;
        if (index != cached_index_ || cached_key_ != key) {
            cached_ = block(key, index, 0);
            cached_index_ = index;
            cached_key_ = key;
        }
        return cached_[counter++ & 3];
    }

    /// Uniform in [0, 1), of 32 bits in double and 24 in float.
    template <class T = double>
    constexpr T uniform() {
        if constexpr (sizeof(T) >= 8)
            return T(bits()) * T(0x1p-32);
        else
            return T(bits() >> 8) * T(0x1p-24);
    }

    /// Uniform over 0, ..., bound - 1 without bias. Throws unless there is one.
    constexpr int below(int bound) {
        if (bound < 1) [[unlikely]]
            require(false, "a number is drawn from among none: the bound of Random::below is at least 1");
        const auto n = static_cast<std::uint32_t>(bound);
        const std::uint32_t reject_below = (0u - n) % n;
        std::uint64_t product = std::uint64_t{bits()} * n;
        while (static_cast<std::uint32_t>(product) < reject_below) product = std::uint64_t{bits()} * n;
        return static_cast<int>(product >> 32);
    }

    /// Standard normal (Box and Muller; one number for two uniforms, so that the counter tells how many were drawn).
    template <class T = double>
    T normal() {
        const double u = 1.0 - uniform<double>();
        const double v = uniform<double>();
        return static_cast<T>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
    }

    /// Whether both will give the same numbers from here on.
    friend constexpr bool operator==(const Random& a, const Random& b) {
        return a.key == b.key && a.counter == b.counter;
    }

    /// The block function: four words from the key and the 128-bit counter (low, high). `bits` draws from the blocks
    /// with high = 0.
    static constexpr std::array<std::uint32_t, 4> block(std::uint64_t key, std::uint64_t low, std::uint64_t high) {
        std::array<std::uint32_t, 4> c{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
                                       static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32)};
        auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
        for (int round = 0; round < 10; ++round) {
            const std::uint64_t p0 = 0xD2511F53ULL * c[0], p1 = 0xCD9E8D57ULL * c[2];
            c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
                 static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        return c;
    }

private:
    std::array<std::uint32_t, 4> cached_{};
    std::uint64_t cached_index_ = ~std::uint64_t{0};
    std::uint64_t cached_key_ = 0;
};

}  // namespace midstream::core
