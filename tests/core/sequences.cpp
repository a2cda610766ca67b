#include "midstream/core/sequences.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"

using namespace midstream;

namespace {
/// Offsets of `count` sequences of random lengths from `shortest` on.
std::vector<int> random_offsets(core::Random& random, int count, int shortest, int first = 0) {
    std::vector<int> offsets{first};
    for (int i = 0; i < count; ++i) offsets.push_back(offsets.back() + shortest + random.below(9));
    return offsets;
}
}  // namespace

BOOST_AUTO_TEST_CASE(sequences_are_where_offsets_say) {
    const std::vector<int> offsets{4, 9, 9, 12};
    const core::Sequences sequences{offsets};
    BOOST_TEST(sequences.count() == 3);
    BOOST_TEST(sequences.rows() == 8);
    BOOST_TEST(sequences.first(1) == 9);
    BOOST_TEST(sequences.length(0) == 5);
    BOOST_TEST(sequences.length(1) == 0);
    BOOST_TEST(sequences.length(2) == 3);
}

BOOST_AUTO_TEST_CASE(no_offsets_are_no_sequences) {
    const core::Sequences none;
    BOOST_TEST(none.count() == 0);
    BOOST_TEST(none.rows() == 0);
    core::Lockstep lockstep;
    lockstep.assign(none);
    BOOST_TEST(lockstep.steps() == 0);
}

BOOST_AUTO_TEST_CASE(sequences_that_are_none_are_noticed_where_bounds_are_checked) {
    const std::vector<int> offsets{4, 9, 9, 12};
    const core::Sequences sequences{offsets};
    BOOST_TEST(sequences.first(3) == 12);
    for (const int wrong : {-1, 3, 4}) BOOST_CHECK_THROW(sequences.length(wrong), core::Error);
    BOOST_CHECK_THROW(sequences.row(4), core::Error);
    BOOST_CHECK_THROW(core::Sequences{}.row(0), core::Error);
}

BOOST_AUTO_TEST_CASE(lockstep_of_a_known_batch) {
    const std::vector<int> offsets{0, 2, 5, 6};
    core::Lockstep lockstep;
    lockstep.assign({offsets});
    BOOST_TEST(lockstep.order == (std::vector<int>{1, 0, 2}), boost::test_tools::per_element());
    BOOST_TEST(lockstep.starts == (std::vector<int>{0, 3, 5, 6}), boost::test_tools::per_element());
    BOOST_TEST(lockstep.rows == (std::vector<int>{2, 0, 5, 3, 1, 4}), boost::test_tools::per_element());
    BOOST_TEST(lockstep.steps() == 3);
    BOOST_TEST(lockstep.active(1) == 2);
}

BOOST_AUTO_TEST_CASE(lockstep_properties) {
    core::Random random(1);
    core::Lockstep lockstep;  // one for all: reused whatever batch came before
    for (int trial = 0; trial < 200; ++trial) {
        // Empty sequences, and batches that are a part of a larger one, included.
        const auto offsets = random_offsets(random, random.below(7), random.below(2), random.below(3) * 5);
        const core::Sequences sequences{offsets};
        lockstep.assign(sequences);
        for (int s = 0; s < sequences.count(); ++s) BOOST_TEST(sequences.row(s) == sequences.first(s) - offsets[0]);

        BOOST_REQUIRE_EQUAL(lockstep.order.size(), sequences.count());
        BOOST_REQUIRE_EQUAL(lockstep.rows.size(), sequences.rows());
        BOOST_TEST(lockstep.starts.back() == sequences.rows());
        std::vector<int> sorted = lockstep.rows;
        std::sort(sorted.begin(), sorted.end());
        for (int i = 0; i < sequences.rows(); ++i) BOOST_REQUIRE_EQUAL(sorted[static_cast<std::size_t>(i)], i);

        int longest = 0;
        for (int s = 0; s < sequences.count(); ++s) longest = std::max(longest, sequences.length(s));
        BOOST_TEST(lockstep.steps() == longest);
        for (int t = 0; t < lockstep.steps(); ++t) {
            BOOST_TEST(lockstep.active(t) >= 1);
            if (t > 0) BOOST_TEST(lockstep.active(t) <= lockstep.active(t - 1));
            // Row i of a step is step t of the i-th longest sequence, so it continues row i of the step before.
            for (int i = 0; i < lockstep.active(t); ++i) {
                const int sequence = lockstep.order[static_cast<std::size_t>(i)];
                BOOST_REQUIRE_LT(t, sequences.length(sequence));
                BOOST_REQUIRE_EQUAL(lockstep.rows[static_cast<std::size_t>(lockstep.start(t) + i)],
                                    sequences.first(sequence) - sequences.first(0) + t);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(equal_lengths_keep_their_order) {
    const std::vector<int> offsets{0, 3, 6, 9};
    core::Lockstep lockstep;
    lockstep.assign({offsets});
    BOOST_TEST(lockstep.order == (std::vector<int>{0, 1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gather_then_scatter_is_the_identity) {
    core::Random random(2);
    const auto offsets = random_offsets(random, 6, 1);
    const core::Sequences sequences{offsets};
    core::Lockstep lockstep;
    lockstep.assign(sequences);
    core::Buffer<float, 3> packed, ordered, back;
    for (float& value : packed.resize(sequences.rows()).flat()) value = random.uniform<float>();
    const core::Buffer<float, 3>& source = packed;
    lockstep.gather(source.view(), ordered.resize(sequences.rows()));
    for (int i = 0; i < ordered.count; ++i)
        for (int c = 0; c < 3; ++c)
            BOOST_TEST(ordered.view().row(i)[c] == source.view().row(lockstep.rows[static_cast<std::size_t>(i)])[c]);
    lockstep.scatter(ordered.view(), back.resize(sequences.rows()));
    BOOST_TEST(back.values == packed.values, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(assign_reuses_memory) {
    const std::vector<int> large{0, 9, 20}, small{0, 4, 5};
    core::Lockstep lockstep;
    lockstep.assign({large});
    const int* const rows = lockstep.rows.data();
    const int* const starts = lockstep.starts.data();
    lockstep.assign({small});
    lockstep.assign({large});
    BOOST_TEST(lockstep.rows.data() == rows);
    BOOST_TEST(lockstep.starts.data() == starts);
}
