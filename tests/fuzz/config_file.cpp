// Any bytes as a file of settings: understood, or refused with an Error. What was understood means the same once
// printed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/options/settings_options.hpp"

namespace {

/// All settings after the file has been read, as a file.
std::string read(std::string_view text) {
    using namespace midstream::examples;
    Settings settings;
    settings.pretrain = {.steps = 1, .batch = 1, .learning_rate = 1};
    settings.steer = {.steps = 1, .learning_rate = 1};
    settings.discover = {.steps = 1, .learning_rate = 1, .alpha = 1};
    settings.internal = settings.raw = {.episodes = 1, .learning_rate = 1};
    Options options;
    add_options(options, settings);
    options.set(options.once(read_toml(text, "file")));
    return options.as_file();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string printed;
    try {
        printed = read({reinterpret_cast<const char*>(data), size});
    } catch (const midstream::core::Error&) {
        return 0;
    }
    if (read(printed) != printed) __builtin_trap();
    return 0;
}
