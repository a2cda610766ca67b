/// \file
/// Acting: the base model in a batch of environments, internal RL's environment around both, and the latency of one
/// step of one instance. Episodes have 31 steps, pretraining's mean, whatever happens in them, so that the rows of
/// every product are known. Items are primitive steps ("ticks").
///
/// The bound is the time of the bare products of all linear maps (shapes.hpp); attention over the key-value cache,
/// sampling and the environment are not in it.
#include "gemm_reference.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/collect.hpp"
#include "midstream/rl/internal.hpp"
#include "models.hpp"
#include "shapes.hpp"

namespace {

using namespace midstream;
using namespace midstream::bench;

/// The gridworld with episodes of one length: once its own episode has ended, nothing moves.
struct FixedLength {
    static constexpr int horizon = 31;
    using Observation = World::Observation;
    using Action = World::Action;
    World world{env::TaskDistribution::paper_pretraining()};
    int steps = 0;
    bool over = false;

    void reset(core::Random random) {
        world.reset(random);
        steps = 0;
        over = false;
    }
    void observe(std::int16_t* row) const { world.observe(row); }
    env::Transition step(const std::int16_t* action) {
        if (!over) over = world.step(action).done;
        return {0, ++steps == horizon};
    }
};
using Environment = env::Batched<FixedLength>;

template <class M>
core::Box<typename M::Base::template Parameters<float>> random_base() {
    core::Box<typename M::Base::template Parameters<float>> parameters;
    M::Base::initialise(*parameters, core::Random(1));
    return parameters;
}

/// The linear maps of one step of the base model.
template <class M>
Products base_step_products(int rows) {
    Products list;
    add_transformer_step(list, M::shape, rows, 0, M::shape.depth);
    add_heads<typename M::Base>(list, forward_pass, rows);
    return list;
}

/// Repeats the products of one step for every step of an episode.
Products times(const Products& step, int count) {
    Products list;
    for (int i = 0; i < count; ++i) list.insert(list.end(), step.begin(), step.end());
    return list;
}

template <class M>
void base_rollout(benchmark::State& state) {
    const int batch = static_cast<int>(state.range(0));
    const auto base = random_base<M>();
    const Products step = base_step_products<M>(batch);
    check(step, 2.0 * batch * multiplied_numbers(*base), "base rollout");
    const Bound bound = bound_of(times(step, FixedLength::horizon));
    rl::Collector<Environment, typename M::Base> collector{Environment(FixedLength{})};
    for (auto _ : state) collector.collect(*base, batch, core::Random(2));
    report_bound(state, bound);
    state.SetItemsProcessed(state.iterations() * batch * FixedLength::horizon);
}

/// A new code every fifth step, random and without a policy. The switch, though its opinion is not asked for, and its
/// history are computed as ever; forming a controller from its code is not a product of the bound.
template <class M>
void internal_rollout(benchmark::State& state) {
    using Meta = typename M::PeriodicMeta;
    const int batch = static_cast<int>(state.range(0));
    const auto base = random_base<M>();
    core::Box<typename Meta::template Parameters<float>> meta;
    Meta::initialise(*meta, core::Random(2));
    Products step = base_step_products<M>(batch);
    constexpr auto shape = M::meta_shape;
    add_linear(step, forward_pass, batch, Meta::past, shape.switch_hidden);
    add_linear(step, forward_pass, batch, shape.code, shape.switch_hidden);
    add_linear(step, forward_pass, batch, shape.switch_hidden, 1);
    add_linear(step, forward_pass, batch, Meta::width, 3 * shape.history);
    add_linear(step, forward_pass, batch, shape.history, 3 * shape.history);
    const Bound bound = bound_of(times(step, FixedLength::horizon));
    rl::Internal<Environment, Meta> environment(Environment(FixedLength{}), {*base, *meta});
    core::Random random(3);
    core::Buffer<float, Meta::code> codes;
    for (float& value : codes.resize(batch).flat()) value = random.normal<float>();
    for (auto _ : state) {
        environment.reset(batch, core::Random(4));
        while (!environment.awaiting().empty())
            environment.act(core::Rows<const float, Meta::code>(codes.view())
                                .slice(0, static_cast<int>(environment.awaiting().size())));
    }
    report_bound(state, bound);
    state.SetItemsProcessed(state.iterations() * batch * FixedLength::horizon);
}

/// One step of one instance, its cache filling up from nothing to the context; the median is p50_us. The bound is the
/// bare matrix-vector products of a step.
template <class M>
void latency(benchmark::State& state) {
    using Model = typename M::Base;
    using Clock = std::chrono::steady_clock;
    const auto base = random_base<M>();
    const Bound bound = bound_of(base_step_products<M>(1));
    core::Box<typename Model::template State<float>> instance;
    typename Model::template Tape<float> tape;
    core::Random random(5);
    FixedLength environment;
    environment.reset(random);
    core::Buffer<std::int16_t, World::Observation::width> observation;
    environment.observe(observation.resize(1).data);
    std::vector<float> microseconds;
    microseconds.reserve(1 << 22);
    int step = 0;
    for (auto _ : state) {
        if (step++ % M::shape.context == 0) Model::reset(*instance);
        const auto start = Clock::now();
        Model::step(
            *base, [&](int) -> auto& { return *instance; }, observation.view(), tape);
        benchmark::ClobberMemory();
        if (microseconds.size() < microseconds.capacity())
            microseconds.push_back(std::chrono::duration<float, std::micro>(Clock::now() - start).count());
    }
    const auto middle = microseconds.begin() + static_cast<std::ptrdiff_t>(microseconds.size() / 2);
    std::nth_element(microseconds.begin(), middle, microseconds.end());
    state.counters["p50_us"] = *middle;
    state.counters["bound_us"] = 1e6 * bound.layers;
    state.counters["bound_openblas_us"] = 1e6 * bound.openblas;
    state.counters["ratio"] = 1e6 * bound.layers / *middle;
}

void batches(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("batch")->Arg(64)->Arg(256)->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(base_rollout<Width64>)->Apply(batches);
BENCHMARK(base_rollout<Width256>)->Apply(batches);
BENCHMARK(internal_rollout<Width64>)->Apply(batches);
BENCHMARK(internal_rollout<Width256>)->Apply(batches);
BENCHMARK(latency<Width64>)->Unit(benchmark::kMicrosecond);
BENCHMARK(latency<Width128>)->Unit(benchmark::kMicrosecond);
BENCHMARK(latency<Width256>)->Unit(benchmark::kMicrosecond);

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
