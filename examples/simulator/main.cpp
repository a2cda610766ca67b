/// \file
/// An ant agent in somebody else's MuJoCo: `simulator AGENT PICTURE [SEED]` plays an episode of the unseen task and
/// draws it: PICTURE.svg from above and, where there is EGL, PICTURE.png by MuJoCo's renderer.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "common/page/grid_picture.hpp"
#include "simulator/episode.hpp"
#ifdef MIDSTREAM_EXAMPLE_RENDERS
#include "simulator/camera.hpp"
#endif

using namespace midstream;
using namespace midstream::examples;
using namespace midstream::examples::simulator;

namespace {

/// The way from above, in the colours of the codes.
std::string seen_from_above(const Layout& layout, const Episode& episode) {
    GridPicture picture{.rows = world.grid.size, .columns = world.grid.size};
    for (int colour = 0; colour < world.grid.colours; ++colour)
        picture.cells.push_back({layout.object(colour), colour, fmt::format("{}", colour)});
    picture.walls.assign(layout.walls.begin(), layout.walls.end());
    for (const Moment& moment : episode.moments) {
        picture.places.push_back({moment.state.position[0] / world.cell + world.grid.size / 2.0,
                                  world.grid.size / 2.0 - moment.state.position[1] / world.cell});
        picture.categories.push_back(moment.codes - 1);
    }
    return grid_picture(picture);
}

#ifdef MIDSTREAM_EXAMPLE_RENDERS
/// Six moments of an episode, as far apart as can be, in two rows.
Picture strip(mjModel& model, const Layout& layout, const Episode& episode) {
    constexpr int columns = 3, rows = 2, width = 480, height = 400, margin = 6;
    Picture all{columns * (width + margin) - margin, rows * (height + margin) - margin};
    std::ranges::fill(all.pixels, std::uint8_t{255});
    Camera camera(model, layout, width, height);
    for (std::size_t i = 0; i < columns * rows; ++i)
        all.paste(camera.picture(episode.moments, i * (episode.moments.size() - 1) / (columns * rows - 1)),
                  static_cast<int>(i % columns) * (width + margin), static_cast<int>(i / columns) * (height + margin));
    return all;
}
#endif

void run(const std::filesystem::path& file, const std::filesystem::path& picture, std::uint64_t seed) {
    const auto trained = rl::load_agent<Trained>(file);
    const auto task = Preset::unseen_tasks().tasks()[0];
    core::Random random(seed);
    const Layout layout = draw_layout(random, task);
    const env::AntState start = draw_pose(random, layout);
    const Model model = load_model();
    const Episode episode = play(*model, trained, layout, start, task, random.fork(0));
    const Moment& last = episode.moments.back();
    std::printf("%s after %.2f s, %d codes and %d of %d colours\n", words[static_cast<std::size_t>(episode.end)],
                static_cast<double>(episode.moments.size() - 1) * world.control_step(), last.codes, last.visited,
                task.length);

    const auto write = [&](const char* extension, const auto& save) {
        auto path = picture;
        path += extension;
        save(path);
        std::printf("%s\n", path.c_str());
    };
    write(".svg", [&](const auto& path) { io::replace_file(path, seen_from_above(layout, episode)); });
#ifdef MIDSTREAM_EXAMPLE_RENDERS
    try {
        write(".png", [&](const auto& path) { strip(*model, layout, episode).write(path); });
    } catch (const core::Error& error) {  // a machine without OpenGL has the drawing
        std::fprintf(stderr, "not rendered: %s\n", error.what());
    }
#endif
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc > 4) {
        std::fprintf(stderr, "usage: %s agent.safetensors PICTURE [SEED]\n", argv[0]);
        return 2;
    }
    try {
        run(argv[1], argv[2], argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return 1;
    }
}
