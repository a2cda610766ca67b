#include "midstream/model/autoregressive.hpp"

#include "io/files.hpp"
#include "midstream/model/hawk.hpp"
#include "midstream/model/transformer.hpp"
#include "support/layer_check.hpp"

using namespace midstream;

constexpr model::TransformerShape small_shape{
    .depth = 3, .width = 8, .heads = 2, .mlp = 12, .context = 16, .buckets = 4, .max_distance = 8};
constexpr model::HawkShape small_hawk{.depth = 2, .width = 8, .recurrent = 8, .heads = 2, .taps = 3, .mlp = 12};
using Observation = data::OneHots<9, 3>;
using Transformer =
    model::Autoregressive<Observation, data::Categories<4>, model::Transformer<small_shape>, data::Categories<5, 2>>;
using Mixed = model::Stack<model::Repeat<model::HawkBlock<small_hawk>, 2>, model::TransformerBlock<small_shape>>;
using MixedModel = model::Autoregressive<data::Dense<3>, data::Continuous<2>, Mixed, data::Dense<3>, layer::LayerNorm>;

template <class M, class T>
struct Sample {
    std::vector<int> offsets;
    core::Sequences sequences{offsets};
    std::vector<typename M::Observation::template Element<T>> observations;
    std::vector<typename M::Action::template Element<T>> actions;
    std::vector<typename M::Target::template Element<T>> targets;

    explicit Sample(core::Random random, std::vector<int> where = test::ragged_offsets) : offsets(std::move(where)) {
        const auto rows = static_cast<std::size_t>(sequences.rows());
        const auto fill = [&](auto& values, int width, int classes) {
            values.resize(rows * static_cast<std::size_t>(width));
            for (auto& value : values) {
                using Element = std::remove_reference_t<decltype(value)>;
                if constexpr (std::is_integral_v<Element>)
                    value = static_cast<Element>(random.below(classes));
                else
                    value = random.normal<T>();
            }
        };
        fill(observations, M::Observation::width, 9);
        fill(actions, M::Action::width, 4);
        fill(targets, M::Target::width, 5);
    }
    auto rows() const { return typename M::template ObservationRows<T>{observations.data(), sequences.rows()}; }
};

template <class M>
void check_model() {
    const Sample<M, double> sample(core::Random(1));
    core::Box<typename M::template Parameters<double>> parameters, gradient;
    M::initialise(*parameters, core::Random(2));
    core::Random random(3);
    for (double& value : core::flat<double>(*parameters)) value += 0.2 * random.normal();
    auto tape = std::make_unique<typename M::template Tape<double>>();
    const auto loss = [&](bool with_gradient) {
        M::forward(*parameters, sample.sequences, sample.rows(), *tape);
        M::clear_gradients(*tape);
        double sum = 0;
        for (int row = 0; row < sample.sequences.rows(); ++row) {
            sum += M::Distribution::log_probability(tape->action.view().row(row),
                                                    sample.actions.data() + row * M::Action::width, 1.0,
                                                    tape->action_gradient.view().row(row));
            sum += M::TargetHead::Distribution::log_probability(tape->target.view().row(row),
                                                                sample.targets.data() + row * M::Target::width, 1.0,
                                                                tape->target_gradient.view().row(row));
        }
        if (with_gradient) M::backward(*parameters, sample.sequences, sample.rows(), *tape, *gradient);
        return sum;
    };
    loss(true);
    test::check_gradient(
        "parameters", core::flat<double>(*parameters), core::flat<double>(*gradient), [&] { return loss(false); }, 600);
}

BOOST_AUTO_TEST_CASE(transformer_gradients) { check_model<Transformer>(); }
BOOST_AUTO_TEST_CASE(heterogeneous_stack_gradients) { check_model<MixedModel>(); }

template <class M>
void check_steps() {
    const Sample<M, float> sample(core::Random(4));
    core::Box<typename M::template Parameters<float>> parameters;
    M::initialise(*parameters, core::Random(5));
    core::Random random(6);
    for (float& value : core::flat<float>(*parameters)) value += 0.2f * random.normal<float>();
    typename M::template Tape<float> tape, scratch;
    M::forward(*parameters, sample.sequences, sample.rows(), tape);
    for (int s = 0; s < sample.sequences.count(); ++s) {
        typename M::template State<float> state;
        M::reset(state);
        for (int row = sample.sequences.first(s); row < sample.sequences.first(s + 1); ++row) {
            M::step(
                *parameters, [&](int) -> auto& { return state; }, sample.rows().slice(row, 1), scratch);
            for (int c = 0; c < M::ActionHead::parameter_width; ++c)
                BOOST_TEST(std::abs(scratch.action.view().row(0)[c] - tape.action.view().row(row)[c]) <
                           1e-5f * std::max(1.0f, std::abs(tape.action.view().row(row)[c])));
            for (std::size_t l = 0; l <= M::depth; ++l)
                for (int c = 0; c < M::width; ++c)
                    BOOST_TEST(std::abs(scratch.residual[l].view().row(0)[c] - tape.residual[l].view().row(row)[c]) <
                               2e-5f * std::max(1.0f, std::abs(tape.residual[l].view().row(row)[c])));
        }
    }
}
BOOST_AUTO_TEST_CASE(transformer_step_equals_forward) { check_steps<Transformer>(); }
BOOST_AUTO_TEST_CASE(heterogeneous_step_equals_forward) { check_steps<MixedModel>(); }

