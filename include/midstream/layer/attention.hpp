/// \file
/// Causal multi-head self-attention with a bucketed relative position bias (T5, Raffel et al. 2020, section 2.1) that
/// is added to the logits, and its key-value cache.
#pragma once

#include <array>
#include <limits>

#include "midstream/core/contract.hpp"
#include "midstream/layer/linear.hpp"

namespace midstream::layer {

/// `context` is the longest sequence; distances from `max_distance` on share the last of `buckets` buckets.
struct AttentionShape {
    int width = 256;
    int heads = 4;  ///< which divide the width
    int context = 100;
    int buckets = 32;        ///< for relative positions, each with a bias in every head
    int max_distance = 128;  ///< in steps
    /// What acts for longer than the context sees the last `context` steps; else that is an Error. Sequences are never
    /// longer, and parameters are the same: what was trained one way can act the other.
    bool slides = false;
    static constexpr void describe(const auto& self, auto&& part) {
        part("width", self.width);
        part("heads", self.heads);
        part("context", self.context);
        part("buckets", self.buckets);
        part("max_distance", self.max_distance);
        part.leaves_out(self.slides);
    }
};

/// The bucket of each distance 0, ..., context - 1: half of the buckets hold one distance each, the others grow
/// logarithmically (T5's one-directional buckets).
template <AttentionShape Shape>
const std::array<int, Shape.context>& relative_buckets() {
    static const std::array<int, Shape.context> buckets = [] {
        std::array<int, Shape.context> result{};
        constexpr int exact = Shape.buckets / 2;
        for (int distance = 0; distance < Shape.context; ++distance) {
            int bucket = distance;
            if (distance >= exact) {
                const double position =
                    std::log(double(distance) / exact) / std::log(double(Shape.max_distance) / exact);
                bucket = std::min(exact + static_cast<int>(position * (Shape.buckets - exact)), Shape.buckets - 1);
            }
            result[static_cast<std::size_t>(distance)] = bucket;
        }
        return result;
    }();
    return buckets;
}

namespace detail {
constexpr bool divides(int part, int whole) { return part >= 1 && whole >= 1 && whole % part == 0; }

/// Tells in a sentence what of a shape is impossible.
template <AttentionShape Shape>
constexpr bool check_attention() {
    static_assert(divides(Shape.heads, Shape.width), "attention needs a width that its number of heads divides");
    static_assert(Shape.context >= 1, "attention needs a context of at least one step");
    static_assert(Shape.buckets >= 2 && Shape.max_distance > Shape.buckets / 2,
                  "the relative bias needs at least two buckets and a maximum distance beyond half of them");
    return divides(Shape.heads, Shape.width);
}
}  // namespace detail

/// Causal self-attention: every step attends to itself and to those before it in its sequence. Sequences of more than
/// `context` steps are Errors, and so are episodes, unless the shape slides.
template <AttentionShape Shape>
struct Attention {
    static constexpr int width = Shape.width;
    /// Parts of the width that attend on their own.
    static constexpr int heads = detail::check_attention<Shape>() ? Shape.heads : 1;
    static constexpr int head_width = width / heads;  ///< numbers of a query, a key or a value
    static constexpr int context = Shape.context;
    static constexpr int episode = Shape.slides ? unbounded : context;  ///< the longest that is acted in
    static constexpr int input_width = width;
    static constexpr int output_width = width;
    using Projection = Linear<width, 3 * width>;  ///< from rows to queries, keys and values
    using Output = Linear<width, width>;          ///< from the heads' mixed values, side by side, to the output

    static constexpr void describe(auto&& part) { part("shape", Shape); }

    /// Numbers in core::alignment bytes.
    template <class T>
    static constexpr int lanes = static_cast<int>(core::alignment / sizeof(T));
    /// The length of the rows of squares: at multiples of core::alignment their numbers are computed by whole packets.
    template <class T>
    static constexpr int padded(int length) {
        return (length + lanes<T> - 1) / lanes<T> * lanes<T>;
    }

