#include "midstream/train/learner.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "io/files.hpp"
#include "rl/toys.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif
#include "midstream/train/adamw.hpp"

using namespace midstream;

struct Parameters {
    core::Vector<float, 3> values;
    static void visit(auto& self, auto&& member) { member("values", self.values); }
};

/// p <- p - learning_rate gradient.
struct Descent {
    template <class P, class T>
    struct State {
        std::uint64_t steps = 0;
        static void visit(auto&, auto&&) {}
    };
    template <core::Parallelism Policy, class P, class T>
    void update(const Policy&, State<P, T>& state, P& parameters, const P& gradient, double learning_rate) const {
        ++state.steps;
        const auto p = core::flat<T>(parameters);
        const auto g = core::flat<T>(gradient);
        for (std::size_t i = 0; i < p.size(); ++i) p[i] -= static_cast<T>(learning_rate) * g[i];
    }
};
using Learner = train::Learner<Parameters, Descent>;

/// Tells in which order it was added up.
struct Digits {
    double value = 0;
    Digits& operator+=(const Digits& other) {
        value = 10 * value + other.value;
        return *this;
    }
};

BOOST_AUTO_TEST_CASE(shards_are_added_up_in_their_order) {
    const auto run = [](const auto& policy) {
        Learner learner{.max_norm = 1e9, .shards = 4};
        // 1e8 - 1e8 + 0.25 in this order; 0 in others, where the small number is lost.
        const float parts[4] = {1e8f, -1e8f, 0.25f, 0.25f};
        std::array<bool, 4> clean{};
        for (int step = 0; step < 2; ++step) {
            const Digits sums = learner.update(policy, 1.0, [&](int shard, Parameters& gradient) {
                clean[static_cast<std::size_t>(shard)] =
                    gradient.values.values[1] == 0.0f;  // also where there was one before
                gradient.values.values[1] += parts[shard];
                return Digits{shard + 1.0};
            });
            BOOST_TEST(sums.value == 1234);
            for (const bool c : clean) BOOST_TEST(c);
        }
        BOOST_TEST(learner.parameters->values.values[0] == 0.0f);
        BOOST_TEST(learner.parameters->values.values[1] == -1.0f);
        BOOST_TEST(learner.steps() == 2);
    };
    run(core::Serial{});
    run(test::Backwards{});
#ifdef _OPENMP
    for (const int threads : {1, 2, 5}) run(core::OpenMP{threads});
#endif
}

BOOST_AUTO_TEST_CASE(the_sum_of_the_shards_is_clipped) {
    Learner learner{.max_norm = 1, .shards = 2};
    const auto step = [&](float x, float y) {
        learner.update(core::Serial{}, 1.0, [&](int shard, Parameters& gradient) {
            gradient.values.values[shard] += shard == 0 ? x : y;
            return Digits{};
        });
    };
    step(3, 4);  // of norm 5
    BOOST_TEST(std::abs(learner.parameters->values.values[0] + 0.6f) < 1e-6f);
    BOOST_TEST(std::abs(learner.parameters->values.values[1] + 0.8f) < 1e-6f);
    step(0.3f, 0.4f);  // of norm 0.5: as it is
    BOOST_TEST(std::abs(learner.parameters->values.values[0] + 0.9f) < 1e-6f);
    BOOST_TEST(std::abs(learner.parameters->values.values[1] + 1.2f) < 1e-6f);
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_not_finite_is_refused) {
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        train::Learner<Parameters, train::AdamW> learner{.shards = 3};
        const auto step = [&](float second) {
            learner.update(core::Serial{}, 0.1, [&](int shard, Parameters& gradient) {
                gradient.values.values[0] += shard == 1 ? second : 1.0f;
                return Digits{};
            });
        };
        step(1);
        step(1);
        const auto parameters = *learner.parameters, moment = *learner.state.first_moment;
        std::string message;
        try {
            step(bad);
        } catch (const core::Error& error) {
            message = error.what();
        }
        BOOST_TEST(message.find("the gradient of update 3 is not finite") == 0u, message);
        BOOST_TEST(learner.steps() == 2);
        for (int i = 0; i < 3; ++i) {
            BOOST_TEST(learner.parameters->values.values[i] == parameters.values.values[i]);
            BOOST_TEST(learner.state.first_moment->values.values[i] == moment.values.values[i]);
        }
        step(1);  // and on it goes
        BOOST_TEST(learner.steps() == 3);
        BOOST_TEST(std::isfinite(learner.parameters->values.values[0]));
    }
}

