/// \file
/// Writes the image of an agent's file, for image.S: embedded_export AGENT.safetensors IMAGE.bin
#include <cstdio>

#include "embedded/agent.hpp"
#include "midstream/rl/agent_file.hpp"

using namespace midstream;

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: embedded_export AGENT.safetensors IMAGE.bin\n");
        return 2;
    }
    try {
        const auto image = rl::make_image(rl::load_agent<examples::Trained>(arguments[1]));
        io::replace_file(arguments[2], std::vector{std::as_bytes(std::span(&*image, 1))});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