    template <class T>
    struct Parameters {
        typename Projection::template Parameters<T>
            projection;  ///< columns: queries, keys, values; in each, head by head
        typename Output::template Parameters<T> output;
        core::Matrix<T, heads, Shape.buckets> relative_bias;
        static void visit(auto& self, auto&& member) {
            member("projection", self.projection);
            member("output", self.output);
            member("relative_bias", self.relative_bias);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, 3 * width> projected;  ///< backward puts gradients where the numbers were
        core::Buffer<T, width> mixed;          ///< likewise
        core::AlignedVector<T>
            probabilities;  ///< per sequence and head a square of length rows, padded as `padded` says
        core::AlignedVector<T> logit_gradient;
        typename Projection::template Tape<T> projection;
        typename Output::template Tape<T> output;
    };
    /// What keys and values are remembered as: T, or 16 bits in states of core::EightBits.
    template <class T>
    using Remembered = std::conditional_t<std::is_same_v<T, core::EightBits>, Eigen::bfloat16, T>;
    /// The keys and values of the steps so far, or of the last `context` ones.
    template <class T>
    struct State {
        int length = 0;  ///< of these steps
        int first = 0;   ///< the cache's row of the earliest
        std::array<Remembered<T>, static_cast<std::size_t>(context) * 2 * width> cache;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Projection::initialise(parameters.projection, random);
        Output::initialise(parameters.output, random);
        variance_scaling(parameters.relative_bias, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> x,
                        core::Out<T, width> y, Tape<T>& tape) {
        const auto projected = tape.projected.resize(x.count);
        Projection::apply(parameters.projection, x, projected);
        std::size_t squares = 0;
        int longest = 0;
        for (int s = 0; s < sequences.count(); ++s) {
            const int length = sequences.length(s);
            core::require(length <= context, [&] {
                return "a sequence of " + std::to_string(length) + " steps exceeds the attention context of " +
                       std::to_string(context);
            });
            longest = std::max(longest, length);
            squares += static_cast<std::size_t>(heads * length * padded<T>(length));
        }
        if (tape.probabilities.size() < squares) tape.probabilities.resize(squares);
        const auto mixed = tape.mixed.resize(x.count);
        const auto bias = bias_by_distance<T>(parameters, longest);
        T* probabilities = tape.probabilities.data();
        for (int s = 0; s < sequences.count(); ++s) {
            const int length = sequences.length(s), first = sequences.row(s);
            for (int head = 0; head < heads; ++head) {
                const auto query = head_rows(projected, first, length, head);
                const auto key = head_rows(projected, first, length, heads + head);
                const auto value = head_rows(projected, first, length, 2 * heads + head);
                const auto p = square(probabilities, length);
                core::lower_product_transposed(query, key, p);
                for (int i = 0; i < length; ++i) {
                    softmax(p.data + i * p.stride, bias, head, i);
                    clear_future(p, i);
                }
                core::lower_product(p, value, head_rows(mixed, first, length, head));
                probabilities += static_cast<std::ptrdiff_t>(length) * p.stride;
            }
        }
        Output::apply(parameters.output, mixed, y);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> x,
                         Tape<T>& tape, core::In<T, width> dy, core::Out<T, width> dx, Gradient&& gradient) {
        Output::backward(parameters.output, sequences, tape.mixed.view(), tape.output, dy, {},
                         core::part(gradient, &Parameters<T>::output));
        const auto mixed_gradient = tape.mixed.view();
        core::product_transposed(view(dy), view(parameters.output.weight), view(mixed_gradient));
        const auto projected = tape.projected.view();
        tape.logit_gradient.resize(static_cast<std::size_t>(context) * padded<T>(context));
        Distances<T> bias_gradient{};
        const T* probabilities = tape.probabilities.data();
        for (int s = 0; s < sequences.count(); ++s) {
            const int length = sequences.length(s), first = sequences.row(s);
            for (int head = 0; head < heads; ++head) {
                const auto query = head_rows(projected, first, length, head);
                const auto key = head_rows(projected, first, length, heads + head);
                const auto value = head_rows(projected, first, length, 2 * heads + head);
                const auto out = head_rows(mixed_gradient, first, length, head);
                const core::View<const T> p = square(probabilities, length);
                const auto dlogits = square(tape.logit_gradient.data(), length);
                core::lower_product_transposed(out, value, dlogits);
                for (int i = 0; i < length; ++i) {
                    T* const bias_numbers =
                        core::trainable<Gradient> ? bias_line(bias_gradient, head, i) : static_cast<T*>(nullptr);
                    softmax_backward(p.data + i * p.stride, dlogits.data + i * dlogits.stride, i, bias_numbers);
                    clear_future(dlogits, i);
                }
                core::lower_transposed_product(p, out, value);
                core::lower_product(dlogits, key, out);
                core::lower_transposed_product(dlogits, query, key);
                core::copy(out, query);
                probabilities += static_cast<std::ptrdiff_t>(length) * p.stride;
            }
        }
        if constexpr (core::trainable<Gradient>)
            for_distances<T>(context, [&](int head, int bucket, std::size_t at) {
                gradient.relative_bias.values[head * Shape.buckets + bucket] += bias_gradient[at];
            });
        Projection::backward(parameters.projection, sequences, x, tape.projection, projected, dx,
                             core::part(gradient, &Parameters<T>::projection));
    }

