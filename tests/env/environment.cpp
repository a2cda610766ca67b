#include "midstream/env/environment.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream;
using namespace midstream::env;

namespace {
/// The least an environment can be: real observations and actions, no targets, no subgoals.
struct Least {
    using Observation = data::Dense<2>;
    using Action = data::Continuous<3>;
    static constexpr int horizon = 1;
    void reset(core::Random) {}
    void observe(float*) const {}
    Transition step(const float*) { return {0, true}; }
};
struct NoHorizon : Least {
    static constexpr int horizon = 0;
};
struct NoReset : Least {
    void reset() {}
};
struct WrongStep : Least {
    float step(const float*) { return 0; }
};
struct Richer : Least {
    using Target = data::Categories<4, 2>;
    void target(std::int16_t*) const {}
    int subgoal() const { return 0; }
};

static_assert(Environment<Least> && !HasTarget<Least> && !HasSubgoal<Least>);
static_assert(Environment<Richer> && HasTarget<Richer> && HasSubgoal<Richer>);
static_assert(!Environment<int> && !Environment<NoHorizon> && !Environment<NoReset> && !Environment<WrongStep>);
static_assert(!BatchEnvironment<Least> && !BatchEnvironment<int>);
static_assert(std::is_same_v<TargetOf<Least>, data::None> && std::is_same_v<TargetOf<Richer>, data::Categories<4, 2>>);
static_assert(std::is_same_v<ObservationElement<Least>, float> &&
              std::is_same_v<EpisodesOf<Richer>::TargetElement, std::int16_t>);
}  // namespace

BOOST_AUTO_TEST_CASE(concepts_hold_at_compile_time) { BOOST_TEST(true); }
