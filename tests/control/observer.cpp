#include "midstream/control/observer.hpp"

#include "io/files.hpp"
#include "midstream/control/metacontroller.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

namespace {

/// One of three things in every row; the first is no event.
struct Things {
    using Observation = data::OneHots<3, 1>;
    static void observe(const auto& episodes, int row, std::int16_t* seen) {
        seen[0] = static_cast<std::int16_t>(episodes.action_rows().row(row)[0] % 3);
    }
    template <class Element>
    static bool event(const Element* seen) {
        return seen[0] != 0;
    }
};
std::vector<std::int16_t> things{0, 1, 0, 2, 0, 0, 1, 2, 2, 0, 1, 0, 0, 0, 0, 1};  // of the batches of check_slices

/// The embedding of an observer as if it were a layer: the rows of `things` belong to the batch that sequences are a
/// part of.
template <class Future>
struct OfThings {
    using Embedding = control::ObserverEmbedding<Things, Future>;
    static constexpr int input_width = Embedding::width, output_width = Embedding::output_width;
    template <class T>
    using Parameters = typename Embedding::template Parameters<T>;
    template <class T>
    using Tape = typename Embedding::template Tape<T>;
    static core::Rows<const std::int16_t, 1> rows(core::Sequences sequences) {
        return core::Rows<const std::int16_t, 1>{things.data(), static_cast<int>(things.size())}.slice(
            sequences.first(0), sequences.rows());
    }
    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Embedding::initialise(parameters, random);
    }
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                        core::Out<T, output_width> y, Tape<T>& tape) {
        Embedding::forward(parameters, sequences, x, rows(sequences), y, tape);
    }
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                         Tape<T>& tape, core::In<T, output_width> dy, core::Out<T, input_width> dx,
                         Gradient&& gradient) {
        Embedding::backward(parameters, sequences, x, rows(sequences), tape, dy, dx, gradient);
    }
};
template <class Scope>
using Future = control::FutureEmbedding<control::FutureGru<8>, 5, Scope>;

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_seen_is_the_same_in_any_slice_of_a_batch) {
    test::check_slices<OfThings<Future<control::EveryStep>>>();
    test::check_slices<OfThings<Future<control::LastStep>>>();
}

BOOST_AUTO_TEST_CASE(rows_see_their_next_event) {
    using E = OfThings<Future<control::EveryStep>>;
    const auto parameters = test::random_parameters<E, double>(core::Random(1), 0.3);
    const std::vector<int> offsets{5, 9, 12, 14};
    core::Buffer<double, 8> x;
    core::Buffer<double, 5> y;
    E::Tape<double> tape;
    E::forward(*parameters, {offsets}, x.zeros(9), y.resize(9), tape);
    BOOST_TEST(tape.next == (std::vector{0, 0, 1, 2, 3, 3, -1, -1, -1}), boost::test_tools::per_element());
    BOOST_TEST(tape.offsets == (std::vector{0, 3, 4}), boost::test_tools::per_element());
    for (int row = 6; row < 9; ++row) BOOST_TEST(core::map_row(y.view(), row).norm() == 0);
}

BOOST_AUTO_TEST_CASE(observers_that_break_their_word_are_named) {
    using E = OfThings<Future<control::EveryStep>>;
    const auto parameters = test::random_parameters<E, double>(core::Random(1), 0.3);
    const std::vector<int> offsets{0, 4};
    core::Buffer<double, 8> x;
    core::Buffer<double, 5> y;
    E::Tape<double> tape;
    for (const auto wrong : {std::int16_t{3}, std::int16_t{-1}}) {
        const auto before = std::exchange(things[1], wrong);
        test::check_error("valid is 0 to 2",
                          [&] { E::forward(*parameters, {offsets}, x.zeros(4), y.resize(4), tape); });
        things[1] = before;
    }
    test::check_error("a row of what is seen for each row",
                      [&] { E::forward(*parameters, {offsets}, x.zeros(3), y.resize(3), tape); });
}

namespace {
constexpr auto shape = test::tiny_meta(1, 2);

/// A batch of episodes has the codes, gates and predictions that each has alone.
template <class Meta>
void check_metacontroller() {
    const auto base = test::random_model<TinyModel, double>(core::Random(1));
    const auto parameters = test::random_model<Meta, double>(core::Random(2), 0.3);
    const std::vector<int> offsets{0, 5, 6, 6, 13, 16};
    const auto episodes = test::random_episodes<TinyModel, double>(core::Random(3), offsets);
    const int count = static_cast<int>(offsets.size()) - 1;
    core::Buffer<double, 8> e, steered, whole;
    core::Random random(4);
    test::fill_normal(e.resize(16).flat(), random);
    std::vector<std::int16_t> seen(16);
    for (int row = 0; row < 16; ++row) Things::observe(episodes, row, &seen[static_cast<std::size_t>(row)]);
    typename Meta::template Tape<double> tape;
    const auto run = [&](core::Sequences sequences, core::Buffer<double, 8>& to) {
        const int first = sequences.first(0), rows = sequences.rows();
        core::map(to.resize(rows)) = core::map(e.view().slice(first, rows));
        control::ObservedRows<typename Meta::Observer, double> observer{};
        if constexpr (!Meta::Inference::sees_residual) observer = {seen.data() + first, rows};
        Meta::forward(*parameters, sequences, e.view().slice(first, rows), e.view().slice(first, rows), to.view(),
                      core::Random(5), {.noise = 0}, tape, observer);
    };
    run({offsets}, whole);
    core::Buffer<double, 3> codes = tape.switching.codes;
    for (int begin = 0; begin <= count; ++begin)
        for (int end = begin; end <= count; ++end) {
            const core::Sequences sequences{
                std::span(offsets).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin) + 1)};
            run(sequences, steered);
            for (int row = 0; row < sequences.rows(); ++row) {
                const int at = sequences.first(0) + row;
                BOOST_TEST((core::map_row(steered.view(), row) - core::map_row(whole.view(), at)).norm() < 1e-9);
                BOOST_TEST((core::map_row(tape.switching.codes.view(), row) - core::map_row(codes.view(), at)).norm() <
                           1e-9);
            }
        }
}
}  // namespace

BOOST_AUTO_TEST_CASE(metacontrollers_do_alike_in_any_slice_of_a_batch) {
    check_metacontroller<control::Metacontroller<TinyModel, shape, control::LowRank<2>>>();
    check_metacontroller<control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::SoftSwitch,
                                                 control::EveryStep, control::FutureGru<8>, Things>>();
}

BOOST_AUTO_TEST_CASE(raw_actions_are_what_is_done_and_all_of_it_events) {
    using Codes = data::Continuous<2>;
    using Observer = control::RawActions<Codes>;
    using Episodes = data::Episodes<data::Dense<1>, Codes>;
    static_assert(control::ObserverOf<Observer, Episodes, 4>);
    static_assert(!control::ObservesStream<Observer>);
    static_assert(std::is_same_v<Observer::Observation, data::Dense<2>>);
    Episodes episodes;
    episodes.offsets = {0, 3};
    episodes.observations = {7, 8, 9};
    episodes.actions = {0.5f, -1, 2, 0, 0, 0};
    for (int row = 0; row < 3; ++row) {
        float seen[2] = {9, 9};
        Observer::observe(episodes, row, seen);
        BOOST_TEST(seen[0] == episodes.action_rows().row(row)[0]);
        BOOST_TEST(seen[1] == episodes.action_rows().row(row)[1]);
        BOOST_TEST(Observer::event(seen));  // one of zeros as well
    }
}
