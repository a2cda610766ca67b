/// \file
/// Residual stacks: blocks one after the other on one residual stream, with a tap at every block boundary.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

#include "midstream/layer/linear.hpp"

namespace midstream::model {

namespace detail {
/// Tells in a sentence why there can be no stack of such blocks.
template <class Block, int Depth>
constexpr bool check_blocks() {
    static_assert(Depth > 0, "a stack needs at least one block");
    if constexpr (layer::check_layer<Block>())
        static_assert(layer::Block<Block>, "a block of a residual stack needs one width of input and output");
    return layer::Block<Block>;
}
template <int Lower, int Upper>
constexpr bool check_widths() {
    static_assert(Lower == Upper, "all blocks of a stack need one width");
    return Lower == Upper;
}
}  // namespace detail

/// `Depth` blocks of one type; a run-time loop, so that compile time does not grow with depth. Like `Join` it works on
/// the layers [from, to) of its own: layer l is what block l reads.
template <class BlockType, int Depth>
struct Repeat {
    /// Something that fits stands in for what does not.
    using Block = std::conditional_t<detail::check_blocks<BlockType, Depth>(), BlockType, layer::Linear<1, 1>>;
    static constexpr int depth = Depth > 0 ? Depth : 1;  ///< number of blocks
    static constexpr int width = Block::input_width;
    static constexpr int context = layer::context_of<Block>;  ///< the longest sequence
    static constexpr int episode = layer::episode_of<Block>;  ///< the longest episode that it acts in

    static constexpr void describe(auto&& part) {
        part("depth", depth);
        part("block", std::type_identity<Block>{});
    }

    template <class T>
    struct Parameters {
        std::array<typename Block::template Parameters<T>, depth> blocks;
        static void visit(auto& self, auto&& member) { member("blocks", self.blocks); }
    };
    template <class T>
    struct Tape {
        std::array<typename Block::template Tape<T>, depth> blocks;
    };
    /// Of the blocks `From`, ..., `To` - 1.
    template <class T, int From = 0, int To = depth>
    struct State {
        std::array<typename Block::template State<T>, static_cast<std::size_t>(To - From)> blocks;
        /// That of block `l` of the stack.
        auto& block(int l) { return blocks[index(l - From)]; }
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        for (auto& block : parameters.blocks) Block::initialise(block, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::Buffer<T, width>* residual,
                        int from, int to, Tape<T>& tape) {
        for (int l = from; l < to; ++l)
            Block::forward(parameters.blocks[index(l)], sequences, residual[l].view(),
                           residual[l + 1].resize(residual[l].count), tape.blocks[index(l)]);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::Buffer<T, width>* residual,
                         int from, int to, Tape<T>& tape, core::Buffer<T, width>& flow, core::Buffer<T, width>& scratch,
                         Gradient&& gradient) {
        for (int l = to - 1; l >= from; --l) {
            Block::backward(parameters.blocks[index(l)], sequences, residual[l].view(), tape.blocks[index(l)],
                            flow.view(), scratch.zeros(flow.count),
                            core::element(core::part(gradient, &Parameters<T>::blocks), l));
            std::swap(flow, scratch);
        }
    }

    template <class T, int From, int To>
    static void reset(State<T, From, To>& state) {
        for (auto& block : state.blocks) Block::reset(block);
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::Buffer<T, width>* residual, int from,
                     int to, Tape<T>& scratch) {
        for (int l = from; l < to; ++l)
            Block::step(
                parameters.blocks[index(l)], [&](int i) -> auto& { return state_of(i).block(l); }, residual[l].view(),
                residual[l + 1].resize(residual[l].count), scratch.blocks[index(l)]);
    }

private:
    static constexpr std::size_t index(int l) { return static_cast<std::size_t>(l); }
};

/// Two stretches of blocks, one after the other.
template <class Lower, class UpperStack>
struct Join {
    /// Something that fits stands in for what does not.
    using Upper = std::conditional_t<detail::check_widths<Lower::width, UpperStack::width>(), UpperStack, Lower>;
    static constexpr int depth = Lower::depth + Upper::depth;  ///< blocks of both stretches
    static constexpr int width = Lower::width;
    static constexpr int context = std::min(layer::context_of<Lower>, layer::context_of<Upper>);
    /// The longest episode that both act in.
    static constexpr int episode = std::min(layer::episode_of<Lower>, layer::episode_of<Upper>);

    static constexpr void describe(auto&& part) {
        part("lower", std::type_identity<Lower>{});
        part("upper", std::type_identity<Upper>{});
    }

