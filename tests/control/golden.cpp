// The metacontroller against PyTorch; see tests/golden/metacontroller.py.
#include "support/golden.hpp"

#include "midstream/control/metacontroller.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

using namespace midstream;

constexpr model::TransformerShape base_shape{
    .depth = 2, .width = 8, .heads = 2, .mlp = 8, .context = 8, .buckets = 4, .max_distance = 6};
using Base = model::Autoregressive<data::Dense<3>, data::Categories<4>, model::Transformer<base_shape>>;
constexpr control::MetacontrollerShape small{.read = 1,
                                             .write = 2,
                                             .code = 3,
                                             .encoder_hidden = 6,
                                             .decoder_hidden = 4,
                                             .switch_hidden = 5,
                                             .history = 4,
                                             .embedding = 5};
using LowRank = control::Metacontroller<Base, small, control::LowRank<2>>;
using FullLinear = control::Metacontroller<Base, small, control::FullLinear, control::SoftSwitch, control::EveryStep>;

template <class M>
void check_metacontroller(const std::string& name, const typename M::Options& options) {
    const test::Golden golden("metacontroller");
    const core::Sequences sequences = golden.sequences();
    const auto read = golden.rows<double, 8>(name + ".read"), write = golden.rows<double, 8>(name + ".write");
    core::Box<typename M::template Parameters<double>> parameters, gradient;
    golden.read(name + ".parameter.", *parameters);
    typename M::template Tape<double> tape;
    core::Buffer<double, 8> steered, dread, dwrite;
    M::forward(*parameters, sequences, read, write, steered.resize(read.count), core::Random(11), options, tape);
    golden.check<3>(name + ".codes", tape.switching.codes.view());
    golden.check<1>(name + ".gates", tape.switching.gates.view());
    golden.check<1>(name + ".divergences", tape.proposals.divergences.view());
    golden.check<8>(name + ".steered", steered.view());
    M::backward(*parameters, sequences, read, write, tape, golden.rows<double, 8>(name + ".weights"), 0.3,
                dread.zeros(read.count), dwrite.zeros(read.count), *gradient);
    golden.check<8>(name + ".read_gradient", dread.view());
    golden.check<8>(name + ".write_gradient", dwrite.view());
    golden.check(name + ".gradient.", *gradient);
}

BOOST_AUTO_TEST_CASE(low_rank_with_one_embedding) { check_metacontroller<LowRank>("low_rank", {}); }
BOOST_AUTO_TEST_CASE(full_linear_with_an_embedding_per_step) {
    check_metacontroller<FullLinear>("full_linear", {.first_gate_open = false, .divergence_weighted_by_gate = true});
}
