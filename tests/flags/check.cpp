// What a user's flags must not change, compiled under several of them (see CMakeLists.txt): numbers that are not finite
// are refused, products and attention come out right, and files read back. Exits 1 with a line for each thing that
// fails.
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "midstream/core/parallel.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/io/csv.hpp"
#include "midstream/io/npy.hpp"
#include "midstream/layer/attention.hpp"
#include "midstream/rl/agent_file.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/learner.hpp"
#ifndef __cpp_exceptions
#include <sys/wait.h>
#endif

using namespace midstream;

namespace {

int failures = 0;
void check(bool condition, const char* what) {
    if (condition) return;
    std::printf("wrong: %s\n", what);
    ++failures;
}

/// Whether `function` ends in an error: an exception, or without exceptions the end of the program.
template <class Function>
bool refused(Function&& function) {
#ifdef __cpp_exceptions
    try {
        function();
    } catch (const core::Error&) {
        return true;
    }
    return false;
#else
    const ::pid_t child = ::fork();
    if (child == 0) {
        ::close(STDERR_FILENO);
        function();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
#endif
}

/// Numbers that the compiler knows nothing of.
template <class T, class Bits>
T number(Bits bits) {
    volatile Bits unknown = bits;
    return std::bit_cast<T>(static_cast<Bits>(unknown));
}
const float nan = number<float>(0x7fc00000u), infinity = number<float>(0x7f800000u);
const double wide_nan = number<double>(std::uint64_t{0x7ff8000000000000u});

struct Weights {
    core::Vector<float, 4> values;
    static void visit(auto& self, auto&& member) { member("values", self.values); }
};
struct Sums {
    Sums& operator+=(const Sums&) { return *this; }
};

void numbers() {
    check(!core::is_finite(nan) && !core::is_finite(-infinity) && core::is_finite(number<float>(0x7f7fffffu)),
          "is_finite");
    check(core::is_nan(nan) && core::is_nan(wide_nan) && !core::is_nan(infinity), "is_nan");
    volatile float zero = 0;
    const float quotient = zero / zero;  // of an operation that the compiler believes to be finite
    check(!core::is_finite(quotient), "is_finite of 0 / 0");
    check(refused([] { core::require_range(wide_nan, 0.0, 1.0, "rate"); }), "a range takes NaN");
    check(refused([] { core::require_range(infinity, 0.0f, 1.0f, "rate"); }), "a range takes infinity");
}

void training() {
    for (const float bad : {nan, infinity}) {
        train::Learner<Weights, train::AdamW> learner;
        const auto update = [&](float value) {
            learner.update(core::Serial{}, 0.1, [&](int, Weights& gradient) {
                gradient.values.values[1] = value;
                return Sums{};
            });
        };
        check(refused([&] { update(bad); }), "a learner takes a gradient that is not finite");
        check(learner.parameters->values.values[1] == 0, "a refused gradient changed parameters");
        update(1);
        check(learner.parameters->values.values[1] < 0, "an update did nothing");
    }
}

void files() {
    std::string form = (std::filesystem::temp_directory_path() / "midstream-XXXXXX").string();
    check(::mkdtemp(form.data()) != nullptr, "no temporary folder");
    const std::filesystem::path folder = form;
    Weights weights{{{1, 2, 3, 4}}}, read{};
    const auto save = [&] { io::save(folder / "w", "x", [&](auto&& member) { member("w", weights); }); };
    const auto load = [&] { io::load(folder / "w", "x", [&](auto&& member) { member("w", read); }); };
    save();
    load();
    check(read.values.values[3] == 4, "a checkpoint reads back as something else");
    for (const float bad : {nan, infinity}) {
        weights.values.values[2] = bad;
        save();
        check(refused(load), "a checkpoint with numbers that are not finite is taken");
    }
    check(refused([&] { io::load(folder / "none", "x", [&](auto&& member) { member("w", read); }); }),
          "a missing file is taken");

    core::Buffer<float, 3> rows;
    rows.resize(2);
    for (std::size_t i = 0; i < 6; ++i) rows.values[i] = static_cast<float>(i);
    const auto array = io::array(rows.view());
    check(array(1, 0) == 3, "the array of rows is another");
    io::save_npy(folder / "a.npy", array);
    const auto back = io::load_npy<float>(folder / "a.npy");
    check(back.shape()[0] == 2 && back(1, 0) == 3 && back(0, 2) == 2, "an array reads back as another");

    io::CsvWriter table(folder / "t.csv", {"step", "loss"});
    table.row({12345, 0.5});
    table.row({12346, wide_nan});
    const io::Table found = io::read_csv(folder / "t.csv");
    check(found.columns[0][0] == 12345 && found.columns[1][0] == 0.5 && core::is_nan(found.columns[1][1]),
          "a table reads back as another");
    std::filesystem::remove_all(folder);
}

template <int Width, class T>
void narrow_products() {
    constexpr int rows = 7;
    core::Random random(1);
    std::vector<T> a(rows * rows), b(rows * Width), c(rows * Width), d(rows * Width);
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j <= i; ++j) a[static_cast<std::size_t>(i * rows + j)] = random.normal<T>();
    for (T& value : b) value = random.normal<T>();
    const core::View<const T> square{a.data(), rows, rows, rows}, narrow{b.data(), rows, Width, Width};
    core::lower_product(square, narrow, core::View<T>{c.data(), rows, Width, Width});
    core::lower_transposed_product(square, narrow, core::View<T>{d.data(), rows, Width, Width});
    double worst = 0;
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j < Width; ++j) {
            double product = 0, transposed = 0;
            for (int k = 0; k < rows; ++k) {
                product += double(a[static_cast<std::size_t>(i * rows + k)]) *
                           double(b[static_cast<std::size_t>(k * Width + j)]);
                transposed += double(a[static_cast<std::size_t>(k * rows + i)]) *
                              double(b[static_cast<std::size_t>(k * Width + j)]);
            }
            const auto at = static_cast<std::size_t>(i * Width + j);
            worst = std::max({worst, std::abs(product - double(c[at])), std::abs(transposed - double(d[at]))});
        }
    check(worst < 1e-4, "products of lower triangles");
}

