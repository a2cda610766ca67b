#include "midstream/train/two_class_threshold.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream;

BOOST_AUTO_TEST_CASE(the_threshold_lies_between_two_classes) {
    std::vector<float> values{1, 0, 0, 0, 1, 0, 0};
    BOOST_TEST(train::two_class_threshold(values) == 0.5);
    values = {0, 0.2f, -0.2f, 10, 9.8f, 10.2f, 0};
    BOOST_TEST(train::two_class_threshold(values) == 5, boost::test_tools::tolerance(1e-6));
    values = {4, 4, 4};
    BOOST_TEST(train::two_class_threshold(values) == 4);
}
