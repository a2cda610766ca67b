/// \file
/// What heads predict: distributions over actions, targets and controller codes, as functions of a row of parameters.
/// A distribution has no trainable numbers of its own; the linear layer before it has (model::Head).
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/data/spaces.hpp"
#include "midstream/layer/math.hpp"

namespace midstream::layer {

/// `Groups` independent choices among `Classes`; the parameters are the logits, group by group.
template <int Classes, int Groups = 1>
struct Categorical {
    using Space = data::Categories<Classes, Groups>;          ///< what values are of
    static constexpr int parameter_width = Classes * Groups;  ///< logits in a row
    using Element = std::int16_t;

    static constexpr void describe(auto&& part) {
        part("classes", Classes);
        part("groups", Groups);
    }

    /// log p(value); if `gradient` is given, weight * d log p / d parameters is added to it. Throws if a choice is none
    /// of the classes.
    template <class T>
    static T log_probability(const T* parameters, const Element* value, T weight = 0, T* gradient = nullptr) {
        T sum = 0;
        for (int group = 0; group < Groups; ++group) {
            const Line<const T> logits(parameters + group * Classes);
            const T maximum = logits.maxCoeff();
            const Eigen::Array<T, 1, Classes> exponentials = (logits - maximum).exp();
            const T total = exponentials.sum();
            const int chosen = core::require_index(value[group], Classes, "a choice among classes");
            sum += logits[chosen] - maximum - std::log(total);
            if (gradient) {
                Line<T> line(gradient + group * Classes);
                line -= (weight / total) * exponentials;
                line[chosen] += weight;
            }
        }
        return sum;
    }
    /// log p(value) of what `sample` draws at a temperature, which is positive; the gradient as above.
    template <class T>
    static T log_probability_at(T temperature, const T* parameters, const Element* value, T weight = 0,
                                T* gradient = nullptr) {
        T logits[parameter_width];
        for (int i = 0; i < parameter_width; ++i) logits[i] = parameters[i] / temperature;
        return log_probability(logits, value, weight / temperature, gradient);
    }

    /// -E[log p]; if `gradient` is given, weight * its derivative is added.
    template <class T>
    static T entropy(const T* parameters, T weight = 0, T* gradient = nullptr) {
        T sum = 0;
        for (int group = 0; group < Groups; ++group) {
            const Line<const T> logits(parameters + group * Classes);
            const Eigen::Array<T, 1, Classes> shifted = logits - logits.maxCoeff();
            const Eigen::Array<T, 1, Classes> log_p = shifted - std::log(shifted.exp().sum());
            const Eigen::Array<T, 1, Classes> p = log_p.exp();
            const T part = -(p * log_p).sum();
            sum += part;
            if (gradient) Line<T>(gradient + group * Classes) -= weight * p * (log_p + part);
        }
        return sum;
    }

    /// The probabilities of one group.
    template <class T>
    static Eigen::Array<T, 1, Classes> probabilities(const T* parameters, int group = 0, T temperature = 1) {
        const Line<const T> logits(parameters + group * Classes);
        Eigen::Array<T, 1, Classes> p = ((logits - logits.maxCoeff()) / temperature).exp();
        return p / p.sum();
    }

    /// Draws a value; temperature 0 is the mode.
    template <class T>
    static void sample(const T* parameters, core::Random& random, Element* value, T temperature = 1) {
        if (temperature <= 0) return mode(parameters, value);
        for (int group = 0; group < Groups; ++group) {
            const auto p = probabilities(parameters, group, temperature);
            T left = random.uniform<T>();
            int chosen = 0;
            while (chosen < Classes - 1 && left >= p[chosen]) left -= p[chosen++];
            value[group] = static_cast<Element>(chosen);
        }
    }

