/// \file
/// One update of pretraining and of discovery on a batch of 64 recorded episodes of the paper's gridworld: loss, all
/// gradients, clipping and AdamW, in four shards. Items are steps of episodes ("tokens").
///
/// Counters: `bound_ms` is the time of all the update's bare products (shapes.hpp), by the functions that layers call,
/// on one thread, `bound_openblas_ms` the same with OpenBLAS, `ratio` the bound (over the threads) by the measured
/// time, `share` the operations of these products per second of processor time by what a core does at best, `speedup`
/// the time on one thread by that on these threads.
///
/// `bench.training --save_batch=FILE` writes the episodes to a file and ends: the same batch for other programs.
#include <ctime>
#include <map>

#include "gemm_reference.hpp"
#include "midstream/data/dataset.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/env/record.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/learner.hpp"
#include "midstream/train/objectives.hpp"
#include "midstream/train/stages.hpp"
#include "models.hpp"
#include "shapes.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

namespace {

using namespace midstream;
using namespace midstream::bench;
using Episodes = env::EpisodesOf<World>;

constexpr int batch_size = 64, shards = 4;

Episodes record(int count, int shard) {
    Episodes episodes;
    env::record(World(env::TaskDistribution::paper_pretraining()), env::ShortestPathExpert{}, count,
                core::Random(7).fork(static_cast<std::uint64_t>(shard)), episodes);
    return episodes;
}

/// The batch, shard by shard.
struct Batch {
    std::vector<Episodes> parts;
    int rows = 0;

