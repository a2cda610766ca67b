/// \file
/// Matrix products by fused multiply-adds in a fixed order: c[i][j] becomes fma(a[i][k], b[k][j], c[i][j]) for k = 0,
/// 1, 2 and so on, one after the other and each rounded once. So a number depends on its row of a and its column of b
/// alone, not on how many rows and columns there are, nor on how many numbers the processor computes at once.
/// (Processors without such an instruction round twice.)
///
/// Faster than Eigen's products for the shapes that training has, tall matrices times small ones, most of all where
/// Eigen packs operands that are used but a few times: benchmarks/README.md. A tile of c stays in registers while one
/// row of b after the other is read, of which each number is used for all rows of the tile; b is copied, strip by
/// strip, to where it is contiguous, on the stack.
///
/// core/product.hpp takes them in place of Eigen's where MIDSTREAM_FUSED_PRODUCTS is defined (CMake:
/// `midstream::fused_products`).
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "midstream/core/eigen.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/core/view.hpp"

// Of packets as template arguments GCC says that it ignores their alignment, which is their size anyway.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif

namespace midstream::core {

namespace detail {

/// A matrix whose rows and columns lie any number of numbers apart: as it is or transposed.
template <class T>
struct Strided {
    const T* data;          ///< the first number of the first row
    std::ptrdiff_t row;     ///< from a number to that in the next row
    std::ptrdiff_t column;  ///< from a number to that in the next column

    const T* at(std::ptrdiff_t i, std::ptrdiff_t j) const { return data + i * row + j * column; }
};

/// The widest packet of T, and how many numbers are in a packet.
template <class T>
using Packet = typename Eigen::internal::packet_traits<T>::type;
template <class P>
constexpr int lanes = Eigen::internal::unpacket_traits<P>::size;
template <class P>
using HalfPacket = typename Eigen::internal::unpacket_traits<P>::half;

/// Packets side by side that leave registers for four rows or more.
inline constexpr int packets = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 4 : 2;
/// The rows of a tile as wide as `Packets`: enough sums at once that none waits for the one before it.
template <int Packets>
constexpr int tile_rows = std::min(12, 6 * packets / Packets);

/// As many packets side by side.
template <class P, int Packets>
struct Line {
    P at[Packets];

    template <class T>
    static EIGEN_STRONG_INLINE Line load(const T* from) {
        return load(from, std::make_integer_sequence<int, Packets>());
    }
    template <class T>
    EIGEN_STRONG_INLINE void store(T* to) const {
        store(to, std::make_integer_sequence<int, Packets>());
    }
    /// Adds factor * line.
    template <class T>
    EIGEN_STRONG_INLINE void add(T factor, const Line& line) {
        add(Eigen::internal::pset1<P>(factor), line, std::make_integer_sequence<int, Packets>());
    }
    /// max(number, 0), of what is no number itself.
    EIGEN_STRONG_INLINE void rectify() { rectify(std::make_integer_sequence<int, Packets>()); }
    /// 0 where a number at `of` is not positive.
    template <class T>
    EIGEN_STRONG_INLINE void keep_where_positive(const T* of) {
        keep_where_positive(of, std::make_integer_sequence<int, Packets>());
    }

private:
    template <class T, int... p>
    static EIGEN_STRONG_INLINE Line load(const T* from, std::integer_sequence<int, p...>) {
        return {{Eigen::internal::ploadu<P>(from + p * lanes<P>)...}};
    }
    template <class T, int... p>
    EIGEN_STRONG_INLINE void store(T* to, std::integer_sequence<int, p...>) const {
        (Eigen::internal::pstoreu(to + p * lanes<P>, at[p]), ...);
    }
    template <int... p>
    EIGEN_STRONG_INLINE void add(P factor, const Line& line, std::integer_sequence<int, p...>) {
        ((at[p] = Eigen::internal::pmadd(factor, line.at[p], at[p])), ...);
    }
    template <int... p>
    EIGEN_STRONG_INLINE void rectify(std::integer_sequence<int, p...>) {
        ((at[p] = Eigen::internal::pmax(at[p], Eigen::internal::pzero(at[p]))), ...);
    }
    template <class T, int... p>
    EIGEN_STRONG_INLINE void keep_where_positive(const T* of, std::integer_sequence<int, p...>) {
        namespace simd = Eigen::internal;
        ((at[p] = simd::pand(simd::pcmp_lt(simd::pzero(at[p]), simd::ploadu<P>(of + p * lanes<P>)), at[p])), ...);
    }
};

}  // namespace detail

/// What is done to numbers of c while they are in registers: before the first of their terms and after the last one.
template <class T>
struct Epilogue {
    bool anew = false;            ///< they begin at the bias, not at what they are
    const T* bias = nullptr;      ///< a line of numbers, one for each column; null for zero
    bool rectified = false;       ///< max(number, 0) is what they end as
    const T* positive = nullptr;  ///< where numbers here are not positive they end as 0; null for nowhere
    std::ptrdiff_t row = 0;       ///< from a number of `positive` to that in the next row