    /// The likeliest class of each group, the first of several.
    template <class T>
    static void mode(const T* parameters, Element* value) {
        for (int group = 0; group < Groups; ++group) {
            Eigen::Index best = 0;
            Line<const T>(parameters + group * Classes).maxCoeff(&best);
            value[group] = static_cast<Element>(best);
        }
    }

private:
    template <class T>
    using Line =
        Eigen::Map<std::conditional_t<std::is_const_v<T>, const Eigen::Array<std::remove_const_t<T>, 1, Classes>,
                                      Eigen::Array<T, 1, Classes>>>;
};

/// Keeps x within about [low, high], smoothly: high - softplus(high - x), then low + softplus(. - low).
template <class T>
struct SoftBound {
    T low,     ///< the least value, about
        high;  ///< about the largest
    /// x within the bounds.
    T value(T x) const { return low + softplus(high - softplus(high - x) - low); }
    /// The derivative of `value` at x.
    T slope(T x) const { return sigmoid(high - softplus(high - x) - low) * sigmoid(high - x); }
    /// `value` of every entry of an array, by vector instructions.
    template <int Width>
    Eigen::Array<T, 1, Width> value(const Eigen::Array<T, 1, Width>& x) const {
        return low + softplus(below(x));
    }
    /// `slope`, likewise.
    template <int Width>
    Eigen::Array<T, 1, Width> slope(const Eigen::Array<T, 1, Width>& x) const {
        return below(x).logistic() * (high - x).logistic();
    }

private:
    template <int Width>
    Eigen::Array<T, 1, Width> below(const Eigen::Array<T, 1, Width>& x) const {
        const Eigen::Array<T, 1, Width> from_high = high - x;
        return high - softplus(from_high) - low;
    }
};

/// Independent normals; the parameters are the means, then the raw log-variances, which are softly bounded.
template <int Width>
struct DiagonalGaussian {
    using Space = data::Continuous<Width>;              ///< what values are of
    static constexpr int parameter_width = 2 * Width;   ///< means and raw log-variances in a row
    static constexpr double lowest_log_variance = -10,  ///< about the least: a deviation of exp(-5)
        highest_log_variance = 2;                       ///< about the largest: a deviation of e
    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("lowest_log_variance", lowest_log_variance);
        part("highest_log_variance", highest_log_variance);
    }

    /// The log-variance that a raw parameter stands for, and its derivative.
    template <class T>
    static constexpr SoftBound<T> bound{T(lowest_log_variance), T(highest_log_variance)};

    /// The bounded log-variance of dimension i.
    template <class T>
    static T log_variance(const T* parameters, int i) {
        return bound<T>.value(parameters[Width + i]);
    }

    /// log p(value); if `gradient` is given, weight * d log p / d parameters is added to it.
    template <class T>
    static T log_probability(const T* parameters, const T* value, T weight = 0, T* gradient = nullptr) {
        const Row<T> raw = line(parameters + Width), log_var = bound<T>.value(raw), inverse = (-log_var).exp();
        const Row<T> error = line(value) - line(parameters);
        const Row<T> squared = error.square() * inverse;
        if (gradient) {
            line(gradient) += weight * error * inverse;
            line(gradient + Width) += weight * T(0.5) * (squared - T(1)) * bound<T>.slope(raw);
        }
        return T(-0.5) * (squared + log_var + log_two_pi<T>).sum();
    }
    /// log p(value) of what `sample` draws at a temperature, which is positive; the gradient as above.
    template <class T>
    static T log_probability_at(T temperature, const T* parameters, const T* value, T weight = 0,
                                T* gradient = nullptr) {
        T plain[Width], slopes[parameter_width] = {};  // what the same noise makes at temperature 1
        for (int i = 0; i < Width; ++i) plain[i] = parameters[i] + (value[i] - parameters[i]) / temperature;
        const T log_p = log_probability(parameters, plain, weight, gradient ? slopes : nullptr);
        if (gradient)
            for (int i = 0; i < Width; ++i) {
                gradient[i] += slopes[i] / temperature;
                gradient[Width + i] += slopes[Width + i];
            }
        return log_p - Width * std::log(temperature);
    }

