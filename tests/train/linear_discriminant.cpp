#include "midstream/train/linear_discriminant.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "midstream/core/random.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(a_discriminant_tells_classes_apart) {
    core::Random random(5);
    std::vector<double> rows;
    std::vector<int> classes;
    for (int i = 0; i < 3000; ++i) {
        const int c = i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2;  // 7, 2 and 1 of 10
        const double common = 5 * random.normal();
        rows.insert(rows.end(), {7 + common + 0.3 * random.normal() + (c == 1 ? 2 : 0), common,
                                 (c == 2 ? 3 : 0) + random.normal()});
        classes.push_back(c);
    }
    const core::Rows<const double, 3> view{rows.data(), 3000};
    const auto observer = train::linear_discriminant<3, 0, 3>(view, classes);
    int wrong = 0;
    for (int row = 0; row < 3000; ++row) {
        std::int16_t seen = 0;
        observer.observe(view, row, &seen);
        wrong += seen != classes[static_cast<std::size_t>(row)];
    }
    BOOST_TEST(wrong < 150);  // the third class is 3 deviations away: the best there is makes some 2% wrong
    BOOST_TEST(core::map(observer.filter).row(2).norm() == 0);  // there is no class 3
}

BOOST_AUTO_TEST_CASE(what_has_no_discriminant_is_refused) {
    const auto refused = [](const std::string& why, std::vector<double> rows, const std::vector<int>& classes) {
        const core::Rows<const double, 2> view{rows.data(), static_cast<int>(rows.size()) / 2};
        BOOST_CHECK_EXCEPTION((train::linear_discriminant<2, 0, 1>(view, classes)), core::Error,
                              [&](const core::Error& error) {
                                  BOOST_TEST_MESSAGE(error.what());
                                  return std::string(error.what()).find(why) != std::string::npos;
                              });
    };
    refused("needs the class of each row", {1, 2, 3, 4}, {0});
    refused("needs the class of each row", {}, {});
    refused("the class of a row", {1, 2, 3, 4}, {0, 2});
    refused("the class of a row", {1, 2, 3, 4}, {0, -1});
    refused("differ within their classes", {1, 2, 3, 4}, {0, 1});
    refused("differ within their classes", {1, 2, 3, INFINITY, 1, 1}, {0, 1, 1});
}