    template <class T>
    static void reset(State<T>& state) {
        state.length = 0;
        state.first = 0;
    }

    /// Throws core::Error when an instance steps beyond the context of a shape that does not slide.
    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, width> x, core::Out<T, width> y,
                     Tape<T>& scratch) {
        const auto projected = scratch.projected.resize(x.count);
        Projection::apply(parameters.projection, x, projected);
        const auto mixed = scratch.mixed.resize(x.count);
        int longest = 0;
        for (int row = 0; row < x.count; ++row) longest = std::max(longest, state_of(row).length);
        const auto bias = bias_by_distance<T>(parameters, std::min(longest + 1, context));
        for (int row = 0; row < x.count; ++row) {
            alignas(core::alignment) std::array<T, static_cast<std::size_t>(heads) * padded<T>(context)> weights{};
            const auto of_head = [&](int head) { return weights.data() + head * padded<T>(context); };
            auto& state = state_of(row);
            const int last = next(state);
            auto* newest = state.cache.data() + static_cast<std::ptrdiff_t>(cache_row(state, last)) * 2 * width;
            for (int i = 0; i < 2 * width; ++i)
                newest[i] = static_cast<std::remove_cvref_t<decltype(*newest)>>(projected.row(row)[width + i]);
            // All heads step by step, as the cache lies in memory.
            for (int j = 0; j <= last; ++j)
                for (int head = 0; head < heads; ++head)
                    of_head(head)[j] = cached(state, j, head).dot(head_line(projected.row(row), head));
            for (int head = 0; head < heads; ++head) softmax(of_head(head), bias, head, last);
            // In one expression for all heads their sums would leave the registers.
            core::EigenMatrix<T, 1, width> sums = core::EigenMatrix<T, 1, width>::Zero();
            for (int j = 0; j <= last; ++j)
                for (int head = 0; head < heads; ++head)
                    head_line(sums.data(), head) += of_head(head)[j] * cached(state, j, heads + head);
            core::map_row(mixed, row) = sums;
        }
        Output::apply(parameters.output, mixed, y);
    }

private:
    /// Makes room for one more step, and returns how many there are before it.
    template <class T>
    static int next(State<T>& state) {
        if (state.length < context) return state.length++;
        if constexpr (!Shape.slides)
            core::fail("the attention context of " + std::to_string(context) + " steps is used up");
        state.first = (state.first + 1) % context;
        return context - 1;
    }
    /// Where in the cache a step lies, the earliest of which is 0.
    template <class T>
    static int cache_row(const State<T>& state, int step) {
        if constexpr (!Shape.slides) return step;
        const int row = state.first + step;
        return row < context ? row : row - context;
    }
    template <class T>
    static core::View<T> square(T* data, int length) {
        return {data, length, length, padded<T>(length)};
    }
    /// As many numbers as padding makes whole: rows are computed in these.
    template <class T>
    using Block = Eigen::Array<T, 1, lanes<T>>;
    template <class T>
    static auto block(T* numbers) {
        return Eigen::Map<std::conditional_t<std::is_const_v<T>, const Block<std::remove_const_t<T>>, Block<T>>>(
            numbers);
    }
    /// In the last block of what a query at `position` sees, 1 for steps and 0 for padding.
    template <class T>
    static auto steps_in_last(int position) {
        static constexpr auto pattern = [] {
            std::array<T, 2 * static_cast<std::size_t>(lanes<T>) - 1> numbers{};
            for (std::size_t i = 0; i < lanes<T>; ++i) numbers[i] = 1;
            return numbers;
        }();
        return block(pattern.data() + (lanes<T> - 1 - position % lanes<T>));
    }
    /// From inner products of the query at `position` to probabilities, in place; the padding becomes zero.
    template <class T, class Bias>
    static void softmax(T* seen, const Bias& biases, int head, int position) {
        const int size = padded<T>(position + 1);
        const T* const bias = bias_line(biases, head, position);
        Block<T> most = Block<T>::Constant(std::numeric_limits<T>::lowest());
        for (int j = 0; j < size; j += lanes<T>) {
            const Block<T> logits = block(seen + j) * scale<T>() + block(bias + j);
            most = most.max(logits);
            block(seen + j) = logits;
        }
        const T maximum = most.maxCoeff();
        Block<T> sums = Block<T>::Zero();
        for (int j = 0; j < size; j += lanes<T>) {
            Block<T> exponentials = (block(seen + j) - maximum).exp();
            if (j + lanes<T> == size) exponentials *= steps_in_last<T>(position);
            sums += exponentials;
            block(seen + j) = exponentials;
        }
        const T inverse = T(1) / sums.sum();
        for (int j = 0; j < size; j += lanes<T>) block(seen + j) *= inverse;
    }
    /// From the gradient of probabilities to that of inner products, in place; `bias`, unless it is null, is added the
    /// gradient of what was added to the scaled ones.
    template <class T>
    static void softmax_backward(const T* seen, T* gradient, int position, T* bias) {
        const int size = padded<T>(position + 1);
        Block<T> sums = Block<T>::Zero();
        for (int j = 0; j < size; j += lanes<T>) sums += block(seen + j) * block(gradient + j);
        const T expected = sums.sum();
        for (int j = 0; j < size; j += lanes<T>) {
            const Block<T> d = block(seen + j) * (block(gradient + j) - expected);
            if (bias) block(bias + j) += d;
            block(gradient + j) = d * scale<T>();
        }
    }
    /// Makes zero of a row what lies beyond the padding of what the query sees.
    template <class T>
    static void clear_future(core::View<T> square, int position) {
        T* const row = square.data + position * square.stride;
        for (int j = padded<T>(position + 1); j < square.stride; j += lanes<T>) block(row + j).setZero();
    }
    /// The numbers of one head (of queries, then keys, then values) in a row.
    template <class T>
    static core::EigenMap<T, 1, head_width> head_line(T* row, int head) {
        return core::EigenMap<T, 1, head_width>(row + head * head_width);
    }
    /// Those of one head (of keys, then values) at a step, the earliest of which is 0.
    template <class T>
    static auto cached(const State<T>& state, int step, int head) {
        const auto* row = state.cache.data() + static_cast<std::ptrdiff_t>(cache_row(state, step)) * 2 * width;
        return head_line(row, head).template cast<core::Computed<T>>();
    }

