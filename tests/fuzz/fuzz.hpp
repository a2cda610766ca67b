/// \file
/// What every fuzz target is made of. A target is one .cpp file here that defines `fuzz::one` (or
/// LLVMFuzzerTestOneInput itself); its name is that of its
/// folder of seeds, corpus/<name>. libFuzzer drives it (preset `fuzz`), and replay.cpp runs it over the seeds as a
/// test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "midstream/core/contract.hpp"

namespace midstream::fuzz {

/// Works on an input, which errors must call "input". It may end in a core::Error, and in nothing else.
void one(std::span<const std::byte> bytes);

/// What must hold of any input.
inline void require(bool condition) {
    if (!condition) std::abort();
}

/// Calls function(), which may end in an Error that begins with the name of the input.
template <class Function>
void errors_name_the_input(Function&& function) {
    try {
        function();
    } catch (const core::Error& error) {
        if (std::string(error.what()).starts_with("input: ")) return;
        std::fprintf(stderr, "an error that does not name the input: %s\n", error.what());
        std::abort();
    }
}

}  // namespace midstream::fuzz

namespace fuzz = midstream::fuzz;

/// Not inline: a program is of one target, and calls this from elsewhere.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::errors_name_the_input([&] { fuzz::one(std::as_bytes(std::span(data, size))); });
    return 0;
}