    /// The standard normal numbers that make a value, (value - mean) / deviation.
    template <class T>
    static void noise_of(const T* parameters, const T* value, T* noise) {
        line(noise) = (line(value) - line(parameters)) * (T(-0.5) * log_variances(parameters)).exp();
    }
    /// The value that noise makes, mean + deviation * noise.
    template <class T>
    static void from_noise(const T* parameters, const T* noise, T* value) {
        line(value) = line(parameters) + line(noise) * (T(0.5) * log_variances(parameters)).exp();
    }
    /// Adds to `gradient` what the gradient of that value is in the parameters, the noise being as it is.
    template <class T>
    static void from_noise(const T* parameters, const T* noise, const T* value_gradient, T* gradient) {
        const Row<T> raw = line(parameters + Width), deviation = (T(0.5) * bound<T>.value(raw)).exp();
        line(gradient) += line(value_gradient);
        line(gradient + Width) += line(value_gradient) * line(noise) * T(0.5) * deviation * bound<T>.slope(raw);
    }

    /// -E[log p]; if `gradient` is given, weight * its derivative is added.
    template <class T>
    static T entropy(const T* parameters, T weight = 0, T* gradient = nullptr) {
        const Row<T> raw = line(parameters + Width);
        if (gradient) line(gradient + Width) += weight * T(0.5) * bound<T>.slope(raw);
        return T(0.5) * (bound<T>.value(raw) + log_two_pi<T> + T(1)).sum();
    }

    /// Draws a value, the standard deviations multiplied by `temperature`; 0 is the mean.
    template <class T>
    static void sample(const T* parameters, core::Random& random, T* value, T temperature = 1) {
        if (temperature <= 0) return mode(parameters, value);
        const Row<T> deviation = (T(0.5) * log_variances(parameters)).exp();
        for (int i = 0; i < Width; ++i) value[i] = parameters[i] + temperature * deviation[i] * random.normal<T>();
    }

    /// The means.
    template <class T>
    static void mode(const T* parameters, T* value) {
        std::copy_n(parameters, Width, value);
    }

    /// KL(N(mean, variance) to N(0, I)); if `gradient` is given, weight * its derivative is added.
    template <class T>
    static T divergence_from_standard(const T* parameters, T weight = 0, T* gradient = nullptr) {
        const Row<T> mean = line(parameters), raw = line(parameters + Width), log_var = bound<T>.value(raw),
                     variance = log_var.exp();
        if (gradient) {
            line(gradient) += weight * mean;
            line(gradient + Width) += weight * T(0.5) * (variance - T(1)) * bound<T>.slope(raw);
        }
        return T(0.5) * (mean.square() + variance - log_var - T(1)).sum();
    }

private:
    template <class T>
    using Row = Eigen::Array<T, 1, Width>;
    template <class T>
    static auto line(T* numbers) {
        return Eigen::Map<std::conditional_t<std::is_const_v<T>, const Row<std::remove_const_t<T>>, Row<T>>>(numbers);
    }
    template <class T>
    static Row<T> log_variances(const T* parameters) {
        const Row<T> raw = line(parameters + Width);
        return bound<T>.value(raw);
    }
};

/// Normals of unit variance around the parameters: squared error as a likelihood.
template <int Width>
struct UnitGaussian {
    using Space = data::Dense<Width>;              ///< what values are of
    static constexpr int parameter_width = Width;  ///< means in a row

    static constexpr void describe(auto&& part) { part("width", Width); }

    /// log p(value); if `gradient` is given, weight * d log p / d parameters is added to it.
    template <class T>
    static T log_probability(const T* parameters, const T* value, T weight = 0, T* gradient = nullptr) {
        T sum = 0;
        for (int i = 0; i < Width; ++i) {
            const T error = value[i] - parameters[i];
            sum -= T(0.5) * (error * error + log_two_pi<T>);
            if (gradient) gradient[i] += weight * error;
        }
        return sum;
    }
};

namespace detail {
template <class Space>
struct DistributionOver;
template <int Classes, int Groups>
struct DistributionOver<data::Categories<Classes, Groups>> {
    using type = Categorical<Classes, Groups>;
};
template <int Width>
struct DistributionOver<data::Continuous<Width>> {
    using type = DiagonalGaussian<Width>;
};
template <int Width>
struct DistributionOver<data::Dense<Width>> {
    using type = UnitGaussian<Width>;
};
}  // namespace detail

/// The distribution by which a model predicts values of a space.
template <class Space>
using DistributionOver = typename detail::DistributionOver<Space>::type;

}  // namespace midstream::layer
