// Any bytes as a command line, one argument a line: understood, or refused with an Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/options/feasible.hpp"
#include "common/options/program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace midstream::examples;
    static const Program program{
        "world", "a world", {{"demo", "small", {}, nullptr}, {"full", "large", {}, nullptr}}, {}};
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> arguments;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        // As the system passes them, arguments end with a zero byte.
        arguments.emplace_back(std::string(rest.substr(0, end)).c_str());
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    try {
        const Request request = understand(program, arguments);
        require_feasible(request.settings, 100);
    } catch (const midstream::core::Error&) {
    }
    return 0;
}
