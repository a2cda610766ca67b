/// \file
/// Linear controllers of the residual stream, e^ = e + U e (Eq. 1; D.2), as banks of components.
///
/// A bank holds `Count` component controllers and is applied with one row of coefficients per row of the residual
/// stream: U is the combination of the components that the coefficients name. A one-hot row picks one component
/// (supervised controllers); the hidden units of a hypernetwork and a constant 1 make the bank the hypernetwork's last
/// layer (metacontroller). So all products are over whole batches and no matrix is ever formed per row.
#pragma once

#include <algorithm>
#include <type_traits>

#include "midstream/layer/layer.hpp"

namespace midstream::control {

/// U = sum_k c_k D_k times sum_k c_k V_k: D_k maps the residual stream down to `Rank` numbers, V_k up again. The rank
/// is independent of the size of the code.
template <int Rank>
struct LowRank {
    static_assert(Rank > 0, "a low-rank controller needs a rank of at least one");
    static constexpr void describe(auto&& part) { part("rank", Rank); }

    template <int Width, int Count>
    struct Bank {
        static constexpr int width = Width;
        static constexpr int count = Count;
        static constexpr int columns = Count * Rank;

        template <class T>
        struct Parameters {
            core::Matrix<T, Width, columns> down;  ///< component by component
            core::Matrix<T, columns, Width> up;
            static void visit(auto& self, auto&& member) {
                member("down", self.down);
                member("up", self.up);
            }
        };
        template <class T>
        struct Tape {
            core::Buffer<T, columns> lowered, raised, raised_gradient;
            core::Buffer<T, Rank> combined;
        };
        /// One combination of the components, for acting while coefficients stay the same.
        template <class T>
        struct Controller {
            core::Matrix<T, Width, Rank> down;
            core::Matrix<T, Rank, Width> up;
        };

        template <class T>
        static void initialise(Parameters<T>& parameters, core::Random& random) {
            layer::variance_scaling(parameters.down, random);
            for (T& value : parameters.up.values) value = static_cast<T>(std::sqrt(0.1 / Rank) * random.normal());
        }

        /// steered = e + gain * U e, row by row with U from the same row of coefficients.
        template <class T>
        static void forward(const Parameters<T>& parameters, core::In<T, Width> e, core::In<T, Count> coefficients,
                            core::Out<T, Width> steered, Tape<T>& tape, T gain = 1) {
            const auto lowered = tape.lowered.resize(e.count);
            const auto raised = tape.raised.resize(e.count);
            const auto combined = tape.combined.resize(e.count);
            core::affine(view(e), view(parameters.down), nullptr, view(lowered));
            for (int row = 0; row < e.count; ++row) {
                const T* c = coefficients.row(row);
                T* u = combined.row(row);
                std::fill_n(u, Rank, T(0));
                for (int k = 0; k < Count; ++k)
                    for (int r = 0; r < Rank; ++r) u[r] += c[k] * lowered.row(row)[k * Rank + r];
                for (int k = 0; k < Count; ++k)
                    for (int r = 0; r < Rank; ++r) raised.row(row)[k * Rank + r] = gain * c[k] * u[r];
            }
            core::copy(view(e), view(steered));
            core::add_product(view(raised), view(parameters.up), view(steered));
        }

        /// Adds to the gradients with respect to coefficients, e (if wanted) and parameters. Gain 1 only.
        template <class T, class Gradient>
        static void backward(const Parameters<T>& parameters, core::In<T, Width> e, core::In<T, Count> coefficients,
                             Tape<T>& tape, core::In<T, Width> steered_gradient,
                             core::Out<T, Count> coefficient_gradient, core::Out<T, Width> e_gradient,
                             Gradient&& gradient) {
            const auto raised_gradient = tape.raised_gradient.resize(e.count);
            core::clear(view(raised_gradient));
            core::add_product_transposed(view(steered_gradient), view(parameters.up), view(raised_gradient));
            if constexpr (core::trainable<Gradient>)
                core::add_transposed_product(view(tape.raised.view()), view(steered_gradient), view(gradient.up));
            for (int row = 0; row < e.count; ++row) {
                const T* c = coefficients.row(row);
                const T* u = tape.combined.view().row(row);
                const T* lowered = tape.lowered.view().row(row);
                T* dq = raised_gradient.row(row);
                T du[Rank] = {};
                for (int k = 0; k < Count; ++k)
                    for (int r = 0; r < Rank; ++r) du[r] += c[k] * dq[k * Rank + r];
                if (coefficient_gradient)
                    for (int k = 0; k < Count; ++k) {
                        T sum = 0;
                        for (int r = 0; r < Rank; ++r) sum += u[r] * dq[k * Rank + r] + du[r] * lowered[k * Rank + r];
                        coefficient_gradient.row(row)[k] += sum;
                    }
                for (int k = 0; k < Count; ++k)  // from here on the gradient of `lowered`
                    for (int r = 0; r < Rank; ++r) dq[k * Rank + r] = c[k] * du[r];
            }
            if constexpr (core::trainable<Gradient>)
                core::add_transposed_product(view(e), view(raised_gradient), view(gradient.down));
            if (e_gradient) {
                core::add(view(steered_gradient), view(e_gradient));
                core::add_product_transposed(view(raised_gradient), view(parameters.down), view(e_gradient));
            }
        }

