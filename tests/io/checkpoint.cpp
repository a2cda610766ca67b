#include "midstream/io/checkpoint.hpp"

#include <sys/wait.h>

#include <csignal>

#include "io/files.hpp"
#include "midstream/layer/linear.hpp"

using namespace midstream;

namespace {

using First = layer::Linear<3, 4>::Parameters<float>;

struct Model {
    std::array<First, 2> blocks;
    core::Matrix<float, 2, 5> head;
    static void visit(auto& self, auto&& member) {
        member("blocks", self.blocks);
        member("head", self.head);
    }
};

/// As an optimiser: not a flat parameter struct.
struct Optimiser {
    core::Box<Model> first, second;
    std::uint64_t steps = 0;
    static void visit(auto& self, auto&& member) {
        member("first", self.first);
        member("second", self.second);
        member("steps", self.steps);
    }
};

struct Run {
    core::Box<Model> model;
    Optimiser optimiser;
    core::Random random{5};
    std::vector<core::Random> streams;
    double loss = 0;
    std::int64_t episodes = 0;
    std::vector<double> history;

    explicit Run(std::uint64_t seed = 0) : streams(2) {
        if (seed == 0) return;
        core::Random source(seed);
        for (core::Box<Model>* box : {&model, &optimiser.first, &optimiser.second})
            for (float& value : core::flat<float>(**box)) value = static_cast<float>(source.normal());
        model->head.values[3] = -0.0f;
        model->head.values[4] = 1e-42f;
        optimiser.steps = 0xffffffffffffff01u;
        random = source.fork(1);
        for (int i = 0; i < 7; ++i) random.bits();
        streams = {source.fork(2), source.fork(3)};
        streams[1].bits();
        loss = 0.1 + source.uniform();
        episodes = -(std::int64_t{1} << 62) + 1;
        history = {1.0 / 3, 2e-310, -5};
    }
};

auto contents_of(Run& run) {
    return [&run](auto&& member) {
        member("base", run.model);
        member("optimiser", run.optimiser);
        member("random", run.random);
        member("streams", run.streams);
        member("loss", run.loss);
        member("episodes", run.episodes);
        member("history", run.history);
    };
}

/// Every bit of a run.
std::string bits(Run& run) {
    std::string text;
    const auto add = [&](const void* data, std::size_t size) { text.append(static_cast<const char*>(data), size); };
    for (core::Box<Model>* box : {&run.model, &run.optimiser.first, &run.optimiser.second}) add(&**box, sizeof(Model));
    add(&run.optimiser.steps, 8);
    for (const core::Random& random : {run.random, run.streams[0], run.streams[1]}) {
        add(&random.key, 8);
        add(&random.counter, 8);
    }
    add(&run.loss, 8);
    add(&run.episodes, 8);
    add(run.history.data(), 8 * run.history.size());
    return text;
}

void load(const std::filesystem::path& path, Run& run) { io::load(path, "two blocks", contents_of(run)); }
void save(const std::filesystem::path& path, Run& run) { io::save(path, "two blocks", contents_of(run)); }

}  // namespace

BOOST_AUTO_TEST_CASE(bit_for_bit) {
    const test::TemporaryFolder folder;
    Run run(1), other(2), fresh;
    save(folder / "run", run);
    load(folder / "run", other);
    load(folder / "run", fresh);
    BOOST_TEST(bits(other) == bits(run));
    BOOST_TEST(bits(fresh) == bits(run));
    BOOST_TEST(fresh.random.bits() == run.random.bits());
    BOOST_TEST(fresh.streams[1].normal() == run.streams[1].normal());
    BOOST_TEST(io::description(io::SafetensorsReader(folder / "run")) == "two blocks");
}

BOOST_AUTO_TEST_CASE(tensors_have_paths_and_shapes) {
    const test::TemporaryFolder folder;
    Run run(1);
    save(folder / "run", run);
    const io::SafetensorsReader reader(folder / "run");
    BOOST_TEST(reader.get<float>("base.blocks.1.weight", {3, 4})[5] == run.model->blocks[1].weight.values[5]);
    BOOST_TEST(reader.get<float>("optimiser.second.blocks.0.bias", {4})[1] ==
               run.optimiser.second->blocks[0].bias.values[1]);
    BOOST_TEST(reader.get<float>("base.head", {2, 5})[9] == run.model->head.values[9]);
    BOOST_TEST(reader.get<std::uint64_t>("streams.1.counter", {})[0] == 1u);
    BOOST_TEST(reader.get<double>("history", {3})[0] == 1.0 / 3);
    BOOST_TEST(reader.tensors().size() == 15u + 1 + 2 + 4 + 3);
}

