/// \file
/// Proposals of codes: how z~ is drawn from what the encoder says (D.2), and what it costs (Eq. 3).
///
/// The encoder's row is a mean and a log-variance for each of the `Code` dimensions. With a `signal`, proposals carry a
/// fixed amount of information instead of one that alpha settles: means are brought to mean 0 and to this deviation
/// (below 1), and variances are 1 minus its square, so that codes are distributed about as the prior. Codes then can
/// neither collapse nor grow precise (as in Zhu et al. 2020, "A batch normalized inference network keeps the KL
/// vanishing away"). Not in the paper.
///
/// Training normalises by the moments of the whole batch, whatever number of shards it is split into; everything else
/// by running moments that belong to the parameters, so that no code depends on the episodes beside its own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "midstream/core/moments.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/layer/distribution.hpp"

namespace midstream::control {

/// How proposals are drawn from the encoder's rows.
struct ProposalOptions {
    double noise = 1;      ///< the deviation of what is drawn as a multiple of the encoder's; 0 takes means
    double signal = 0;     ///< if positive, the deviation that means are brought to; see the head of this file
    bool training = true;  ///< means are normalised by the batch's moments, not by the running ones

    static constexpr void describe(const auto& self, auto&& part) {
        part("noise", self.noise);
        part("signal", self.signal);
        part("training", self.training);
    }
};

/// Proposals of codes of `Code` numbers; see the head of this file.
template <int Code>
struct Proposals {
    using Distribution = layer::DiagonalGaussian<Code>;  ///< of a proposal without a signal
    using Moments = core::Moments<Code>;                 ///< of the encoder's means

    /// The running moments of the encoder's means, and of how many batches (up to 100).
    template <class T>
    struct Statistics {
        core::Statistic<T, Code> mean;      ///< running, of each dimension
        core::Statistic<T, Code> variance;  ///< running, of each dimension
        core::Statistic<T, 1> batches;      ///< taken in so far; stays at 100
        static void visit(auto& self, auto&& member) {
            member("mean", self.mean);
            member("variance", self.variance);
            member("batches", self.batches);
        }
    };
    /// Sums over rows that the gradient of a normalisation needs, of all shards of its batch.
    struct GradientSums {
        double count = 0;                       ///< rows
        std::array<double, Code> gradient{};    ///< sum of d, the gradient of a normalised mean
        std::array<double, Code> projection{};  ///< sum of d times the normalised mean
        /// Adds the sums over other rows.
        GradientSums& operator+=(const GradientSums& other) {
            count += other.count;
            for (std::size_t i = 0; i < Code; ++i) {
                gradient[i] += other.gradient[i];
                projection[i] += other.projection[i];
            }
            return *this;
        }
    };

    template <class T>
    struct Tape {
        core::Buffer<T, 2 * Code> encoded, encoded_gradient;  ///< the encoder's rows
        core::Buffer<T, Code> noise;                          ///< standard normal times ProposalOptions::noise
        core::Buffer<T, Code> normalised;                     ///< with a signal: means of mean 0 and deviation 1
        core::Buffer<T, Code> sampled;                        ///< z~
        core::Buffer<T, Code> sampled_gradient;
        core::Buffer<T, 1> divergences;         ///< KL(N(mean, variance) to N(0, I)) of each row, not weighted
        std::array<T, Code> inverse_deviation;  ///< with a signal: 1 / the deviation that means were divided by
    };

    template <class T>
    static void initialise(Statistics<T>& statistics) {
        for (T& value : statistics.mean.values) value = 0;
        for (T& value : statistics.variance.values) value = 1;
        statistics.batches.values[0] = 0;
    }

    /// The moments of the means in the tape.
    template <class T>
    static Moments moments(const Tape<T>& tape) {
        return Moments::of(tape.encoded.view());
    }
    /// Takes the moments of a batch into the running ones: the mean of all batches so far at first, of about the last
    /// hundred later.
    template <class T>
    static void track(Statistics<T>& statistics, const Moments& batch) {
        T& batches = statistics.batches.values[0];
        batches = std::clamp(batches, T(0), T(99)) + 1;  // beyond 100 the weight is the same
        const double weight = 1 / static_cast<double>(batches);
        for (int i = 0; i < Code; ++i) {
            T& mean = statistics.mean.values[i];
            T& variance = statistics.variance.values[i];
            mean += static_cast<T>(weight * (batch.mean.values[i] - static_cast<double>(mean)));
            variance += static_cast<T>(weight * (batch.variance(i) - static_cast<double>(variance)));
        }
    }

