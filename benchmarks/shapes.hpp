/// \file
/// The products that a pass of a model makes, listed by the model's shape and the batch: what the bounds of training
/// and acting are made of. `check` holds the lists against the models' own numbers of weights.
///
/// Listed are the products of all linear maps and, sequence by sequence and head by head, of attention as full squares.
/// Not listed, because it is not a matrix product: embeddings (sums of rows), norms, softmax, convolutions,
/// recurrences, activations, losses, clipping, the optimiser, and zeroing and copying.
#pragma once

#include <cmath>

#include "gemm_reference.hpp"
#include "midstream/control/metacontroller.hpp"
#include "midstream/model/transformer.hpp"
#include "midstream/train/optimiser.hpp"

namespace midstream::bench {

/// Which products of a linear map a pass makes.
struct Pass {
    bool forward = false;
    bool input_gradient = false;
    bool weight_gradient = false;
};
inline constexpr Pass forward_pass{.forward = true};
/// Of a frozen model: gradients with respect to inputs alone.
inline constexpr Pass frozen_backward{.input_gradient = true};
inline constexpr Pass backward{.input_gradient = true, .weight_gradient = true};
/// What first layers do, whose input is data.
inline constexpr Pass first_backward{.weight_gradient = true};

using Products = std::vector<Gemm>;

/// A linear map from `inputs` to `outputs` numbers.
inline void add_linear(Products& list, Pass pass, int rows, int inputs, int outputs) {
    if (pass.forward) list.push_back(gemm_of(Product::forward, rows, inputs, outputs));
    if (pass.weight_gradient) list.push_back(gemm_of(Product::weight_gradient, rows, inputs, outputs));
    if (pass.input_gradient) list.push_back(gemm_of(Product::input_gradient, rows, inputs, outputs));
}

/// The products of attention proper, which has no weights.
inline void add_attention(Products& list, Pass pass, core::Sequences sequences, int heads, int head_width) {
    for (int s = 0; s < sequences.count(); ++s)
        for (int head = 0; head < heads; ++head) {
            const int length = sequences.length(s);
            const Gemm square{Product::input_gradient, length, head_width, length};
            const Gemm rows{Product::forward, length, length, head_width},
                columns{Product::weight_gradient, length, length, head_width};
            if (pass.forward) list.insert(list.end(), {square, rows});  // queries and keys, values
            if (pass.input_gradient)
                list.insert(list.end(), {square, rows, columns, columns});  // probabilities, q, k, v
        }
}

/// Blocks [from, to) of a Transformer over whole sequences.
inline void add_transformer(Products& list, Pass pass, const model::TransformerShape& shape, core::Sequences sequences,
                            int from, int to) {
    const int rows = sequences.rows(), width = shape.width;
    for (int l = from; l < to; ++l) {
        add_linear(list, pass, rows, width, 3 * width);
        add_attention(list, pass, sequences, shape.heads, width / shape.heads);
        add_linear(list, pass, rows, width, width);
        add_linear(list, pass, rows, width, shape.mlp);
        add_linear(list, pass, rows, shape.mlp, width);
    }
}

/// The heads of an Autoregressive model.
template <class Base>
void add_heads(Products& list, Pass pass, int rows) {
    add_linear(list, pass, rows, Base::width, Base::ActionHead::parameter_width);
    if constexpr (Base::predicts_observations)
        add_linear(list, pass, rows, Base::width, Base::TargetHead::parameter_width);
}

/// A Hawk stack over whole sequences.
inline void add_hawk(Products& list, Pass pass, const model::HawkShape& shape, int rows) {
    const int block = shape.recurrent / shape.heads;
    for (int l = 0; l < shape.depth; ++l) {
        add_linear(list, pass, rows, shape.width, shape.recurrent);
        add_linear(list, pass, rows, shape.width, shape.recurrent);
        for (int head = 0; head < 2 * shape.heads; ++head) add_linear(list, pass, rows, block, block);
        add_linear(list, pass, rows, shape.recurrent, shape.width);
        add_linear(list, pass, rows, shape.width, shape.mlp);
        add_linear(list, pass, rows, shape.mlp, shape.width);
    }
}

/// Everything of a metacontroller with low-rank controllers of this rank, its embedder of this shape. The history and
/// the switch go by time steps, as many rows at once as sequences are that long.
template <class Meta>
void add_metacontroller(Products& list, Pass pass, const control::MetacontrollerShape& shape,
                        const model::HawkShape& future, int rank, core::Sequences sequences) {
    const int rows = sequences.rows(), width = Meta::width;
    const Pass first{pass.forward, false, pass.weight_gradient};
    core::Lockstep lockstep;
    lockstep.assign(sequences);
    add_linear(list, first, rows, width, 3 * shape.history);
    add_linear(list, {.weight_gradient = pass.weight_gradient}, rows, shape.history, 3 * shape.history);
    for (int t = 0; t < lockstep.steps(); ++t) {
        const int active = lockstep.active(t);
        add_linear(list, {.forward = pass.forward, .input_gradient = pass.input_gradient && t > 0}, active,
                   shape.history, 3 * shape.history);
        add_linear(list, pass, active, shape.code, shape.switch_hidden);
        add_linear(list, {.forward = pass.forward}, active, shape.switch_hidden, 1);
    }
    add_hawk(list, pass, future, rows);
    add_linear(list, pass, rows, width, shape.embedding);
    add_linear(list, pass, rows, Meta::past + shape.embedding, shape.encoder_hidden);
    add_linear(list, pass, rows, shape.encoder_hidden, 2 * shape.code);
    add_linear(list, pass, rows, Meta::past, shape.switch_hidden);
    add_linear(list, pass, rows, shape.code, shape.decoder_hidden);
    add_linear(list, first, rows, width, Meta::Decoder::components * rank);
    add_linear(list, pass, rows, Meta::Decoder::components * rank, width);
}

/// One time step of `rows` instances of blocks [from, to): attention there is inner products with a cache, not listed.
inline void add_transformer_step(Products& list, const model::TransformerShape& shape, int rows, int from, int to) {
    for (int l = from; l < to; ++l) {
        add_linear(list, forward_pass, rows, shape.width, 3 * shape.width);
        add_linear(list, forward_pass, rows, shape.width, shape.width);
        add_linear(list, forward_pass, rows, shape.width, shape.mlp);
        add_linear(list, forward_pass, rows, shape.mlp, shape.width);
    }
}

inline double operations(const Products& list) {
    double sum = 0;
    for (const Gemm& gemm : list) sum += gemm.operations();
    return sum;
}

/// How many numbers of a model's parameters are entries of matrices that multiply rows.
template <class P>
double multiplied_numbers(const P& parameters) {
    double sum = 0;
    for (const core::Leaf& leaf : core::leaves<float>(parameters)) {
        const auto has = [&](const char* part) { return leaf.path.find(part) != std::string::npos; };
        if (leaf.matrix && !has("embedding.rows") && !has("relative_bias") && !has("convolution"))
            sum += static_cast<double>(leaf.size);
    }
    return sum;
}

/// The operations of `products` many products (of the six of attention's passes) of all heads and blocks.
inline double attention_operations(const model::TransformerShape& shape, core::Sequences sequences, int products) {
    double squares = 0;
    for (int s = 0; s < sequences.count(); ++s)
        squares += static_cast<double>(sequences.length(s)) * sequences.length(s);
    return 2.0 * products * shape.depth * shape.width * squares;
}

/// Throws unless a list makes as many operations as were counted another way.
inline void check(const Products& list, double expected, const char* what) {
    core::require(std::abs(operations(list) - expected) < 0.5, [&] {
        return std::string(what) + ": the list of products makes " + std::to_string(operations(list)) +
               " operations, not " + std::to_string(expected);
    });
}

}  // namespace midstream::bench