    template <class T>
    static T scale() {
        return T(1) / std::sqrt(T(head_width));
    }

    /// The columns of one head (of queries, then keys, then values) in the rows of one sequence.
    template <class T, int Width>
    static core::View<T> head_rows(core::Rows<T, Width> rows, int first, int length, int head) {
        return core::columns(rows.slice(first, length), head * head_width, head_width);
    }

    /// For each head a number for the distances context - 1, ..., 1, 0 and then for the future: read from the right
    /// place, a line for every query is contiguous.
    template <class T>
    using Distances = std::array<T, static_cast<std::size_t>(heads) * (context + lanes<T>)>;

    /// Calls visit(head, bucket, index among Distances) for the distances 0, ..., count - 1.
    template <class T, class Visit>
    static void for_distances(int count, Visit&& visit) {
        const auto& buckets = relative_buckets<Shape>();
        for (int head = 0; head < heads; ++head)
            for (int distance = 0; distance < count; ++distance)
                visit(head, buckets[static_cast<std::size_t>(distance)],
                      static_cast<std::size_t>(head * (context + lanes<T>)+context - 1 - distance));
    }
    /// The bias of each head at the distances 0, ..., count - 1; of the future, the lowest number, as -ffast-math knows
    /// no infinity.
    template <class T, class W>
    static Distances<T> bias_by_distance(const Parameters<W>& parameters, int count) {
        Distances<T> result;
        for (int head = 0; head < heads; ++head)
            block(result.data() + head * (context + lanes<T>)+context).setConstant(std::numeric_limits<T>::lowest());
        for_distances<T>(count, [&](int head, int bucket, std::size_t at) {
            result[at] = core::line(parameters.relative_bias, head)[bucket];
        });
        return result;
    }
    /// Where those of keys 0, 1, ... for the query at `position` are.
    template <class Numbers>
    static auto* bias_line(Numbers& numbers, int head, int position) {
        using T = typename Numbers::value_type;
        return numbers.data() + head * (context + lanes<T>)+context - 1 - position;
    }
};

}  // namespace midstream::layer
