// Whole sequence models and optimiser steps on them against PyTorch; see tests/golden/models.py.
#include "support/golden.hpp"

#include "midstream/model/autoregressive.hpp"
#include "midstream/model/hawk.hpp"
#include "midstream/model/transformer.hpp"
#include "midstream/train/muon.hpp"

using namespace midstream;

constexpr model::TransformerShape transformer{
    .depth = 2, .width = 8, .heads = 2, .mlp = 12, .context = 8, .buckets = 4, .max_distance = 6};
constexpr model::HawkShape hawk{.depth = 2, .width = 8, .recurrent = 6, .heads = 2, .taps = 3, .mlp = 12};

template <class Stack, template <int> class Norm>
using Model = model::Autoregressive<data::OneHots<9, 3>, data::Categories<4>, Stack, data::Categories<5, 2>, Norm>;
using Transformer = Model<model::Transformer<transformer>, layer::RmsNorm>;
using Hawk = Model<model::Hawk<hawk, layer::LayerNorm>, layer::LayerNorm>;

/// The loss of models.py; its gradient is added to `gradient`.
template <class M>
double loss(const test::Golden& golden, const typename M::template Parameters<double>& parameters,
            typename M::template Tape<double>& tape, typename M::template Parameters<double>& gradient) {
    const auto observations = golden.rows<std::int16_t, 3>("observations");
    const auto actions = golden.rows<std::int16_t, 1>("actions");
    const auto targets = golden.rows<std::int16_t, 2>("targets");
    M::forward(parameters, golden.sequences(), observations, tape);
    M::clear_gradients(tape);
    double sum = 0;
    for (int row = 0; row < observations.count; ++row) {
        sum -= M::Distribution::log_probability(tape.action.view().row(row), actions.row(row), -1.0,
                                                tape.action_gradient.view().row(row));
        sum -= 0.3 * M::TargetHead::Distribution::log_probability(tape.target.view().row(row), targets.row(row), -0.3,
                                                                  tape.target_gradient.view().row(row));
    }
    M::backward(parameters, golden.sequences(), observations, tape, gradient);
    return sum;
}

/// The matrices that models.py leaves to AdamW; spelled out, so that Muon's default may change.
struct LeftToAdamW {
    bool operator()(std::string_view path) const {
        for (const std::string_view word : {"embedding", "convolution", "relative_bias"})
            if (path.find(word) != path.npos) return true;
        return false;
    }
};

/// Ten steps from the golden start end at the golden parameters called `prefix`.
template <class M, class Optimiser>
void check_training(const test::Golden& golden, const Optimiser& optimiser, const std::string& prefix) {
    using Parameters = typename M::template Parameters<double>;
    core::Box<Parameters> parameters;
    golden.read("parameter.", *parameters);
    typename M::template Tape<double> tape;
    typename Optimiser::template State<Parameters, double> state;
    for (int step = 0; step < 10; ++step) {
        core::Box<Parameters> gradient;
        loss<M>(golden, *parameters, tape, *gradient);
        optimiser.update(core::Serial{}, state, *parameters, *gradient, 1e-2);
    }
    golden.check(prefix, *parameters, 1e-8);
}

template <class M>
void check_model(const std::string& name) {
    const test::Golden golden(name);
    core::Box<typename M::template Parameters<double>> parameters, gradient;
    golden.read("parameter.", *parameters);
    typename M::template Tape<double> tape;
    BOOST_TEST(loss<M>(golden, *parameters, tape, *gradient) == golden.file.get<double>("loss", {1})[0],
               boost::test_tools::tolerance(1e-12));
    for (std::size_t l = 0; l <= M::depth; ++l)
        golden.check<M::width>("residual." + std::to_string(l), std::as_const(tape.residual[l]).view());
    golden.check<M::ActionHead::parameter_width>("action_logits", tape.action.view());
    golden.check<M::TargetHead::parameter_width>("target_logits", tape.target.view());
    golden.check("gradient.", *gradient);

    check_training<M>(golden, train::AdamW{}, "adamw.");
    check_training<M>(golden, train::Muon<LeftToAdamW>{}, "muon.");
}

BOOST_AUTO_TEST_CASE(transformer_equals_pytorch) { check_model<Transformer>("transformer"); }
BOOST_AUTO_TEST_CASE(hawk_equals_pytorch) { check_model<Hawk>("hawk"); }
