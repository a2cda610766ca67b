/// \file
/// Pictures of an episode by MuJoCo's own renderer, without a window: EGL gives it a context.
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <png.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/page/colours.hpp"
#include "midstream/io/file.hpp"
#include "simulator/episode.hpp"

namespace midstream::examples::simulator {

/// Rows from the top, red, green and blue in turn.
struct Picture {
    int width, height;
    std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height));

    /// Copies another one into this, its upper left corner at this place.
    void paste(const Picture& from, int left, int top) {
        for (int y = 0; y < from.height; ++y)
            std::copy_n(from.pixels.begin() + 3 * y * from.width, 3 * from.width,
                        pixels.begin() + 3 * ((top + y) * width + left));
    }
    void write(const std::filesystem::path& path) const {
        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        image.width = static_cast<png_uint_32>(width);
        image.height = static_cast<png_uint_32>(height);
        image.format = PNG_FORMAT_RGB;
        io::require(path, png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr) != 0,
                    [&] { return "cannot write: " + std::string(image.message); });
    }
};

/// OpenGL without a window or a display, current from here on.
class Context {
public:
    /// Throws where there is no EGL that can do so.
    Context() {
        display_ = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
        if (!eglInitialize(display_, nullptr, nullptr)) display_ = eglGetDisplay(EGL_DEFAULT_DISPLAY);
        const EGLint wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
        EGLConfig config = nullptr;
        EGLint count = 0;
        core::require(eglInitialize(display_, nullptr, nullptr) && eglBindAPI(EGL_OPENGL_API) &&
                          eglChooseConfig(display_, wanted, &config, 1, &count) && count == 1,
                      "EGL has no OpenGL without a window here (Debian: libegl1, libgl1-mesa-dri)");
        context_ = eglCreateContext(display_, config, EGL_NO_CONTEXT, nullptr);
        core::require(eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_), "EGL makes no context");
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() {
        eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        eglDestroyContext(display_, context_);
        eglTerminate(display_);
    }

private:
    EGLDisplay display_;
    EGLContext context_;
};

/// Looks down on the whole grid.
class Camera {
public:
    /// Lights the model as well, which must outlive the camera.
    Camera(mjModel& model, const Layout& layout, int width, int height)
        : model_(&model), view_{0, 0, width, height}, data_(mj_makeData(&model)) {
        board_.assign(layout);
        std::ranges::fill(model.vis.headlight.ambient, 0.5f);
        std::ranges::fill(model.vis.headlight.diffuse, 0.5f);
        model.vis.global.offwidth = width;
        model.vis.global.offheight = height;
        model.vis.quality.offsamples = 8;
        mjv_defaultOption(&option_);
        mjv_defaultCamera(&camera_);
        camera_.distance = 1.65 * world.cell * world.grid.size;
        camera_.azimuth = 90;
        camera_.elevation = -62;
        mjv_defaultScene(&scene_);
        mjv_makeScene(&model, &scene_, world.grid.horizon + 100);
        mjr_defaultContext(&renderer_);
        mjr_makeContext(&model, &renderer_, mjFONTSCALE_150);
        mjr_setBuffer(mjFB_OFFSCREEN, &renderer_);
    }
    Camera(const Camera&) = delete;
    Camera& operator=(const Camera&) = delete;
    ~Camera() {
        mjr_freeContext(&renderer_);
        mjv_freeScene(&scene_);
    }

    /// What has happened up to this moment: the way so far and the torso are of the colours of the codes in force.
    Picture picture(const std::vector<Moment>& moments, std::size_t now) {
        const auto& state = moments[now].state;
        std::copy(state.position.begin(), state.position.end(), data_->qpos);
        mj_forward(model_, data_.get());
        mjv_updateScene(model_, data_.get(), &option_, nullptr, &camera_, mjCAT_ALL, &scene_);
        for (mjvGeom& geom : std::span(scene_.geoms, static_cast<std::size_t>(scene_.ngeom))) {
            if (geom.objtype != mjOBJ_GEOM) continue;
            if (geom.type == mjGEOM_PLANE) paint(geom, "#c8c8c8");
            if (geom.type == mjGEOM_CAPSULE) paint(geom, "#4a4a4a");
            if (geom.type == mjGEOM_SPHERE) paint(geom, category_colour(moments[now].codes - 1));
        }
        for (int cell = 0; cell < world.grid.cells(); ++cell) {
            const auto [x, y] = Sensors::centre(cell);
            const int content = board_.contents[static_cast<std::size_t>(cell)];
            const bool wall = content == env::Board<world.grid>::wall, coloured = content >= 0;
            const double height = wall ? 0.3 : 0.004, side = 0.49 * world.cell;
            add(mjGEOM_BOX, {side, side, height}, {x, y, height},
                wall       ? "#8a8a8a"
                : coloured ? category_colour(content)
                           : "#ffffff",
                coloured ? 0.5f : 1);
        }
        for (std::size_t step = 0; step < now; ++step)
            add(mjGEOM_CYLINDER, {0.05, 0.05, 0.002},
                {moments[step].state.position[0], moments[step].state.position[1], 0.012},
                category_colour(moments[step].codes - 1));
        mjr_render(view_, &scene_, &renderer_);
        const Moment& moment = moments[now];
        const std::string values =
            fmt::format("{:.2f} s\n{}\n{} of {}", static_cast<double>(now) * world.control_step(), moment.codes,
                        moment.visited, world.grid.colours);
        mjr_overlay(mjFONT_NORMAL, mjGRID_TOPLEFT, view_, "time\ncode\nvisited", values.c_str(), &renderer_);

        Picture upside_down{view_.width, view_.height}, result{view_.width, view_.height};
        mjr_readPixels(upside_down.pixels.data(), nullptr, view_, &renderer_);
        for (int y = 0; y < result.height; ++y)
            std::copy_n(upside_down.pixels.end() - 3 * (y + 1) * result.width, 3 * result.width,
                        result.pixels.begin() + 3 * y * result.width);
        return result;
    }

private:
    /// "#0072b2"
    static void paint(mjvGeom& geom, std::string_view colour, float opacity = 1) {
        for (std::size_t c = 0; c < 3; ++c)
            geom.rgba[c] = static_cast<float>(std::stoi(std::string(colour.substr(1 + 2 * c, 2)), nullptr, 16)) / 255;
        geom.rgba[3] = opacity;
    }
    /// Adds something to the scene that the physics do not know of.
    void add(mjtGeom shape, const std::array<double, 3>& size, const std::array<double, 3>& place,
             std::string_view colour, float opacity = 1) {
        if (scene_.ngeom == scene_.maxgeom) return;
        mjvGeom& geom = scene_.geoms[scene_.ngeom++];
        mjv_initGeom(&geom, shape, size.data(), place.data(), nullptr, nullptr);
        paint(geom, colour, opacity);
    }

    const mjModel* model_;
    env::Board<world.grid> board_{};
    mjrRect view_;
    Data data_;
    Context context_{};
    mjvOption option_;
    mjvCamera camera_;
    mjvScene scene_;
    mjrContext renderer_;
};

}  // namespace midstream::examples::simulator