    template <class T>
    struct Parameters {
        typename Lower::template Parameters<T> lower;
        typename Upper::template Parameters<T> upper;
        static void visit(auto& self, auto&& member) {
            member("lower", self.lower);
            member("upper", self.upper);
        }
    };
    template <class T>
    struct Tape {
        typename Lower::template Tape<T> lower;
        typename Upper::template Tape<T> upper;
    };
    /// Of the blocks `From`, ..., `To` - 1.
    template <class T, int From = 0, int To = depth>
    struct State {
        typename Lower::template State<T, std::min(From, Lower::depth), std::min(To, Lower::depth)> lower;
        typename Upper::template State<T, std::max(From - Lower::depth, 0), std::max(To - Lower::depth, 0)> upper;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Lower::initialise(parameters.lower, random);
        Upper::initialise(parameters.upper, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::Buffer<T, width>* residual,
                        int from, int to, Tape<T>& tape) {
        Lower::forward(parameters.lower, sequences, residual, from, in_lower(to), tape.lower);
        Upper::forward(parameters.upper, sequences, residual + Lower::depth, in_upper(from), to - Lower::depth,
                       tape.upper);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::Buffer<T, width>* residual,
                         int from, int to, Tape<T>& tape, core::Buffer<T, width>& flow, core::Buffer<T, width>& scratch,
                         Gradient&& gradient) {
        Upper::backward(parameters.upper, sequences, residual + Lower::depth, in_upper(from), to - Lower::depth,
                        tape.upper, flow, scratch, core::part(gradient, &Parameters<T>::upper));
        Lower::backward(parameters.lower, sequences, residual, from, in_lower(to), tape.lower, flow, scratch,
                        core::part(gradient, &Parameters<T>::lower));
    }

    template <class T, int From, int To>
    static void reset(State<T, From, To>& state) {
        Lower::reset(state.lower);
        Upper::reset(state.upper);
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::Buffer<T, width>* residual, int from,
                     int to, Tape<T>& scratch) {
        Lower::step(
            parameters.lower, [&](int i) -> auto& { return state_of(i).lower; }, residual, from, in_lower(to),
            scratch.lower);
        Upper::step(
            parameters.upper, [&](int i) -> auto& { return state_of(i).upper; }, residual + Lower::depth,
            in_upper(from), to - Lower::depth, scratch.upper);
    }

private:
    static constexpr int in_lower(int l) { return std::min(l, Lower::depth); }
    static constexpr int in_upper(int l) { return std::max(l - Lower::depth, 0); }
};

namespace detail {
template <class... Parts>
struct StackOf;
template <class Block>
struct StackOf<Block> {
    using type = Repeat<Block, 1>;
};
template <class Block, int Depth>
struct StackOf<Repeat<Block, Depth>> {
    using type = Repeat<Block, Depth>;
};
template <class First, class Second, class... Rest>
struct StackOf<First, Second, Rest...> {
    using type = Join<typename StackOf<First>::type, typename StackOf<Second, Rest...>::type>;
};
}  // namespace detail

namespace detail {
template <class S, int Depth>
struct LowerBlocksOf {
    using type = S;
};
template <class Block, int All, int Depth>
requires(Depth < All) struct LowerBlocksOf<Repeat<Block, All>, Depth> {
    using type = Repeat<Block, Depth>;
};
template <class Lower, class Upper, int Depth>
requires(Depth <= Lower::depth) struct LowerBlocksOf<Join<Lower, Upper>, Depth> {
    using type = typename LowerBlocksOf<Lower, Depth>::type;
};
template <class Lower, class Upper, int Depth>
requires(Depth > Lower::depth) struct LowerBlocksOf<Join<Lower, Upper>, Depth> {
    using type = Join<Lower, typename LowerBlocksOf<Upper, Depth - Lower::depth>::type>;
};
}  // namespace detail

/// A stack as the lowest `Depth` blocks of another; all of it where it has no more, or is none of Repeat and Join.
template <class S, int Depth>
using LowerBlocks = typename detail::LowerBlocksOf<S, Depth>::type;

/// A residual stack: what Repeat, Join and Stack are.
template <class S>
concept ResidualStack = requires {
    { S::width } -> std::convertible_to<int>;
    { S::depth } -> std::convertible_to<int>;
    typename S::template Parameters<float>;
    typename S::template Tape<float>;
    typename S::template State<float>;
    requires core::ParameterStruct<typename S::template Parameters<float>>;
};

/// The width of a stack or a model; 8 where it does not say, so that something of that width can stand in for it.
template <class S>
inline constexpr int width_of = 8;
/// Its constant `width`.
template <class S>
requires requires { std::integral_constant<int, S::width>::value; }
inline constexpr int width_of<S> = S::width;

/// A stack of blocks and repeated blocks in one line: Stack<Repeat<Recurrent, 2>, Attention>.
template <class... Parts>
using Stack = typename detail::StackOf<Parts...>::type;

}  // namespace midstream::model
