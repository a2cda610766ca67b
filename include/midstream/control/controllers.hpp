/// \file
/// Linear controllers of the residual stream, e^ = e + U e (paper section 5, steps 7 and 8), as banks of components.
///
/// A bank holds `Count` component controllers and is applied with one row of coefficients per row of the residual
/// stream: U is the combination of the components that the coefficients name. A one-hot row picks one component
/// (supervised controllers); the hidden units of a hypernetwork and a constant 1 make the bank the hypernetwork's last
/// layer (metacontroller). So all products are over whole batches and no matrix is ever formed per row.
#pragma once

#include "midstream/layer/layer.hpp"

namespace midstream::control {

/// U = sum_k c_k D_k times sum_k c_k V_k: D_k maps the residual stream down to `Rank` numbers, V_k up again. The rank
/// is independent of the size of the code.
template <int Rank>
struct LowRank {
    static_assert(Rank > 0, "a low-rank controller needs a rank of at least one");

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
            core::map(lowered).noalias() = core::map(e) * core::map(parameters.down);
            for (int row = 0; row < e.count; ++row) {
                const auto c = core::map_row(coefficients, row);
                auto u = core::map_row(combined, row);
                u.noalias() = c * components(lowered, row);
                components(raised, row).noalias() = (gain * c).transpose() * u;
            }
            core::map(steered) = core::map(e);
            core::map(steered).noalias() += core::map(raised) * core::map(parameters.up);
        }

        /// Adds to the gradients with respect to coefficients, e (if wanted) and parameters. Gain 1 only.
        template <class T, class Gradient>
        static void backward(const Parameters<T>& parameters, core::In<T, Width> e, core::In<T, Count> coefficients, Tape<T>& tape,
                             core::In<T, Width> steered_gradient, core::Out<T, Count> coefficient_gradient, core::Out<T, Width> e_gradient,
                             Gradient&& gradient) {
            const auto raised_gradient = tape.raised_gradient.resize(e.count);
            core::map(raised_gradient).noalias() = core::map(steered_gradient) * core::map(parameters.up).transpose();
            if constexpr (core::trainable<Gradient>)
                core::map(gradient.up).noalias() += core::map(tape.raised.view()).transpose() * core::map(steered_gradient);
            for (int row = 0; row < e.count; ++row) {
                const auto c = core::map_row(coefficients, row);
                const auto u = core::map_row(tape.combined.view(), row);
                auto dq = components(raised_gradient, row);
                const Eigen::Matrix<T, 1, Rank> du = c * dq;
                if (coefficient_gradient) {
                    auto dc = core::map_row(coefficient_gradient, row);
                    dc.noalias() += u * dq.transpose();
                    dc.noalias() += du * components(tape.lowered.view(), row).transpose();
                }
                dq.noalias() = c.transpose() * du;  // from here on the gradient of `lowered`
            }
            if constexpr (core::trainable<Gradient>)
                core::map(gradient.down).noalias() += core::map(e).transpose() * core::map(raised_gradient);
            if (e_gradient) {
                core::map(e_gradient) += core::map(steered_gradient);
                core::map(e_gradient).noalias() += core::map(raised_gradient) * core::map(parameters.down).transpose();
            }
        }

        /// Forms the controller of one row of coefficients.
        template <class T>
        static void combine(const Parameters<T>& parameters, const T* coefficients, Controller<T>& controller) {
            auto down = core::map(controller.down);
            auto up = core::map(controller.up);
            down.setZero();
            up.setZero();
            for (int k = 0; k < Count; ++k) {
                if (coefficients[k] == T(0)) continue;
                down += coefficients[k] * core::map(parameters.down).template middleCols<Rank>(k * Rank);
                up += coefficients[k] * core::map(parameters.up).template middleRows<Rank>(k * Rank);
            }
        }
        /// e += gain * U e for one row.
        template <class T>
        static void steer(const Controller<T>& controller, T* e, T gain = 1) {
            Eigen::Map<core::EigenMatrix<T, 1, Width>> row(e);
            const Eigen::Matrix<T, 1, Rank> lowered = gain * (row * core::map(controller.down));
            row.noalias() += lowered * core::map(controller.up);
        }

    private:
        /// A row of Count * Rank numbers as one line of Rank per component.
        template <class T>
        static auto components(core::Rows<T, columns> rows, int row) {
            return core::EigenMap<T, Count, Rank>(rows.row(row));
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
            core::map(mapped).noalias() = core::map(e) * core::map(parameters.maps);
            core::map(steered) = core::map(e);
            for (int row = 0; row < e.count; ++row)
                core::map_row(steered, row).noalias() += (gain * core::map_row(coefficients, row)) * components(mapped, row);
        }

        template <class T, class Gradient>
        static void backward(const Parameters<T>& parameters, core::In<T, Width> e, core::In<T, Count> coefficients, Tape<T>& tape,
                             core::In<T, Width> steered_gradient, core::Out<T, Count> coefficient_gradient, core::Out<T, Width> e_gradient,
                             Gradient&& gradient) {
            const auto mapped = tape.mapped.view();
            for (int row = 0; row < e.count; ++row) {
                const auto d = core::map_row(steered_gradient, row);
                if (coefficient_gradient) core::map_row(coefficient_gradient, row).noalias() += d * components(mapped, row).transpose();
                components(mapped, row).noalias() = core::map_row(coefficients, row).transpose() * d;  // from here on the gradient of `mapped`
            }
            if constexpr (core::trainable<Gradient>) core::map(gradient.maps).noalias() += core::map(e).transpose() * core::map(mapped);
            if (e_gradient) {
                core::map(e_gradient) += core::map(steered_gradient);
                core::map(e_gradient).noalias() += core::map(mapped) * core::map(parameters.maps).transpose();
            }
        }

        template <class T>
        static void combine(const Parameters<T>& parameters, const T* coefficients, Controller<T>& controller) {
            auto map = core::map(controller.map);
            map.setZero();
            for (int k = 0; k < Count; ++k) {
                if (coefficients[k] == T(0)) continue;
                map += coefficients[k] * core::map(parameters.maps).template middleCols<Width>(k * Width);
            }
        }
        template <class T>
        static void steer(const Controller<T>& controller, T* e, T gain = 1) {
            Eigen::Map<core::EigenMatrix<T, 1, Width>> row(e);
            const Eigen::Matrix<T, 1, Width> change = gain * (row * core::map(controller.map));
            row += change;
        }

    private:
        template <class T>
        static auto components(core::Rows<T, columns> rows, int row) {
            return core::EigenMap<T, Count, Width>(rows.row(row));
        }
    };
};

}  // namespace midstream::control