    /// The same from another number of c on.
    Epilogue at(std::ptrdiff_t i, std::ptrdiff_t j) const {
        return {anew, bias ? bias + j : nullptr, rectified, positive ? positive + i * row + j : nullptr, row};
    }
    /// What is done at the terms [k, k + count) of `terms`.
    Epilogue during(int k, int count, int terms) const {
        const bool last = k + count == terms;
        return {anew && k == 0, bias, rectified && last, last ? positive : nullptr, row};
    }

    /// Is anything done after the last term?
    bool ends() const { return rectified || positive; }
    /// What a number of column j begins at, being this.
    T begin(T number, int j) const { return !anew ? number : bias ? bias[j] : T(0); }
    /// What a number of row i and column j ends as, being this.
    T end(T number, int i, int j) const {
        if (rectified) number = std::max(number, T(0));
        return positive && !(positive[i * row + j] > T(0)) ? T(0) : number;
    }
};

namespace detail {

/// As many zeros as a tile has columns.
template <class T>
alignas(alignment) inline constexpr T zeros[packets * lanes<Packet<T>>]{};

/// c += a b for a tile of as many rows as `row` has numbers and of `Packets` packets, b and c contiguous in their rows.
/// Without loops, so that compilers see early that the sums are so many registers.
template <class P, int Packets, class T, int... row>
void multiply_tile(std::integer_sequence<int, row...>, Strided<T> a, const T* b, std::ptrdiff_t b_row, int terms, T* c,
                   std::ptrdiff_t c_row, const Epilogue<T>& epilogue) {
    using Line = detail::Line<P, Packets>;
    const T* const from = !epilogue.anew ? c : epilogue.bias ? epilogue.bias : zeros<T>;
    const std::ptrdiff_t from_row = epilogue.anew ? 0 : c_row;
    Line sums[] = {Line::load(from + row * from_row)...};
    for (int k = 0; k < terms; ++k) {
        const auto line = Line::load(b);
        (sums[row].add(a.data[row * a.row], line), ...);
        a.data += a.column;
        b += b_row;
    }
    (sums[row].store(c + row * c_row), ...);
}

/// What `epilogue` makes of numbers of c that have just been stored. Not among their terms: whatever else a compiler
/// has to keep in registers there, a sum has to leave its own for.
template <class P, int Packets, class T>
EIGEN_DONT_INLINE void end_tile(int rows, T* c, std::ptrdiff_t c_row, const Epilogue<T>& epilogue) {
    using Line = detail::Line<P, Packets>;
    for (int i = 0; i < rows; ++i, c += c_row) {
        Line line = Line::load(c);
        if (epilogue.rectified) line.rectify();
        if (epilogue.positive) line.keep_where_positive(epilogue.positive + i * epilogue.row);
        line.store(c);
    }
}

/// The same for any number of rows.
template <class P, int Packets, int Rows = tile_rows<Packets>, class T>
void multiply_tiles(int rows, Strided<T> a, const T* b, std::ptrdiff_t b_row, int terms, T* c, std::ptrdiff_t c_row,
                    const Epilogue<T>& epilogue) {
    int i = 0;
    for (; i + Rows <= rows; i += Rows) {
        multiply_tile<P, Packets>(std::make_integer_sequence<int, Rows>(), Strided<T>{a.at(i, 0), a.row, a.column}, b,
                                  b_row, terms, c + i * c_row, c_row, epilogue);
        if (epilogue.ends()) end_tile<P, Packets>(Rows, c + i * c_row, c_row, epilogue.at(i, 0));
    }
    if constexpr (Rows > 1)
        if (i < rows)
            multiply_tiles<P, Packets, Rows / 2>(rows - i, Strided<T>{a.at(i, 0), a.row, a.column}, b, b_row, terms,
                                                 c + i * c_row, c_row, epilogue.at(i, 0));
}

/// Rows 0, ..., terms - 1 of b, of which `columns` numbers are read, to rows of `width` numbers, the rest of them zero.
template <class T>
EIGEN_DONT_INLINE void pack(Strided<T> b, int terms, int columns, T* to, int width) {
    if (columns < width)
        for (int k = 0; k < terms; ++k)
            std::fill_n(to + static_cast<std::ptrdiff_t>(k) * width + columns, width - columns, T(0));
    if (b.column == 1) {
        for (int k = 0; k < terms; ++k) std::copy_n(b.at(k, 0), columns, to + static_cast<std::ptrdiff_t>(k) * width);
        return;
    }
    // Transposed: squares of packets, in registers.
    namespace simd = Eigen::internal;
    using P = Packet<T>;
    constexpr int side = lanes<P>;
    int j = 0;
    for (; j < columns && j + side <= width; j += side) {
        const int many = std::min(side, columns - j);
        int k = 0;
        for (; k + side <= terms; k += side) {
            simd::PacketBlock<P, side> square;
            for (int i = 0; i < side; ++i)
                square.packet[i] = i < many ? simd::ploadu<P>(b.at(k, j + i)) : simd::pset1<P>(T(0));
            simd::ptranspose(square);
            for (int i = 0; i < side; ++i)
                simd::pstoreu(to + static_cast<std::ptrdiff_t>(k + i) * width + j, square.packet[i]);
        }
        for (; k < terms; ++k)
            for (int i = 0; i < many; ++i) to[static_cast<std::ptrdiff_t>(k) * width + j + i] = *b.at(k, j + i);
    }
    for (; j < columns; ++j)
        for (int k = 0; k < terms; ++k) to[static_cast<std::ptrdiff_t>(k) * width + j] = *b.at(k, j);
}

/// One product c += a b, or what comes of it by `epilogue`.
template <class T>
struct FusedProduct {
    int rows, terms;
    Strided<T> a, b;
    T* c;
    std::ptrdiff_t c_row;
    Epilogue<T> epilogue{};

