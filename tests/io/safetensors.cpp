#include "midstream/io/safetensors.hpp"

#include <cmath>
#include <cstdlib>

#include "io/files.hpp"

using namespace midstream;

namespace {

const std::vector<float> weight{1.5f, -0.0f, 3e-45f, 4, 5, 6};
const std::vector<std::int16_t> label{-1, 2, 3};
const std::vector<double> mean{0.1, std::numeric_limits<double>::infinity()};
const std::uint64_t step = 0xfedcba9876543210u;

void write_sample(const std::filesystem::path& path) {
    io::SafetensorsWriter writer;
    writer.metadata("note", "Ünicode, \"quotes\" and\nlines");
    writer.add("label", {3}, label);  // odd on purpose: wider numbers must stay aligned
    writer.add("layer.weight", {2, 3}, weight);
    writer.add("mean", {2}, mean);
    writer.add("step", {}, std::span(&step, 1));
    writer.add("nothing", {0, 4}, std::vector<float>());
    writer.save(path);
}

/// A file of this header and as many zero bytes of data.
void write_raw(const std::filesystem::path& path, const std::string& header, std::size_t data) {
    const auto length = static_cast<std::uint64_t>(header.size());
    std::string text(8, '\0');
    std::memcpy(text.data(), &length, 8);
    io::replace_file(path, text + header + std::string(data, '\0'));
}

template <class T>
bool same_bits(std::span<const T> a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(round_trip) {
    const test::TemporaryFolder folder;
    write_sample(folder / "a.safetensors");
    const io::SafetensorsReader reader(folder / "a.safetensors");
    BOOST_TEST(reader.metadata("note") == "Ünicode, \"quotes\" and\nlines");
    BOOST_TEST(reader.metadata().size() == 1u);
    BOOST_TEST(reader.tensors().size() == 5u);
    BOOST_TEST(same_bits(reader.get<float>("layer.weight", {2, 3}), weight));
    BOOST_TEST(same_bits(reader.get<std::int16_t>("label", {io::any_extent}), label));
    BOOST_TEST(same_bits(reader.get<double>("mean", {2}), mean));
    BOOST_TEST(reader.get<std::uint64_t>("step", {})[0] == step);
    BOOST_TEST(reader.get<float>("nothing", {io::any_extent, 4}).empty());
    for (const io::Tensor& tensor : reader.tensors())
        BOOST_TEST(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % tensor.dtype.size == 0u);
}

BOOST_AUTO_TEST_CASE(an_empty_file_of_tensors) {
    const test::TemporaryFolder folder;
    io::SafetensorsWriter().save(folder / "empty");
    BOOST_TEST(io::SafetensorsReader(folder / "empty").tensors().empty());
    BOOST_TEST(io::SafetensorsReader(folder / "empty").metadata().empty());
}

BOOST_AUTO_TEST_CASE(all_number_types) {
    BOOST_TEST(io::dtype_of<float>().name == "F32");
    BOOST_TEST(io::dtype_of<double>().name == "F64");
    BOOST_TEST(io::dtype_of<signed char>().name == "I8");
    BOOST_TEST(io::dtype_of<unsigned char>().name == "U8");
    BOOST_TEST(io::dtype_of<short>().name == "I16");
    BOOST_TEST(io::dtype_of<unsigned short>().name == "U16");
    BOOST_TEST(io::dtype_of<int>().name == "I32");
    BOOST_TEST(io::dtype_of<unsigned>().name == "U32");
    BOOST_TEST(io::dtype_of<long>().name == "I64");
    BOOST_TEST(io::dtype_of<long long>().name == "I64");
    BOOST_TEST(io::dtype_of<unsigned long>().name == "U64");
    static_assert(!io::Number<bool> && !io::Number<long double> && !io::Number<std::byte>);
}

BOOST_AUTO_TEST_CASE(the_writer_refuses) {
    const test::TemporaryFolder folder;
    io::SafetensorsWriter writer;
    test::check_error("tensor 'w' has 6 numbers, not those of shape [2, 2]", [&] { writer.add("w", {2, 2}, weight); });
    writer.add("w", {6}, weight);
    writer.add("w", {6}, weight);
    test::check_error("a: cannot save tensor 'w': its name is taken", [&] { writer.save(folder / "a"); });
    io::SafetensorsWriter reserved;
    reserved.add("__metadata__", {6}, weight);
    test::check_error("'__metadata__'", [&] { reserved.save(folder / "a"); });
    io::SafetensorsWriter garbled;
    garbled.add("\xff", {6}, weight);
    test::check_error("a: cannot save the header", [&] { garbled.save(folder / "a"); });
    BOOST_TEST(!io::exists(folder / "a"));
}

BOOST_AUTO_TEST_CASE(asking_for_what_is_not_there) {
    const test::TemporaryFolder folder;
    write_sample(folder / "a.safetensors");
    const io::SafetensorsReader reader(folder / "a.safetensors");
    test::check_error("a.safetensors: tensor 'bias' is missing", [&] { reader.get<float>("bias", {}); });
    test::check_error("a.safetensors: tensor 'mean' is of type F64, expected F32",
                      [&] { reader.get<float>("mean", {2}); });
    test::check_error("a.safetensors: tensor 'layer.weight' has shape [2, 3], expected [3, 2]", [&] {
        reader.get<float>("layer.weight", {3, 2});
    });
    test::check_error("a.safetensors: no metadata 'date'", [&] { reader.metadata("date"); });
}

BOOST_AUTO_TEST_CASE(hostile_headers) {
    const test::TemporaryFolder folder;
    const auto path = folder / "bad";
    const auto refused = [&](const std::string& why, const std::string& header, std::size_t data) {
        write_raw(path, header, data);
        test::check_error("bad: " + why, [&] { io::SafetensorsReader reader(path); });
    };
    const auto entry = [](const std::string& name, const std::string& dtype, const std::string& shape,
                          const std::string& range) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + range + "}";
    };
    const auto one = [&](const std::string& dtype, const std::string& shape, const std::string& range) {
        return std::string("{") + entry("t", dtype, shape, range) + "}";
    };
    write_raw(path, one("F32", "[2]", "[0,8]"), 8);
    BOOST_TEST(io::SafetensorsReader(path).get<float>("t", {2}).size() == 2u);

    refused("the header is no JSON", "{", 0);
    refused("the header is no JSON", "", 0);
    refused("the header is no JSON object", std::string(100000, '['), 0);
    refused("tensor 'a' has no valid shape", "{\"a\":{\"shape\":" + std::string(100000, '['), 0);
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
    refused("tensor 'a' has an entry 'a', which is unknown", deep, 0);
    refused("the header is no JSON: it goes wrong at its byte 4", "{} x", 0);
    refused("the header is no JSON: it holds a zero byte", std::string("{}\0{]", 5), 0);
    refused("the header is no JSON", "{\"\xff\xfe\":{}}", 0);  // not UTF-8
    refused("tensor '\\x1b[2J' has no dtype", R"({"\u001b[2J":{}})", 0);
    refused("the header is no JSON object", "[]", 0);
    refused("tensor 't' is described by no JSON object", R"({"t":3})", 0);
    refused("tensor 't' has no dtype", R"({"t":{}})", 0);
    refused("tensor 't' has no dtype", R"({"t":{"dtype":3}})", 0);
    refused("tensor 't' is of unknown type 'F31'", one("F31", "[2]", "[0,8]"), 8);
    refused("tensor 't' has no valid shape", R"({"t":{"dtype":"F32"}})", 0);
    refused("tensor 't' has no valid shape", one("F32", "[-2]", "[0,8]"), 8);
    refused("tensor 't' has no valid shape", one("F32", "[2.0]", "[0,8]"), 8);
    refused("tensor 't' has no valid shape", one("F32", "[36893488147419103232]", "[0,8]"), 8);
    refused("tensor 't' has no valid data_offsets", one("F32", "[2]", "[0]"), 8);
    refused("tensor 't' has no valid data_offsets", one("F32", "[2]", "[8,0]"), 8);
    refused("tensor 't' has no valid data_offsets", one("F32", "[2]", "[0,8,16]"), 16);
    refused("tensor 't' has data_offsets beyond the end of the file", one("F32", "[2]", "[0,8]"), 7);
    refused("tensor 't' has data_offsets beyond the end of the file", one("F32", "[2]", "[0,18446744073709551615]"), 8);
    refused("tensor 't' has 8 bytes, not those of F32 [3]", one("F32", "[3]", "[0,8]"), 8);
    refused("tensor 't' has 0 bytes, not those of", one("F32", "[4294967296,4294967296]", "[0,0]"), 0);
    refused("tensor 't' has 0 bytes, not those of", one("F32", "[0,4294967296,4294967296]", "[0,0]"), 0);
    refused("tensor 't' has no valid shape", one("F32", "[-0]", "[0,0]"), 0);
    refused("tensor 't' has no valid shape", one("F32", "[[2]]", "[0,8]"), 8);
    refused("tensor 't' has no valid shape", one("F32", "null", "[0,8]"), 8);
    refused("tensor 't' has no valid data_offsets", one("F32", "[2]", "{\"0\":8}"), 8);
    refused("tensor 't' has an entry 'crc', which is unknown",
            R"({"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"crc":1}})", 0);
    refused("the header holds '__metadata__' twice", R"({"__metadata__":{},"__metadata__":{}})", 0);
    refused("the header holds 'n' twice", R"({"__metadata__":{"n":"1","n":"2"}})", 0);
    refused("the header holds 't' twice",
            "{" + entry("t", "F32", "[0]", "[0,0]") + "," + entry("t", "F32", "[2]", "[0,8]") + "}", 8);
    refused("the header holds 'dtype' twice", R"({"t":{"dtype":"F32","dtype":"F64","shape":[0],"data_offsets":[0,0]}})",
            0);
    refused("tensor 'b' begins at byte 4 of the data, expected 8",
            "{" + entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", "[4,12]") + "}", 12);
    refused("tensor 'b' begins at byte 8 of the data, expected 4",
            "{" + entry("a", "F32", "[1]", "[0,4]") + "," + entry("b", "F32", "[1]", "[8,12]") + "}", 12);
    refused("tensor 'b' is not aligned",
            "{" + entry("a", "I16", "[1]", "[0,2]") + "," + entry("b", "F32", "[1]", "[2,6]") + "}", 6);
    refused("the tensors have 8 bytes, the file has data of 12", one("F32", "[2]", "[0,8]"), 12);
    refused("'__metadata__' is no JSON object", R"({"__metadata__":[]})", 0);
    refused("metadata 'n' is no string", R"({"__metadata__":{"n":1}})", 0);