        /// Forms the controller of one row of coefficients.
        template <class W, class T>
        static void combine(const Parameters<W>& parameters, const T* coefficients, Controller<T>& controller) {
            if constexpr (std::is_same_v<W, T>)
                combine_rows<T>(parameters, {coefficients, 1, Count, Count}, controller.down.values,
                                controller.up.values, Width * Rank);
            else
                combine_one(parameters, coefficients, controller);
        }
        /// Forms those of many rows, `controller_of(i)` of row i: the same bits, and the components are read once for
        /// many. `scratch` grows to what that takes and stays so.
        template <class T, class ControllerOf>
        static void combine_all(const Parameters<T>& parameters, core::In<T, Count> coefficients,
                                ControllerOf&& controller_of, core::AlignedVector<T>& scratch) {
            constexpr int size = Width * Rank, most = 16;  // rows at once: their controllers fit into a cache
            if (scratch.size() < 2 * most * size) scratch.resize(2 * most * size);
            for (int first = 0; first < coefficients.count; first += most) {
                const int rows = std::min(most, coefficients.count - first);
                combine_rows<T>(parameters, view(coefficients.slice(first, rows)), scratch.data(),
                                scratch.data() + size, 2 * size);
                for (int i = 0; i < rows; ++i) {
                    const T* const numbers = scratch.data() + static_cast<std::ptrdiff_t>(i) * 2 * size;
                    Controller<T>& controller = controller_of(first + i);
                    std::copy_n(numbers, size, controller.down.values);
                    std::copy_n(numbers + size, size, controller.up.values);
                }
            }
        }
        /// e += gain * U e for one row.
        template <class T>
        static void steer(const Controller<T>& controller, T* e, T gain = 1) {
            using Lowered = Eigen::Array<T, 1, Rank>;
            // Four sums, of which none waits for the one before it.
            constexpr int sums = 4;
            Lowered part[sums];
            for (auto& sum : part) sum.setZero();
            int i = 0;
            for (; i + sums <= Width; i += sums)
                for (int s = 0; s < sums; ++s)
                    part[s] += e[i + s] * Eigen::Map<const Lowered>(controller.down.values + (i + s) * Rank);
            if constexpr (Width % sums != 0)
                for (; i < Width; ++i) part[0] += e[i] * Eigen::Map<const Lowered>(controller.down.values + i * Rank);
            const Lowered lowered = gain * ((part[0] + part[1]) + (part[2] + part[3]));
            using Row = Eigen::Array<T, 1, Width>;
            Eigen::Map<Row> row(e);
            Row steered = row;
            for (int r = 0; r < Rank; ++r)
                steered += lowered[r] * Eigen::Map<const Row>(controller.up.values + r * Width);
            row = steered;
        }

    private:
        /// Both parts of the controllers of many rows of coefficients, each `stride` numbers from that of the row
        /// before.
        template <class T>
        static void combine_rows(const Parameters<T>& parameters, core::View<const T> coefficients, T* down, T* up,
                                 int stride) {
            const int rows = coefficients.rows;
            for (int i = 0; i < Width; ++i)
                core::add_fused_product<T>(coefficients, {parameters.down.values + i * columns, Count, Rank, Rank},
                                           core::View<T>{down + i * Rank, rows, Rank, stride}, {.anew = true});
            for (int r = 0; r < Rank; ++r)
                core::add_fused_product<T>(coefficients, {parameters.up.values + r * Width, Count, Width, Rank * Width},
                                           core::View<T>{up + r * Width, rows, Width, stride}, {.anew = true});
        }
        /// From weights that are no plain numbers.
        template <class W, class T>
        static void combine_one(const Parameters<W>& parameters, const T* coefficients, Controller<T>& controller) {
            auto down = core::map(controller.down);
            auto up = core::map(controller.up);
            down.setZero();
            up.setZero();
            for (int k = 0; k < Count; ++k) {
                const T c = coefficients[k];
                if (c == T(0)) continue;
                for (int i = 0; i < Width; ++i)
                    down.row(i) += c * core::line(parameters.down, i).template segment<Rank>(k * Rank);
                for (int r = 0; r < Rank; ++r) up.row(r) += c * core::line(parameters.up, k * Rank + r);
            }
        }
    };
};

/// U = sum_k c_k U_k with full matrices.
struct FullLinear {
    template <int Width, int Count>
    struct Bank {
        static constexpr int width = Width;
        static constexpr int count = Count;
        static constexpr int columns = Count * Width;

