/// \file
/// Parameters are plain structs of `Matrix`, `Vector`, arrays and other such structs. Being contiguous they are also
/// a flat span of numbers, so gradients, optimiser moments and averages are instances of the same struct, and
/// optimisers, clipping, saving and loading are loops.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::core {

/// A struct of parameters: it lists its members by calling `member(name, self.member)` for each in
/// `static void visit(auto& self, auto&& member)`, and is contiguous.
template <class P>
concept ParameterStruct = std::is_trivially_copyable_v<std::remove_const_t<P>> &&
    std::is_aggregate_v<std::remove_const_t<P>> &&(is_leaf<std::remove_const_t<P>> || requires(P & p) {
        std::remove_const_t<P>::visit(p, [](std::string_view, auto&) {});
    });

/// Parameters of something that has none. As a member of other parameters it needs [[no_unique_address]], or its byte
/// leaves a gap among the numbers.
struct NoParameters {
    static void visit(auto&, auto&&) {}
};

namespace detail {
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

/// Adds a name to a path, and returns how long that was before. No template, and not inlined: parameter structs of
/// every type have their paths put together here.
[[gnu::noinline]] inline std::size_t extend(std::string& path, std::string_view name) {
    const std::size_t length = path.size();
    if (length > 0) path += '.';
    path += name;
    return length;
}

template <class Node, class Function>
void visit_at(std::string& path, Node& node, Function& function) {
    using Plain = std::remove_const_t<Node>;
    if constexpr (is_leaf<Plain>) {
        function(std::string_view(path), node);
    } else if constexpr (is_array<Plain>) {
        for (std::size_t i = 0; i < node.size(); ++i) {
            const std::size_t length = extend(path, std::to_string(i));
            visit_at(path, node[i], function);
            path.resize(length);
        }
    } else {
        Plain::visit(node, [&](std::string_view name, auto& child) {
            const std::size_t length = extend(path, name);
            visit_at(path, child, function);
            path.resize(length);
        });
    }
}
}  // namespace detail

/// Calls `function(path, leaf)` for every Matrix and Vector in order; paths, which last for the call, read "blocks.2.up".
template <class P, class Function>
void visit(P& parameters, Function&& function) {
    std::string path;
    detail::visit_at(path, parameters, function);
}

/// The flat view of a parameter struct.
template <class T, class P>
std::span<T> flat(P& parameters) {
    static_assert(ParameterStruct<P>,
                  "a parameter struct is a trivially copyable aggregate that lists its members in `visit`");
    if constexpr (std::is_empty_v<P>) {
        return {};
    } else {
        static_assert(sizeof(P) % sizeof(T) == 0 && alignof(P) == alignof(T),
                      "a parameter struct holds nothing but numbers of one scalar type");
        return {reinterpret_cast<T*>(&parameters), sizeof(P) / sizeof(T)};
    }
}
/// The same of parameters that are read alone.
template <class T, class P>
std::span<const T> flat(const P& parameters) {
    static_assert(ParameterStruct<P>,
                  "a parameter struct is a trivially copyable aggregate that lists its members in `visit`");
    return flat<T>(const_cast<P&>(parameters));
}

/// Where one Matrix or Vector of a parameter struct lies in its flat view.
struct Leaf {
    std::string path;     ///< as `visit` spells it: "blocks.2.mixer.query"
    std::size_t first;    ///< its first number
    std::size_t size;     ///< how many numbers it has
    int rows;             ///< of a Matrix; 1 for a Vector
    int columns;          ///< of a Matrix; the size of a Vector
    bool matrix;          ///< a Matrix, not a Vector
    bool trained = true;  ///< no Statistic, which optimisers leave as it is
};

namespace detail {
/// Adds a Leaf for every Matrix and Vector that `visit` comes upon. As it is the same type for all that is visited,
/// what parameter structs have in common is compiled once.
template <class T>
struct LeafList {
    const T* begin;
    std::vector<Leaf> found{};

    template <class Node>
    void operator()(std::string_view path, const Node& node) {
        const auto first = static_cast<std::size_t>(node.values - begin);
        if constexpr (requires { Node::columns; })
            found.push_back(
                {std::string(path), first, std::size_t{Node::rows} * Node::columns, Node::rows, Node::columns, true});
        else
            found.push_back(
                {std::string(path), first, std::size_t{Node::size}, 1, Node::size, false, is_trained<Node>});
    }
};
}  // namespace detail

/// All leaves of a parameter struct in the order of the flat view.
template <class T, class P>
std::vector<Leaf> leaves(const P& parameters) {
    detail::LeafList<T> list{flat<T>(parameters).data()};
    visit(parameters, list);
    return std::move(list.found);
}

/// Requires that `visit` lists every number once: one that it leaves out would be trained but never saved. `T` is the
/// scalar type.
template <class T, class P>
void require_complete(const P& parameters) {
    std::size_t listed = 0;
    for (const Leaf& leaf : leaves<T>(parameters)) listed += leaf.size;
    const std::size_t held = flat<T>(parameters).size();
    require(listed == held, [&] {
        return "`visit` of a parameter struct lists " + std::to_string(listed) + " numbers, it holds " +
               std::to_string(held);
    });
}

/// Stands where a gradient struct would, for parameters that are not trained: no storage, no work, while the
/// gradient with respect to inputs still flows.
struct Frozen {};

/// Whether a gradient wants to be computed: false of Frozen alone.
template <class Gradient>
inline constexpr bool trainable = !std::is_same_v<std::remove_cvref_t<Gradient>, Frozen>;

/// The part of a gradient struct that belongs to a member; of Frozen, Frozen.
template <class Gradient, class P, class Member>
decltype(auto) part(Gradient&& gradient, Member P::*member) {
    if constexpr (trainable<Gradient>) {
        return (gradient.*member);
    } else {
        return Frozen{};
    }
}
/// The i-th of an array of gradient structs; of Frozen, Frozen.
template <class Gradient>
decltype(auto) element(Gradient&& gradient, int index) {
    if constexpr (trainable<Gradient>) {
        return (gradient[static_cast<std::size_t>(index)]);
    } else {
        return Frozen{};
    }
}

/// A value that lives on the heap: copies are deep, a moved-from box is only good for assignment. For aggregates too
/// large for the stack, as whole models are. Starts with every number zero.
template <class Value>
struct Box {
    Box() : pointer_(std::make_unique<Aligned>()) {}
    /// Copies the value, on a heap of its own; `other` must hold one, as must all whose value is asked for: builds that
    /// are core::checked look.
    Box(const Box& other) : pointer_(std::make_unique<Aligned>(other.held())) {}
    Box(Box&&) noexcept = default;
    /// Copies the value; `other` must hold one.
    Box& operator=(const Box& other) {
        if (this != &other) {
            if (pointer_)
                *pointer_ = other.held();
            else
                pointer_ = std::make_unique<Aligned>(other.held());
        }
        return *this;
    }
    Box& operator=(Box&&) noexcept = default;
    ~Box() = default;

    /// The value.
    Value& operator*() { return value(); }
    /// The value, to be read alone.
    const Value& operator*() const { return value(); }
    /// A member of the value.
    Value* operator->() { return &value(); }
    /// A member of the value, to be read alone.
    const Value* operator->() const { return &value(); }

private:
    struct alignas(alignment) Aligned {
        Value value;
    };
    Aligned& held() const {
        check(pointer_ != nullptr, [] { return "a box is read that was moved from"; });
        return *pointer_;
    }
    Value& value() const { return held().value; }
    std::unique_ptr<Aligned> pointer_;
};

}  // namespace midstream::core