    io::replace_file(path, "1234567");
    test::check_error("bad: too short", [&] { io::SafetensorsReader reader(path); });
    io::replace_file(path, std::string(20, '\xff'));
    test::check_error("bad: the header is said to have 18446744073709551615 bytes",
                      [&] { io::SafetensorsReader reader(path); });
}

BOOST_AUTO_TEST_CASE(damaged_files) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a.safetensors";
    write_sample(path);
    test::check_damage(path, [&] {
        const io::SafetensorsReader reader(path);
        BOOST_TEST(reader.get<float>("layer.weight", {2, 3}).size() == 6u);
        BOOST_TEST(reader.get<std::int16_t>("label", {3}).size() == 3u);
        BOOST_TEST(reader.get<double>("mean", {2}).size() == 2u);
        BOOST_TEST(reader.get<std::uint64_t>("step", {}).size() == 1u);
        float sum = 0;  // touches every number
        for (const float value : reader.get<float>("layer.weight", {2, 3})) sum += value;
        BOOST_TEST((sum <= 0 || sum >= 0 || std::isnan(sum)));
    });
}

BOOST_AUTO_TEST_CASE(python_reads_the_same_numbers) {
    if (std::system("python3 -c 'import numpy' 2>/dev/null") != 0) {
        BOOST_TEST_MESSAGE("skipped: no python3 with numpy");
        return;
    }
    const test::TemporaryFolder folder;
    write_sample(folder / "a.safetensors");
    io::replace_file(folder / "read.py", R"(import json, sys, numpy
raw = open(sys.argv[1], 'rb').read()
size = int.from_bytes(raw[:8], 'little')
assert size % 8 == 0
header = json.loads(raw[8:8 + size])
assert header.pop('__metadata__') == {'note': 'Ünicode, "quotes" and\nlines'}
kinds = {'F32': 'f4', 'F64': 'f8', 'I16': 'i2', 'U64': 'u8'}
def array(entry):
    begin, end = entry['data_offsets']
    return numpy.frombuffer(raw[8 + size + begin:8 + size + end], '<' + kinds[entry['dtype']]).reshape(entry['shape'])
arrays = {name: array(entry) for name, entry in header.items()}
assert arrays['layer.weight'].tolist() == [[1.5, 0, float(numpy.float32(3e-45))], [4, 5, 6]]
assert arrays['label'].tolist() == [-1, 2, 3]
assert arrays['mean'].tolist() == [0.1, float('inf')]
assert int(arrays['step']) == 0xfedcba9876543210
assert arrays['nothing'].shape == (0, 4) and len(arrays) == 5
)");
    const std::string command =
        "python3 '" + (folder / "read.py").string() + "' '" + (folder / "a.safetensors").string() + "'";
    BOOST_TEST(std::system(command.c_str()) == 0);
}