        template <class T>
        struct Parameters {
            core::Matrix<T, Width, columns> maps;  ///< component by component
            static void visit(auto& self, auto&& member) { member("maps", self.maps); }
        };
        template <class T>
        struct Tape {
            core::Buffer<T, columns> mapped;
        };
        template <class T>
        struct Controller {
            core::Matrix<T, Width, Width> map;
        };

        template <class T>
        static void initialise(Parameters<T>& parameters, core::Random& random) {
            layer::variance_scaling(parameters.maps, random);
        }

        template <class T>
        static void forward(const Parameters<T>& parameters, core::In<T, Width> e, core::In<T, Count> coefficients,
                            core::Out<T, Width> steered, Tape<T>& tape, T gain = 1) {
            const auto mapped = tape.mapped.resize(e.count);
            core::affine(view(e), view(parameters.maps), nullptr, view(mapped));
            core::copy(view(e), view(steered));
            for (int row = 0; row < e.count; ++row)
                for (int k = 0; k < Count; ++k)
                    for (int i = 0; i < Width; ++i)
                        steered.row(row)[i] += gain * coefficients.row(row)[k] * mapped.row(row)[k * Width + i];
        }

        template <class T, class Gradient>
        static void backward(const Parameters<T>& parameters, core::In<T, Width> e, core::In<T, Count> coefficients,
                             Tape<T>& tape, core::In<T, Width> steered_gradient,
                             core::Out<T, Count> coefficient_gradient, core::Out<T, Width> e_gradient,
                             Gradient&& gradient) {
            const auto mapped = tape.mapped.view();
            for (int row = 0; row < e.count; ++row) {
                const T* d = steered_gradient.row(row);
                for (int k = 0; k < Count; ++k) {
                    T* component = mapped.row(row) + k * Width;
                    if (coefficient_gradient) coefficient_gradient.row(row)[k] += core::dot(component, d, Width);
                    for (int i = 0; i < Width; ++i)
                        component[i] = coefficients.row(row)[k] * d[i];  // from here on the gradient of `mapped`
                }
            }
            if constexpr (core::trainable<Gradient>)
                core::add_transposed_product(view(e), view(mapped), view(gradient.maps));
            if (e_gradient) {
                core::add(view(steered_gradient), view(e_gradient));
                core::add_product_transposed(view(mapped), view(parameters.maps), view(e_gradient));
            }
        }

        template <class W, class T>
        static void combine(const Parameters<W>& parameters, const T* coefficients, Controller<T>& controller) {
            auto map = core::map(controller.map);
            map.setZero();
            for (int k = 0; k < Count; ++k)
                for (int i = 0; i < Width && coefficients[k] != T(0); ++i)
                    map.row(i) += coefficients[k] * core::line(parameters.maps, i).template segment<Width>(k * Width);
        }
        template <class T>
        static void steer(const Controller<T>& controller, T* e, T gain = 1) {
            T change[Width] = {};
            for (int k = 0; k < Width; ++k)
                for (int i = 0; i < Width; ++i) change[i] += gain * e[k] * controller.map.values[k * Width + i];
            for (int i = 0; i < Width; ++i) e[i] += change[i];
        }
    };
};

/// A form of controllers: what LowRank and FullLinear are. Its template Bank<Width, Count> has Parameters, a Tape and a
/// Controller, `initialise`, `forward` and `backward`, and for acting `combine` and `steer`.
template <class F>
concept ControllerForm = requires(typename F::template Bank<2, 3>::template Parameters<float>& parameters,
                                  typename F::template Bank<2, 3>::template Tape<float>& tape,
                                  typename F::template Bank<2, 3>::template Controller<float>& controller, float* row,
                                  core::Random& random, core::Rows<float, 2> e, core::Rows<float, 3> coefficients) {
    requires core::ParameterStruct<typename F::template Bank<2, 3>::template Parameters<float>>;
    F::template Bank<2, 3>::initialise(parameters, random);
    F::template Bank<2, 3>::forward(parameters, e, coefficients, e, tape);
    F::template Bank<2, 3>::backward(parameters, e, coefficients, tape, e, coefficients, e, parameters);
    F::template Bank<2, 3>::combine(parameters, row, controller);
    F::template Bank<2, 3>::steer(controller, row, 1.0f);
};

}  // namespace midstream::control