BOOST_AUTO_TEST_CASE(the_first_difference_is_named_and_nothing_changed) {
    const test::TemporaryFolder folder;
    const auto path = folder / "run";
    Run run(1), other(2);
    save(path, run);
    const std::string before = bits(other);
    const auto refused = [&](const std::string& why, const auto& contents, const char* description = "two blocks") {
        test::check_error(path.string() + ": " + why, [&] { io::load(path, description, contents); });
        BOOST_TEST(bits(other) == before);
    };
    const auto with = [&](const auto& more) {
        return [&](auto&& member) {
            contents_of(other)(member);
            more(member);
        };
    };
    refused("belongs to two blocks, expected three blocks", contents_of(other), "three blocks");
    const auto described = folder / "described";
    io::save(described, "run{blocks=2, block=layer::Mlp{hidden=8}}", contents_of(run));
    for (const auto& [why, expected] :
         {std::pair("something else: block.hidden is 8, expected 9", "run{blocks=2, block=layer::Mlp{hidden=9}}"),
          std::pair("run{blocks=2, block=layer::Mlp{hidden=8}}, expected walk", "walk"),
          std::pair("run{blocks=2, block=layer::Mlp{hidden=8}}, expected two blocks", "two blocks")})
        test::check_error(std::string("described: belongs to ") + why,
                          [&, text = expected] { io::load(described, text, contents_of(other)); });
    BOOST_TEST(bits(other) == before);
    core::Matrix<float, 2, 5> matrix{};
    refused("tensor 'extra' is missing", with([&](auto& member) { member("extra", matrix); }));
    refused("tensor 'loss' is asked for twice", with([&](auto& member) { member("loss", other.loss); }));
    // Everything that fits comes first: it must not have been touched.
    refused("tensor 'episodes' was not expected", [&](auto&& member) {
        member("base", other.model);
        member("optimiser", other.optimiser);
        member("random", other.random);
        member("streams", other.streams);
        member("loss", other.loss);
        member("history", other.history);
    });
    core::Matrix<float, 5, 2> turned{};
    refused("tensor 'base.head' has shape [2, 5], expected [5, 2]", [&](auto&& member) {
        member("base.blocks", other.model->blocks);
        member("base.head", turned);
    });
    core::Matrix<double, 2, 5> wide{};
    refused("tensor 'base.head' is of type F32, expected F64", [&](auto&& member) {
        member("base.blocks", other.model->blocks);
        member("base.head", wide);
    });
    std::array<First, 3> deeper{};
    refused("tensor 'base.blocks.2.weight' is missing", [&](auto&& member) {
        member("loss", other.loss);
        member("base.blocks", deeper);
    });
    std::vector<double> scalar;
    refused("tensor 'loss' has shape [], expected [any]", [&](auto&& member) { member("loss", scalar); });
    io::replace_file(path, "not a checkpoint at all");
    refused("the header is said to have", contents_of(other));
    io::SafetensorsWriter foreign;
    foreign.metadata("format", "pt");
    foreign.save(path);
    refused("not a checkpoint of this version of midstream", contents_of(other));
}

BOOST_AUTO_TEST_CASE(a_part_of_a_run) {
    const test::TemporaryFolder folder;
    Run run(1);
    save(folder / "run", run);
    core::Box<Model> model;
    io::load(folder / "run", "two blocks", [&](auto&& member) { member("base", model); }, {.extra = true});
    BOOST_TEST(std::memcmp(&*model, &*run.model, sizeof(Model)) == 0);
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite) {
    const test::TemporaryFolder folder;
    Run run(1), other(2);
    run.model->head.values[7] = std::numeric_limits<float>::quiet_NaN();
    save(folder / "run", run);
    const std::string before = bits(other);
    test::check_error("tensor 'base.head' holds numbers that are not finite", [&] { load(folder / "run", other); });
    BOOST_TEST(bits(other) == before);
    io::load(folder / "run", "two blocks", contents_of(other), {.not_finite = true});
    BOOST_TEST(bits(other) == bits(run));
}

BOOST_AUTO_TEST_CASE(constants_can_be_saved) {
    const test::TemporaryFolder folder;
    const Run run(1);
    io::save(folder / "model", "", [&](auto&& member) { member("base", run.model); });
    core::Box<Model> model;
    io::load(folder / "model", "", [&](auto&& member) { member("base", model); });
    BOOST_TEST(std::memcmp(&*model, &*run.model, sizeof(Model)) == 0);
}

BOOST_AUTO_TEST_CASE(damaged_files) {
    const test::TemporaryFolder folder;
    const auto path = folder / "small";
    First parameters{};
    std::uint64_t step = 7;
    const auto contents = [&](auto&& member) {
        member("layer", parameters);
        member("step", step);
    };
    io::save(path, "small", contents);
    test::check_damage(path, [&] { io::load(path, "small", contents); });
    BOOST_TEST(step == 7u);
}

