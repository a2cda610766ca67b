#include "midstream/control/ended_beliefs.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace midstream;

namespace {

using Observer = control::EndedBeliefs<3, 1, 2>;

/// Doubt is the first coordinate beyond 1; the second beyond 0 tells of the first belief, below 0 of the second.
Observer two_beliefs() {
    Observer observer;
    core::map(observer.doubt.filter)(0, 0) = 1;
    observer.doubt.threshold = {{1.0f}};
    core::map(observer.beliefs.filter)(0, 1) = 1;
    core::map(observer.beliefs.filter)(1, 1) = -1;
    observer.beliefs.threshold = {{0.5f, 0.5f}};
    return observer;
}
template <class T>
std::vector<int> seen_of(const Observer& observer, const std::vector<T>& rows) {
    std::vector<int> result;
    const core::Rows<const T, 3> view{rows.data(), static_cast<int>(rows.size()) / 3};
    for (int row = 0; row < view.count; ++row) {
        std::int16_t seen = -1;
        observer.observe(view, row, &seen);
        BOOST_TEST(observer.event(&seen) == (seen != 0));
        result.push_back(seen);
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_belief_ends_where_doubt_begins) {
    const std::vector<double> rows{2, 1, 0, /**/ 3, 1, 0, /**/ 0, 1, 0, /**/ 1.5, -1, 0, /**/ 1, 1, 0, /**/ 2, 0.6, 9};
    BOOST_TEST(seen_of(two_beliefs(), rows) == (std::vector<int>{1, 0, 0, 2, 0, 1}), boost::test_tools::per_element());
}
BOOST_AUTO_TEST_CASE(doubt_may_end_no_belief) {
    BOOST_TEST(seen_of<float>(two_beliefs(), {2, 0.4f, 5, 0, 0, 0, 2, -0.5f, 5}) == (std::vector<int>{0, 0, 0}),
               boost::test_tools::per_element());
}
BOOST_AUTO_TEST_CASE(fresh_or_without_beliefs_it_is_not_valid) {
    const auto refused = [](const Observer& observer) {
        BOOST_CHECK_EXCEPTION(observer.validate(), core::Error, [](const core::Error& error) {
            return std::string(error.what()).find("the observer knows no beliefs") != std::string::npos;
        });
    };
    refused({});
    auto observer = two_beliefs();
    observer.validate();
    core::map(observer.beliefs.filter).setZero();
    refused(observer);
}