    /// Terms that are computed at once: as many as make a strip of 32 KiB, which the first cache holds.
    static constexpr int block = static_cast<int>(32768 / sizeof(T)) / (packets * lanes<Packet<T>>);

    /// All of c, whose columns are `columns` many.
    void multiply(int columns) const {
        using P = Packet<T>;
        if (rows == 0) return;
        int j = 0;
        for (; j + packets * lanes<P> <= columns; j += packets * lanes<P>) strip<P, packets>(j);
        if constexpr (packets > 2)
            for (; j + 2 * lanes<P> <= columns; j += 2 * lanes<P>) strip<P, 2>(j);
        for (; j + lanes<P> <= columns; j += lanes<P>) strip<P, 1>(j);
        if (j < columns) narrow<P>(j, columns);
    }

private:
    /// What is left of the columns, in the narrowest packet that holds them.
    template <class P>
    void narrow(int j, int columns) const {
        if (columns - j <= lanes<HalfPacket<P>> && !std::is_same_v<P, HalfPacket<P>>)
            narrow<HalfPacket<P>>(j, columns);
        else
            strip<P, 1>(j, columns - j);
    }

    /// Columns j, ... of c, as many as the packets have numbers, or fewer.
    template <class P, int Packets>
    void strip(int j, int columns = Packets * lanes<P>) const {
        constexpr int width = Packets * lanes<P>;
        alignas(alignment) T packed[static_cast<std::size_t>(block) * width];
        for (int k = 0; k == 0 || k < terms; k += block) {
            const int count = std::min(block, terms - k);
            const Strided<T> part{a.at(0, k), a.row, a.column};
            const Epilogue<T> now = epilogue.at(0, j).during(k, count, terms);
            const bool as_it_is =
                b.column == 1 && columns == width && (b.row == width || rows < 4 * tile_rows<Packets>);
            if (!as_it_is) pack({b.at(k, j), b.row, b.column}, count, columns, packed, width);
            const T* from = as_it_is ? b.at(k, j) : packed;
            const std::ptrdiff_t from_row = as_it_is ? b.row : width;
            if (columns == width)
                multiply_tiles<P, Packets>(rows, part, from, from_row, count, c + j, c_row, now);
            else
                multiply_edge<P>(part, from, from_row, count, c + j, columns, now);
        }
    }