    /// Proposals z~ = mean + deviation * noise and their divergences, from tape.encoded; sequence s draws from
    /// random.fork(s). `batch` has the moments of the means of the whole batch; it is read in training alone.
    template <class T>
    static void sample(const Statistics<T>& statistics, const Moments& batch, core::Sequences sequences,
                       core::Random random, const ProposalOptions& options, Tape<T>& tape) {
        const auto encoded = tape.encoded.view();
        const auto noise = tape.noise.resize(encoded.count);
        for (int s = 0; s < sequences.count(); ++s) {
            core::Random stream = random.fork(static_cast<std::uint64_t>(s));
            const int first = sequences.row(s);
            for (T& value : noise.slice(first, sequences.length(s)).flat())
                value = options.noise > 0 ? static_cast<T>(options.noise) * stream.normal<T>() : T(0);
        }
        if (options.signal > 0) normalise(statistics, batch, options, tape);
        const auto sampled = tape.sampled.resize(encoded.count);
        const auto divergences = tape.divergences.resize(encoded.count);
        const T signal = static_cast<T>(options.signal), variance = 1 - signal * signal;
        for (int row = 0; row < encoded.count; ++row) {
            const T* p = encoded.row(row);
            if (options.signal > 0) {
                T divergence = 0;
                for (int i = 0; i < Code; ++i) {
                    const T mean = signal * tape.normalised.view().row(row)[i];
                    divergence += T(0.5) * (mean * mean + variance - std::log(variance) - 1);
                    sampled.row(row)[i] = mean + noise.row(row)[i] * std::sqrt(variance);
                }
                divergences.data[row] = divergence;
            } else {
                divergences.data[row] = Distribution::divergence_from_standard(p);
                Distribution::from_noise(p, noise.row(row), sampled.row(row));
            }
        }
    }

    /// Turns tape.sampled_gradient and the divergences' weights (`weight(row)`) into tape.encoded_gradient, all but
    /// what a normalisation by the batch takes away again; returns the sums by which it does (zero without).
    template <class T, class Weight>
    static GradientSums backward(const ProposalOptions& options, Weight&& weight, Tape<T>& tape) {
        const auto encoded = tape.encoded.view();
        const auto gradient = tape.encoded_gradient.zeros(encoded.count);
        const auto sampled_gradient = tape.sampled_gradient.view();
        GradientSums sums;
        const T signal = static_cast<T>(options.signal);
        for (int row = 0; row < encoded.count; ++row) {
            const T* p = encoded.row(row);
            T* g = gradient.row(row);
            if (options.signal > 0) {
                for (int i = 0; i < Code; ++i) {
                    const T x = tape.normalised.view().row(row)[i];
                    g[i] = signal * (sampled_gradient.row(row)[i] + weight(row) * signal * x);
                    sums.gradient[static_cast<std::size_t>(i)] += static_cast<double>(g[i]);
                    sums.projection[static_cast<std::size_t>(i)] += static_cast<double>(g[i] * x);
                }
                continue;
            }
            Distribution::divergence_from_standard(p, weight(row), g);
            Distribution::from_noise(p, tape.noise.view().row(row), sampled_gradient.row(row), g);
        }
        sums.count = encoded.count;
        return sums;
    }

    /// Completes tape.encoded_gradient with the sums of the whole batch.
    template <class T>
    static void backward_normalisation(const ProposalOptions& options, const GradientSums& batch, Tape<T>& tape) {
        if (!(options.signal > 0)) return;
        const auto gradient = tape.encoded_gradient.view();
        const auto normalised = tape.normalised.view();
        for (int i = 0; i < Code; ++i) {
            const auto at = static_cast<std::size_t>(i);
            // Running moments are constants.
            const double share = options.training ? 1 / std::max(batch.count, 1.0) : 0;
            const T mean = static_cast<T>(share * batch.gradient[at]),
                    projection = static_cast<T>(share * batch.projection[at]);
            for (int row = 0; row < gradient.count; ++row) {
                T& g = gradient.row(row)[i];
                g = tape.inverse_deviation[at] * (g - mean - normalised.row(row)[i] * projection);
            }
        }
    }

private:
    template <class T>
    static void normalise(const Statistics<T>& statistics, const Moments& batch, const ProposalOptions& options,
                          Tape<T>& tape) {
        const auto encoded = tape.encoded.view();
        const auto normalised = tape.normalised.resize(encoded.count);
        for (int i = 0; i < Code; ++i) {
            const double variance = options.training
                                        ? batch.variance(i)
                                        : std::max(static_cast<double>(statistics.variance.values[i]), 0.0);
            const T mean = options.training ? static_cast<T>(batch.mean.values[i]) : statistics.mean.values[i];
            const T inverse = static_cast<T>(1 / std::sqrt(variance + 1e-6));
            tape.inverse_deviation[static_cast<std::size_t>(i)] = inverse;
            for (int row = 0; row < encoded.count; ++row)
                normalised.row(row)[i] = (encoded.row(row)[i] - mean) * inverse;
        }
    }
};

}  // namespace midstream::control