/// Every stretch of a batch of sequences, as a slice of it, is predicted as in the whole, and the gradients of the
/// sequences add up to the whole's.
template <class M>
void check_slices() {
    const Sample<M, double> sample(core::Random(1), {0, 5, 6, 6, 13, 16});
    const int count = sample.sequences.count();
    const auto parameters = test::random_parameters<M, double>(core::Random(2), 0.2);
    core::Box<typename M::template Parameters<double>> whole_gradient, sum_of_gradients;
    typename M::template Tape<double> tape;
    const auto run = [&](core::Sequences sequences, auto&& gradient) {
        const int first = sequences.first(0);
        const auto observations = sample.rows().slice(first, sequences.rows());
        M::forward(*parameters, sequences, observations, tape);
        M::clear_gradients(tape);
        for (int row = 0; row < sequences.rows(); ++row) {
            const std::ptrdiff_t at = first + row;
            M::Distribution::log_probability(tape.action.view().row(row), sample.actions.data() + at * M::Action::width,
                                             1.0, tape.action_gradient.view().row(row));
            M::TargetHead::Distribution::log_probability(tape.target.view().row(row),
                                                         sample.targets.data() + at * M::Target::width, 1.0,
                                                         tape.target_gradient.view().row(row));
        }
        M::backward(*parameters, sequences, observations, tape, gradient);
    };
    run(sample.sequences, *whole_gradient);
    const auto whole = tape.action;
    for (int begin = 0; begin <= count; ++begin)
        for (int end = begin; end <= count; ++end) {
            const core::Sequences sequences{
                std::span(sample.offsets)
                    .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin) + 1)};
            if (end == begin + 1)
                run(sequences, *sum_of_gradients);
            else
                run(sequences, core::Frozen{});
            for (int row = 0; row < sequences.rows(); ++row)
                BOOST_TEST(
                    (core::map_row(tape.action.view(), row) - core::map_row(whole.view(), sequences.first(0) + row))
                        .norm() < 1e-9);
        }
    const auto a = core::flat<double>(*whole_gradient), b = core::flat<double>(*sum_of_gradients);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-9 * std::max(1.0, std::abs(a[i])));
}
using HawkModel =
    model::Autoregressive<Observation, data::Categories<4>, model::Hawk<small_hawk>, data::Categories<5, 2>>;
BOOST_AUTO_TEST_CASE(transformers_predict_alike_in_any_slice_of_a_batch) { check_slices<Transformer>(); }
BOOST_AUTO_TEST_CASE(hawks_predict_alike_in_any_slice_of_a_batch) { check_slices<HawkModel>(); }
BOOST_AUTO_TEST_CASE(heterogeneous_stacks_predict_alike_in_any_slice_of_a_batch) { check_slices<MixedModel>(); }

BOOST_AUTO_TEST_CASE(models_know_their_context) {
    static_assert(Transformer::context == 16);
    static_assert(HawkModel::context == layer::unbounded);
    static_assert(MixedModel::context == 16);  // that of the shortest part
}

BOOST_AUTO_TEST_CASE(what_a_model_cannot_read_is_refused) {
    Sample<Transformer, double> sample(core::Random(1));
    const auto parameters = test::random_parameters<Transformer, double>(core::Random(2), 0.2);
    Transformer::Tape<double> tape;
    const auto forward = [&](core::Sequences sequences) {
        Transformer::forward(*parameters, sequences, sample.rows(), tape);
    };
    const std::vector<int> fewer{0, 5, 6};
    test::check_error("a model is given 16 rows for sequences of 6 rows", [&] { forward({fewer}); });
    for (const auto wrong : {std::int16_t{9}, std::int16_t{-1}}) {
        sample.observations[7] = wrong;
        test::check_error("an index of an observation is " + std::to_string(wrong) + ", valid is 0 to 8",
                          [&] { forward(sample.sequences); });
    }
}

BOOST_AUTO_TEST_CASE(parameters_are_flat_and_named) {
    Transformer::Parameters<float> parameters;
    std::size_t count = 0;
    std::vector<std::string> names;
    core::visit(parameters, [&](std::string_view name, auto& leaf) {
        count += std::size(leaf.values);
        names.emplace_back(name);
    });
    BOOST_TEST(count == core::flat<float>(parameters).size());
    BOOST_TEST((std::find(names.begin(), names.end(), "stack.blocks.2.mixer.inner.projection.weight") != names.end()));
    using WithoutTarget = model::Autoregressive<Observation, data::Categories<4>, model::Transformer<small_shape>>;
    BOOST_TEST(sizeof(Transformer::Parameters<float>) - sizeof(WithoutTarget::Parameters<float>) == 4 * (8 * 10 + 10));
}

struct Double {
    static constexpr int layer = 2;
    int calls = 0;
    void operator()(core::Rows<double, 8> residual) {
        ++calls;
        core::map(residual) *= 2;
    }
};

BOOST_AUTO_TEST_CASE(a_hook_changes_its_layer_and_what_follows) {
    const Sample<Transformer, double> sample(core::Random(7));
    core::Box<Transformer::Parameters<double>> parameters;
    Transformer::initialise(*parameters, core::Random(8));
    Transformer::Tape<double> plain, hooked;
    Transformer::forward(*parameters, sample.sequences, sample.rows(), plain);
    Double hook;
    Transformer::forward(*parameters, sample.sequences, sample.rows(), hooked, hook);
    BOOST_TEST(hook.calls == 1);
    BOOST_TEST(hooked.residual[1].values == plain.residual[1].values);
    for (std::size_t i = 0; i < plain.residual[2].values.size(); ++i)
        BOOST_TEST(hooked.residual[2].values[i] == 2 * plain.residual[2].values[i]);
    BOOST_TEST(hooked.action.values != plain.action.values);
}