    /// Columns that are fewer than the numbers of a packet, by way of a copy of c.
    template <class P>
    void multiply_edge(Strided<T> part, const T* from, std::ptrdiff_t from_row, int count, T* to, int columns,
                       const Epilogue<T>& now) const {
        constexpr int tile = tile_rows<1>;
        alignas(alignment) T copy[static_cast<std::size_t>(tile) * lanes<P>]{};
        for (int i = 0; i < rows; i += tile) {
            const int height = std::min(tile, rows - i);
            for (int r = 0; r < height; ++r)
                for (int j = 0; j < columns; ++j) copy[r * lanes<P> + j] = now.begin(to[(i + r) * c_row + j], j);
            multiply_tiles<P, 1>(height, Strided<T>{part.at(i, 0), part.row, part.column}, from, from_row, count,
                                 static_cast<T*>(copy), lanes<P>, Epilogue<T>{});
            for (int r = 0; r < height; ++r)
                for (int j = 0; j < columns; ++j) to[(i + r) * c_row + j] = now.end(copy[r * lanes<P> + j], i + r, j);
        }
    }
};

/// Columns j, ... of the lower triangle of c = a b^T, in tiles of `Packets` packets; see
/// lower_product_transposed.
template <class P, int Packets, class T>
void lower_strip(int j, View<const T> a, View<const T> b, View<T> c) {
    constexpr int width = Packets * lanes<P>;
    constexpr int block = FusedProduct<T>::block;
    alignas(alignment) T packed[static_cast<std::size_t>(block) * width];
    const auto row = [&](auto view) { return view.data + static_cast<std::ptrdiff_t>(j) * view.stride; };
    for (int k = 0; k == 0 || k < a.columns; k += block) {
        const int count = std::min(block, a.columns - k);
        pack(Strided<T>{row(b) + k, 1, b.stride}, count, std::min(width, b.rows - j), packed, width);
        multiply_tiles<P, Packets>(c.rows - j, Strided<T>{row(a) + k, a.stride, 1}, packed, width, count, row(c) + j,
                                   c.stride, Epilogue<T>{.anew = k == 0});
    }
}

}  // namespace detail

/// c += a b.
template <class T>
void add_fused_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c,
                       const Epilogue<T>& epilogue = {}) {
    detail::FusedProduct<T>{c.rows, a.columns, {a.data, a.stride, 1}, {b.data, b.stride, 1}, c.data, c.stride, epilogue}
        .multiply(c.columns);
}
/// c += a b^T.
template <class T>
void add_fused_product_transposed(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b,
                                  View<T> c, const Epilogue<T>& epilogue = {}) {
    detail::FusedProduct<T>{c.rows, a.columns, {a.data, a.stride, 1}, {b.data, 1, b.stride}, c.data, c.stride, epilogue}
        .multiply(c.columns);
}
/// c += a^T b.
template <class T>
void add_fused_transposed_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b,
                                  View<T> c) {
    detail::FusedProduct<T>{c.rows, a.rows, {a.data, 1, a.stride}, {b.data, b.stride, 1}, c.data, c.stride}.multiply(
        c.columns);
}

// Products of squares whose numbers above the diagonal are zero, as attention has them: the lower triangle alone, up to
// the tiles that the diagonal goes through. All of these write to c, and add nothing to what is there.

/// c = a b for a lower triangular square a, which is zero above its diagonal.
template <class T>
void lower_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    constexpr int tile = detail::tile_rows<1>;
    for (int i = 0; i < a.rows; i += tile)
        detail::FusedProduct<T>{std::min(tile, a.rows - i),
                                std::min(i + tile, a.rows),
                                {a.data + static_cast<std::ptrdiff_t>(i) * a.stride, a.stride, 1},
                                {b.data, b.stride, 1},
                                c.data + static_cast<std::ptrdiff_t>(i) * c.stride,
                                c.stride,
                                {.anew = true}}
            .multiply(c.columns);
}
/// c = a^T b, likewise.
template <class T>
void lower_transposed_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    constexpr int tile = detail::tile_rows<1>;
    for (int i = 0; i < a.rows; i += tile)
        detail::FusedProduct<T>{std::min(tile, a.rows - i),
                                a.rows - i,
                                {a.data + static_cast<std::ptrdiff_t>(i) * (a.stride + 1), 1, a.stride},
                                {b.data + static_cast<std::ptrdiff_t>(i) * b.stride, b.stride, 1},
                                c.data + static_cast<std::ptrdiff_t>(i) * c.stride,
                                c.stride,
                                {.anew = true}}
            .multiply(c.columns);
}
/// The lower triangle of c = a b^T, and of the numbers above it those up to the end of a packet; all others stay what
/// they were. Rows of c are `c.stride` long, a multiple of the numbers in `core::alignment` bytes, and what of that
/// lies beyond c's columns is written to as well.
template <class T>
void lower_product_transposed(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    using P = detail::Packet<T>;
    int j = 0;
    for (; j + detail::lanes<P> < c.rows; j += 2 * detail::lanes<P>) detail::lower_strip<P, 2>(j, a, b, c);
    if (j < c.rows) detail::lower_strip<P, 1>(j, a, b, c);
}

}  // namespace midstream::core

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
