/// \file
/// What a list of contents (io/checkpoint.hpp) consists of: every array below it, by its path.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/eight_bits.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/core/random.hpp"
#include "midstream/io/safetensors_header.hpp"
#include "midstream/io/shape.hpp"

namespace midstream::io::detail {

template <class T>
inline constexpr bool is_box = false;
template <class T>
inline constexpr bool is_box<core::Box<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_list = false;  // of numbers, with a length of its own
template <Number T>
inline constexpr bool is_list<std::vector<T>> = true;

/// One array of a list of contents: what a file says of it, and where its numbers lie.
struct Content {
    std::string path;
    Dtype dtype;
    Shape shape;  ///< any_extent of a std::vector of numbers
    std::span<std::byte> bytes;
    /// Gives a std::vector of numbers its length and returns where they are then; nullptr of everything else.
    std::span<std::byte> (*resize)(void* list, std::size_t size) = nullptr;
    void* list = nullptr;
    std::span<float> scales{};  ///< of the rows of a matrix of 8 bits; none of everything else
};

/// Collects every number, Matrix, Vector and std::vector of numbers below what it is called with. All that reads and
/// writes works on what it found, so that types are walked once however many things are done with them.
class Contents {
public:
    template <class Node>
    void operator()(std::string_view name, Node& node) {
        const std::size_t length = path_.size();
        path_.append(length > 0 ? "." : "").append(name);
        add(node);
        path_.resize(length);
    }
    std::vector<Content> found{};

private:
    template <class Node>
    void add(Node& node) {
        using Plain = std::remove_const_t<Node>;
        if constexpr (Number<Plain>) {
            push({}, std::span(&node, 1));
        } else if constexpr (core::is_leaf<Plain>) {
            push(leaf_shape(node), std::span(node.values));
            if constexpr (requires { node.scales; }) found.back().scales = std::span(const_cast<Plain&>(node).scales);
        } else if constexpr (is_list<Plain>) {
            push({any_extent}, std::span(node));
            if constexpr (!std::is_const_v<Node>) {
                found.back().list = &node;
                found.back().resize = [](void* list, std::size_t size) {
                    auto& numbers = *static_cast<Plain*>(list);
                    numbers.resize(size);
                    return std::as_writable_bytes(std::span(numbers));
                };
            }
        } else if constexpr (std::is_same_v<Plain, core::Random>) {
            (*this)("key", node.key);
            (*this)("counter", node.counter);
        } else if constexpr (is_box<Plain>) {
            add(*node);
        } else if constexpr (core::detail::is_array<Plain> || is_vector<Plain>) {
            for (std::size_t i = 0; i < node.size(); ++i) (*this)(std::to_string(i), node[i]);
        } else {
            Plain::visit(node, *this);
        }
    }
    template <class T, std::size_t Size>
    void push(Shape shape, std::span<T, Size> numbers) {
        using Plain = std::remove_const_t<T>;
        auto* first = reinterpret_cast<std::byte*>(const_cast<Plain*>(numbers.data()));
        found.push_back({path_, dtype_of<Plain>(), std::move(shape), {first, numbers.size_bytes()}});
    }

    template <class T, int R, int C>
    static Shape leaf_shape(const core::Matrix<T, R, C>&) {
        return {R, C};
    }
    template <class T, int N>
    static Shape leaf_shape(const core::Vector<T, N>&) {
        return {N};
    }
    template <class T, int N>
    static Shape leaf_shape(const core::Statistic<T, N>&) {
        return {N};
    }

    std::string path_{};
};

}  // namespace midstream::io::detail