void attention() {
    using Layer = layer::Attention<layer::AttentionShape{.width = 24, .heads = 3, .context = 12}>;
    core::Box<Layer::Parameters<float>> parameters;
    core::Random random(2);
    Layer::initialise(*parameters, random);
    const std::vector<int> offsets{0, 12, 17};
    core::Buffer<float, 24> x, y, stepped;
    for (float& value : x.resize(17).flat()) value = 3 * random.normal<float>();
    Layer::Tape<float> tape;
    Layer::forward<float>(*parameters, core::Sequences{offsets}, x.view(), y.resize(17), tape);
    stepped.resize(17);
    double worst = 0;
    for (int s = 0; s < 2; ++s) {
        auto state = std::make_unique<Layer::State<float>>();
        for (int t = offsets[static_cast<std::size_t>(s)]; t < offsets[static_cast<std::size_t>(s) + 1]; ++t) {
            Layer::step<float>(
                *parameters, [&](int) -> auto& { return *state; }, x.view().slice(t, 1), stepped.view().slice(t, 1),
                tape);
            for (int i = 0; i < 24; ++i)
                worst = std::max(worst, std::abs(double(y.view().row(t)[i]) - double(stepped.view().row(t)[i])));
        }
        if (s == 0)
            check(refused([&] {
                      Layer::step<float>(
                          *parameters, [&](int) -> auto& { return *state; }, x.view().slice(0, 1),
                          stepped.view().slice(0, 1), tape);
                  }),
                  "attention steps beyond its context");
    }
    check(worst < 1e-5, "attention step by step is not that of whole sequences");
}

}  // namespace

int main() {
    numbers();
    training();
    files();
    narrow_products<1, float>();
    narrow_products<21, float>();
    narrow_products<40, double>();
    attention();
    return failures > 0;
}