    Batch() {
        for (int shard = 0; shard < shards; ++shard) {
            parts.push_back(record(train::share(batch_size, shard, shards), shard));
            rows += parts.back().rows();
        }
    }
    const Episodes& operator[](int shard) const { return parts[static_cast<std::size_t>(shard)]; }
    float weight() const { return 1.0f / static_cast<float>(rows); }
};

/// All products of one update of pretraining.
template <class M>
Products pretraining_products(const Batch& batch, const typename M::Base::template Parameters<float>& parameters) {
    constexpr auto shape = M::shape;
    Products list;
    for (const Episodes& part : batch.parts) {
        Products products;
        for (const Pass pass : {forward_pass, backward}) {
            add_transformer(products, pass, shape, part.sequences(), 0, shape.depth);
            add_heads<typename M::Base>(products, pass, part.rows());
        }
        check(products,
              6.0 * part.rows() * multiplied_numbers(parameters) + attention_operations(shape, part.sequences(), 6),
              "pretraining");
        list.insert(list.end(), products.begin(), products.end());
    }
    return list;
}

/// All products of one update of discovery: the base model's forward, gradients through its frozen upper half, and the
/// metacontroller's.
template <class M>
Products discovery_products(const Batch& batch, const typename M::Base::template Parameters<float>& base,
                            const typename M::Meta::template Parameters<float>& meta) {
    constexpr auto shape = M::shape;
    Products list;
    for (const Episodes& part : batch.parts) {
        const core::Sequences sequences = part.sequences();
        Products products;
        add_transformer(products, forward_pass, shape, sequences, 0, shape.depth);
        add_heads<typename M::Base>(products, forward_pass, part.rows());
        add_metacontroller<typename M::Meta>(products, forward_pass, M::meta_shape, M::future_shape, M::rank,
                                             sequences);
        check(products,
              2.0 * part.rows() * (multiplied_numbers(base) + multiplied_numbers(meta)) +
                  attention_operations(shape, sequences, 2),
              "discovery");
        add_heads<typename M::Base>(products, frozen_backward, part.rows());
        add_transformer(products, frozen_backward, shape, sequences, M::meta_shape.write, shape.depth);
        add_metacontroller<typename M::Meta>(products, backward, M::meta_shape, M::future_shape, M::rank, sequences);
        list.insert(list.end(), products.begin(), products.end());
    }
    return list;
}

/// Times `update(policy)` on `threads` threads. What is remembered of one run for later ones: the bound, which takes a
/// while to measure, and the time on one thread.
template <class Update, class List>
void measure(benchmark::State& state, const std::string& what, int threads, int rows, List&& list, Update&& update) {
    static std::map<std::string, Bound> bounds;
    static std::map<std::string, double> times;
    if (!bounds.contains(what)) bounds[what] = bound_of(list());
    const auto run = [&](const auto& policy) {
        update(policy);  // memory grows here
        const std::clock_t processor_start = std::clock();
        const auto start = std::chrono::steady_clock::now();
        for (auto _ : state) update(policy);
        const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        const double processor_time = static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC;
        const auto updates = static_cast<double>(state.iterations());
        state.counters["share"] = updates * bounds[what].operations / processor_time / peak_of_core();
        return time / updates;
    };
#ifdef _OPENMP
    const double time = run(core::OpenMP{threads});
#else
    const double time = run(core::Serial{});
#endif
    if (threads == 1) times[what] = time;
    report_bound(state, bounds[what], threads);
    if (threads > 1 && times.contains(what)) state.counters["speedup"] = times[what] / time;
    state.SetItemsProcessed(state.iterations() * rows);
}

template <class M>
void pretraining(benchmark::State& state) {
    using Model = typename M::Base;
    const Batch batch;
    train::Learner<typename Model::template Parameters<float>, train::AdamW> learner{.shards = shards};
    Model::initialise(*learner.parameters, core::Random(1));
    std::vector<typename Model::template Tape<float>> tapes(shards);
    measure(
        state, "pretraining/" + std::to_string(M::shape.width), static_cast<int>(state.range(0)), batch.rows,
        [&] { return pretraining_products<M>(batch, *learner.parameters); },
        [&](const auto& policy) {
            learner.update(policy, 1e-4, [&](int shard, auto& gradient) {
                return train::pretraining_loss<Model, float>(*learner.parameters, batch[shard], 0.01f, batch.weight(),
                                                             tapes[static_cast<std::size_t>(shard)], gradient);
            });
        });
}

template <class M>
void discovery(benchmark::State& state) {
    using Model = typename M::Base;
    using Controller = typename M::Meta;
    const Batch batch;
    core::Box<typename Model::template Parameters<float>> base;
    Model::initialise(*base, core::Random(1));
    train::Learner<typename Controller::template Parameters<float>, train::AdamW> learner{.shards = shards};
    Controller::initialise(*learner.parameters, core::Random(2));
    std::vector<train::DiscoveryTape<Controller, float>> tapes(shards);
    measure(
        state, "discovery/" + std::to_string(M::shape.width), static_cast<int>(state.range(0)), batch.rows,
        [&] { return discovery_products<M>(batch, *base, *learner.parameters); },
        [&](const auto& policy) {
            learner.update(policy, 1e-4, [&](int shard, auto& gradient) {
                return train::discovery_loss<Controller, float>(
                    *base, *learner.parameters, batch[shard], 0.1f, batch.weight(),
                    core::Random(3).fork(static_cast<std::uint64_t>(shard)), typename Controller::Options{},
                    tapes[static_cast<std::size_t>(shard)], gradient);
            });
        });
}

void threads(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("threads")->Arg(1)->UseRealTime()->Unit(benchmark::kMillisecond);
#ifdef _OPENMP
    benchmark->Arg(2);
#endif
}
BENCHMARK(pretraining<Width64>)->Apply(threads);
BENCHMARK(pretraining<Width128>)->Apply(threads);
BENCHMARK(pretraining<Width256>)->Apply(threads);
BENCHMARK(discovery<Width64>)->Apply(threads);
BENCHMARK(discovery<Width128>)->Apply(threads);
BENCHMARK(discovery<Width256>)->Apply(threads);

}  // namespace

int main(int argc, char** argv) {
    constexpr std::string_view save = "--save_batch=";
    if (argc == 2 && std::string_view(argv[1]).starts_with(save)) {
        Episodes all;
        const Batch batch;
        for (const Episodes& part : batch.parts)
            for (int i = 0; i < part.count(); ++i) train::append_episode(part, i, all);
        data::save(argv[1] + save.size(), all);
        return 0;
    }
    return run(argc, argv);
}