BOOST_AUTO_TEST_CASE(killed_while_saving) {
    const test::TemporaryFolder folder;
    const auto path = folder / "run";
    std::vector<double> values(20000, 1.0);
    const auto contents = [&](auto&& member) { member("values", values); };
    io::save(path, "", contents);
    core::Random random(9);
    for (int round = 0; round < 20; ++round) {
        const ::pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            for (double version = 2;; ++version) {
                std::fill(values.begin(), values.end(), version);
                io::save(path, "", contents);
            }
        }
        ::usleep(static_cast<::useconds_t>(1000 + random.below(10000)));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        io::load(path, "", contents);
        BOOST_TEST(values.size() == 20000u);
        BOOST_TEST(std::count(values.begin(), values.end(), values[0]) == 20000);
    }
    io::save(path, "", contents);  // and removes what the killed left
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

/// Numbers of 16 bits are widened, exactly; integers, doubles, lists and single numbers stay as they are.
BOOST_AUTO_TEST_CASE(numbers_of_16_bits) {
    const test::TemporaryFolder folder;
    const auto path = folder / "half.safetensors";
    core::Vector<float, 6> some{{1.5f, -0.1f, 65504, 1e-7f, 0, -3e-5f}}, other{};
    core::Vector<double, 1> fine{{0.1}}, fine_too{};
    float number = 0.1f, number_too = 0;
    const std::vector<float> list{0.1f, 0.2f};
    std::vector<float> list_too;
    const auto contents = [](auto& vector, auto& doubles, auto& single, auto& numbers) {
        return [&](auto&& member) {
            member("vector", vector), member("doubles", doubles), member("number", single), member("list", numbers);
        };
    };
    io::save(path, "numbers", contents(some, fine, number, list), {.floats = io::half_precision});
    BOOST_TEST((io::SafetensorsReader(path).get("vector", io::half_precision, {6}).bytes.size() == 12));
    io::load(path, "numbers", contents(other, fine_too, number_too, list_too));
    BOOST_TEST(fine_too.values[0] == 0.1);
    BOOST_TEST(number_too == 0.1f);
    BOOST_TEST(list_too == list, boost::test_tools::per_element());
    BOOST_TEST(other.values[0] == 1.5f);
    BOOST_TEST(other.values[1] == -0.0999755859375f);
    BOOST_TEST(other.values[2] == 65504.0f);
    BOOST_TEST(other.values[3] == 0x1p-23f);  // subnormal
    io::round(contents(some, fine, number, list), {.floats = io::half_precision});
    BOOST_TEST((std::memcmp(some.values, other.values, sizeof(some)) == 0));

    some.values[3] = 65520;
    test::check_error("tensor 'vector' holds 65520, which is too large for F16", [&] {
        io::save(path, "numbers", contents(some, fine, number, list), {.floats = io::half_precision});
    });
    io::save(path, "numbers", contents(some, fine, number, list), {.floats = io::bfloat16});
    io::load(path, "numbers", contents(other, fine_too, number_too, list_too));
    BOOST_TEST(other.values[3] == 65536.0f);
    test::check_error("cannot be written as F64", [&] {
        io::save(path, "numbers", contents(some, fine, number, list), {.floats = {"F64", 8}});
    });
    // BF16, as others write it; what is not finite is found in 16 bits as well.
    const auto write = [&](std::array<std::uint16_t, 6> bits, const io::Dtype& dtype) {
        io::SafetensorsWriter writer;
        writer.metadata("format", "midstream checkpoint 1");
        writer.metadata("description", "numbers");
        writer.add("vector", dtype, {6}, std::as_bytes(std::span(bits)));
        writer.save(path);
    };
    const auto only_vector = [&](auto&& member) { member("vector", other); };
    write({0x3fc0, 0xc000, 0, 0, 0, 0}, io::bfloat16);
    io::load(path, "numbers", only_vector);
    BOOST_TEST(other.values[0] == 1.5f);
    BOOST_TEST(other.values[1] == -2.0f);
    for (const auto& [bits, dtype] : {std::pair(0x7f80, io::bfloat16), std::pair(0x7c00, io::half_precision)}) {
        write({0, 0, static_cast<std::uint16_t>(bits)}, dtype);
        test::check_error("tensor 'vector' holds numbers that are not finite",
                          [&] { io::load(path, "numbers", only_vector); });
    }
    write({}, {"I16", 2});
    test::check_error("tensor 'vector' is of type I16, expected F32", [&] { io::load(path, "numbers", only_vector); });
}

BOOST_AUTO_TEST_CASE(a_file_tells_its_origin) {
    const test::TemporaryFolder folder;
    float number = 3;
    const auto contents = [&](auto&& member) { member("number", number); };
    io::save(folder / "told", "numbers", contents, {.origin = "counted by hand, twice"});
    io::save(folder / "untold", "numbers", contents);
    BOOST_TEST(io::origin(io::SafetensorsReader(folder / "told")) == "counted by hand, twice");
    BOOST_TEST(io::origin(io::SafetensorsReader(folder / "untold")) == "");
    number = 0;
    io::load(folder / "told", "numbers", contents);
    BOOST_TEST(number == 3);
}