BOOST_AUTO_TEST_CASE(copies_learn_on_their_own) {
    Learner original{.shards = 2};
    const auto step = [](Learner& learner, float x) {
        learner.update(core::Serial{}, 1.0, [&](int, Parameters& gradient) {
            gradient.values.values[0] += x;
            return Digits{};
        });
    };
    step(original, 0.1f);
    Learner copy = original;
    step(copy, 0.2f);
    step(copy, 0.2f);
    step(original, 0.05f);
    BOOST_TEST(std::abs(copy.parameters->values.values[0] + 1.0f) < 1e-6f);
    BOOST_TEST(std::abs(original.parameters->values.values[0] + 0.3f) < 1e-6f);
}

BOOST_AUTO_TEST_CASE(the_number_of_shards_may_change_between_updates_but_not_leave_its_range) {
    Learner learner{.max_norm = 100, .shards = 2};
    const auto step = [&] {
        return learner.update(core::Serial{}, 1.0, [&](int, Parameters& gradient) {
            gradient.values.values[0] += 1;
            return Digits{};
        });
    };
    step();
    learner.shards = 5;
    step();
    learner.shards = 1;
    step();
    BOOST_TEST(learner.parameters->values.values[0] == -8.0f);
    for (const int wrong : {0, -1, Learner::max_shards + 1}) {
        learner.shards = wrong;
        BOOST_CHECK_THROW(step(), core::Error);
        Learner fresh{.shards = wrong};  // without gradients, of which 0 shards have as many
        BOOST_CHECK_THROW(fresh.update(core::Serial{}, 1.0, [](int, Parameters&) { return Digits{}; }), core::Error);
    }
}

BOOST_AUTO_TEST_CASE(shares_are_as_equal_as_can_be) {
    for (const int total : {0, 1, 7, 8, 9, 1024})
        for (const int shards : {1, 3, 8}) {
            int sum = 0;
            for (int s = 0; s < shards; ++s) {
                const int part = train::share(total, s, shards);
                BOOST_TEST((part == total / shards || part == total / shards + 1));
                sum += part;
            }
            BOOST_TEST(sum == total);
        }
}

BOOST_AUTO_TEST_CASE(who_is_to_blame_for_a_gradient_that_is_not_finite) {
    Learner learner{.shards = 2};
    const auto step = [&](float number, double rate = 1) {
        learner.update(core::Serial{}, rate, [&](int, Parameters& gradient) {
            gradient.values.values[1] += number;
            return Digits{};
        });
    };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    step(1);
    test::check_error("is not finite, that of \"values\" to begin with, though all parameters are: look first at what",
                      [&] { step(nan); });
    learner.parameters->values.values[2] = nan;
    test::check_error("is not finite, as the parameters \"values\" are not", [&] { step(nan); });
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused_and_change_nothing) {
    Learner learner{.shards = 2};
    const auto step = [&](double rate) {
        learner.update(core::Serial{}, rate, [&](int, Parameters& gradient) {
            gradient.values.values[1] += 1;
            return Digits{};
        });
    };
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    for (const double wrong : {nan, infinity, -0.1})
        test::check_error("the learning rate of update 1 is", [&] { step(wrong); });
    for (const double wrong : {nan, 0.0, -1.0}) {
        learner.max_norm = wrong;
        test::check_error("the norm that gradients are clipped to is", [&] { step(0.1); });
    }
    learner.max_norm = infinity;
    BOOST_TEST(learner.steps() == 0);
    BOOST_TEST(learner.parameters->values.values[1] == 0.0f);
    step(0.5);
    BOOST_TEST(learner.parameters->values.values[1] == -1.0f);
}

/// Of which `visit` forgets a member: it would be trained, but not saved.
struct Forgetful {
    core::Vector<float, 3> values, forgotten;
    static void visit(auto& self, auto&& member) { member("values", self.values); }
};

BOOST_AUTO_TEST_CASE(parameters_that_visit_leaves_out_are_not_trained) {
    train::Learner<Forgetful, Descent> learner;
    test::check_error("`visit` of a parameter struct lists 3 numbers, it holds 6",
                      [&] { learner.update(core::Serial{}, 1.0, [&](int, Forgetful&) { return Digits{}; }); });
}

BOOST_AUTO_TEST_CASE(parameters_of_nothing_but_zeros_are_not_initialised) {
    Learner learner;
    test::check_error("the parameters of a toy are all zero",
                      [&] { train::require_initialised<float>(*learner.parameters, "a toy"); });
    learner.parameters->values.values[2] = 1;
    train::require_initialised<float>(*learner.parameters, "a toy");
}
