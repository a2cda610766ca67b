#include "midstream/io/npy.hpp"

#include <cstdlib>
#include <limits>
#if __has_include(<xtensor/core/xmath.hpp>)
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include "io/files.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(round_trips) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a.npy";
    const xt::xarray<double> matrix{{0.1, -0.0, 3}, {std::numeric_limits<double>::infinity(), 5e-324, 6}};
    io::save_npy(path, matrix);
    const xt::xarray<double> read = io::load_npy<double>(path);
    BOOST_REQUIRE((read.shape() == matrix.shape()));
    BOOST_TEST(std::memcmp(read.data(), matrix.data(), 6 * sizeof(double)) == 0);

    io::save_npy(path, matrix * 2);  // an expression
    BOOST_TEST(io::load_npy<double>(path)(1, 2) == 12);
    const xt::xarray<double, xt::layout_type::column_major> turned = matrix;
    io::save_npy(path, turned);
    BOOST_TEST((io::load_npy<double>(path) == matrix));
    const xt::xtensor<std::uint8_t, 1> bytes{1, 200};
    io::save_npy(path, bytes);
    BOOST_TEST((io::load_npy<std::uint8_t>(path) == bytes));
    const xt::xarray<int> scalar = 7;
    io::save_npy(path, scalar);
    BOOST_TEST(io::load_npy<int>(path)() == 7);
    io::save_npy(path, xt::xarray<float>::from_shape({0, 3}));
    BOOST_TEST((io::load_npy<float>(path).shape(1) == 3u));
}

BOOST_AUTO_TEST_CASE(rows_are_arrays) {
    core::Buffer<float, 3> buffer;
    const auto rows = buffer.zeros(2);
    rows.row(1)[2] = 5;
    auto view = io::array(rows);
    BOOST_TEST(view.shape()[0] == 2u);
    BOOST_TEST(view(1, 2) == 5);
    view(0, 1) = 4;
    BOOST_TEST(rows.row(0)[1] == 4);
    BOOST_TEST(xt::sum(io::array(core::Rows<const float, 3>(rows)))() == 9);
}

BOOST_AUTO_TEST_CASE(wrong_and_damaged_files) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a.npy";
    test::check_error("a.npy: no such file", [&] { io::load_npy<int>(path); });
    io::save_npy(path, xt::xtensor<float, 2>{{1, 2, 3}, {4, 5, 6}});
    test::check_error("a.npy: holds numbers of type 'f4', expected 'f8'", [&] { io::load_npy<double>(path); });
    test::check_damage(path, [&] { BOOST_TEST(io::load_npy<float>(path).size() == 6u); });
    std::string huge = io::read_file(path);
    huge.replace(huge.find("(2, 3)"), 27, "(4294967296,4294967296, 0), ");
    io::replace_file(path, huge);
    BOOST_TEST(test::error_of([&] { io::load_npy<float>(path); }) != "no error");
}

BOOST_AUTO_TEST_CASE(headers) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a.npy";
    const auto parse = [&](std::string header, std::size_t bytes) {
        const auto length = static_cast<std::uint16_t>(header.size());
        std::string file("\x93NUMPY\x01\x00", 8);
        file.append(reinterpret_cast<const char*>(&length), 2);
        return io::parse_npy<float>(path, file + header + std::string(bytes, '\0'));
    };
    const auto shape = [&](const std::string& text, std::size_t bytes) {
        const auto array = parse("{'descr': '<f4', 'fortran_order': False, 'shape': " + text + ", }   \n", bytes);
        return io::Shape(array.shape().begin(), array.shape().end());
    };
    BOOST_TEST((shape("()", 4) == io::Shape{}));
    BOOST_TEST((shape("(2,)", 8) == io::Shape{2}));
    BOOST_TEST((shape("(2, 3)", 24) == io::Shape{2, 3}));
    BOOST_TEST((shape("(2, 3,)", 24) == io::Shape{2, 3}));
    BOOST_TEST(parse("{'shape': (1,), 'fortran_order': True, 'descr': '<f4'}", 4).size() == 1u);
    const std::string neither = "a.npy: the header does not describe a little-endian array of numbers";
    for (const char* wrong :
         {"(2)", "(2", "2,", "(2 3)", "(02,)", "(-2,)", "(+2,)", "(2.0,)", "(,)", "(2,,3)", "[2]", ""})
        test::check_error(neither, [&] { shape(wrong, 8); });
    for (const char* wrong :
         {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
          "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
          "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
          "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"})
        test::check_error(neither, [&] { parse(wrong, 4); });
    test::check_error("the shape is too large", [&] { shape("(18446744073709551616,)", 0); });
    test::check_error("not those of shape", [&] { shape("(0, 4294967296, 4294967296)", 0); });
    test::check_error("not those of shape", [&] { shape("(9223372036854775808, 2)", 0); });
    std::string many = "(";
    for (int i = 0; i < 70; ++i) many += "1,";
    test::check_error("more than 64 extents", [&] { shape(many + ")", 4); });
    test::check_error("expected 'f4'", [&] { parse("{'descr': '|\0334', 'fortran_order': False, 'shape': (1,)}", 4); });
}

BOOST_AUTO_TEST_CASE(python_and_back) {
    if (std::system("python3 -c 'import numpy' 2>/dev/null") != 0) {
        BOOST_TEST_MESSAGE("skipped: no python3 with numpy");
        return;
    }
    const test::TemporaryFolder folder;
    io::save_npy(folder / "in.npy", xt::xtensor<double, 2>{{1, 2, 3}, {4, 5, 6.5}});
    const std::string command =
        "cd '" + folder.path.string() +
        "' && python3 -c \"import numpy; a = numpy.load('in.npy'); assert a.shape == (2, 3) and a[1, 2] == 6.5; "
        "numpy.save('out.npy', a.T)\"";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
    const xt::xarray<double> read = io::load_npy<double>(folder / "out.npy");
    BOOST_TEST((read == xt::xarray<double>{{1, 4}, {2, 5}, {3, 6.5}}));
}
