/// \file
/// Where segments end: relaxed boundaries drawn by Gumbel's noise, and their divergence from a prior on the lengths of
/// segments (Kipf et al. 2019, "CompILE", arXiv 1812.01483; the paper's baseline, C.4.3).
///
/// Of a sequence of T steps the boundary of a segment is a point of a distribution over T places: place t > 0 says that
/// the next segment begins at step t, place 0 that there is none, the segment lasting to the end. Everything is a row
/// for each step, of one number: the place of that step.
///
/// A segment begins later than the one before it. With begun_t the (relaxed) probability that it has begun at step t or
/// earlier, place t > 0 has the posterior weight exp(logit_t) begun_{t-1}.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::control {

/// How boundaries are drawn, and what they are compared with. The defaults are the paper's (Tables A11, A12).
struct BoundaryOptions {
    double temperature = 1;  ///< of the relaxation; the paper's search has .5 and 1
    double length = 10;      ///< of a segment, steps: the rate of the prior, a Poisson distribution without 0
    bool drawn = true;       ///< relaxed draws; else the likeliest places, through which no gradient flows

    static constexpr void describe(const auto& self, auto&& part) {
        part("temperature", self.temperature);
        part("length", self.length);
        part("drawn", self.drawn);
    }
    void validate() const {
        core::require_range(temperature, 1e-3, 1e3, "the temperature of boundaries");
        core::require_range(length, 1e-3, 500.0, "the length of segments in the prior");
    }
};

/// The prior on lengths k = 1, 2, ...: Poisson, given that k > 0.
struct LengthPrior {
    double rate = 0;                  ///< the one that the tables below are of
    std::vector<double> probability;  ///< of each length
    std::vector<double> tail;         ///< of that length or more

    /// Makes tables for lengths up to `longest`, unless they are there.
    void assign(double new_rate, int longest) {
        if (rate == new_rate && static_cast<int>(tail.size()) > longest) return;
        rate = new_rate;
        // Far enough that what lies beyond is nothing beside any tail that is asked for, but for its last digits.
        const auto size = static_cast<std::size_t>(longest + static_cast<int>(rate + 10 * std::sqrt(rate)) + 50);
        probability.assign(size, 0);
        tail.assign(size, 0);
        probability[1] = rate / std::expm1(rate);
        for (std::size_t k = 2; k < size; ++k) probability[k] = probability[k - 1] * rate / static_cast<double>(k);
        for (std::size_t k = size - 1; k > 0; --k) tail[k] = probability[k] + (k + 1 < size ? tail[k + 1] : 0);
        tail[0] = 1;
    }
};

/// The boundary of one segment in every sequence of a batch; all buffers have a row for each step.
template <class T>
struct BoundaryTape {
    core::Buffer<T, 1> logits,      ///< to be filled before `draw`
        posterior,                  ///< q, the distribution of places
        prior,                      ///< of places, given where the segment begins
        places,                     ///< what is drawn: relaxed, or a one
        ended,                      ///< at t > 0 the sum of places 1, ..., t: the next segment has begun; 0 at step 0
        gradient;                   ///< of places while going back, then of the logits
    std::vector<T> prior_gradient;  ///< scratch
};

namespace detail {
/// What a place that a segment cannot end at has of the posterior, and, shared out over all places, of the prior: keeps
/// logarithms finite. No place costs more than about 14 nats.
inline constexpr double least_begun = 1e-10, least_prior = 1e-6;
}  // namespace detail

/// The boundary of one segment in one sequence, whose rows these are.
template <class T>
struct Boundary {
    /// From logits and `begun` to places; returns the divergence KL(q to prior) in nats. Draws from `random`.
    static double draw(core::Rows<const T, 1> begun, const BoundaryOptions& options, const LengthPrior& lengths,
                       core::Random random, core::Rows<const T, 1> logits, core::Rows<T, 1> posterior,
                       core::Rows<T, 1> prior, core::Rows<T, 1> places, core::Rows<T, 1> ended) {
        const int count = begun.count;
        if (count == 0) return 0;
        T* q = posterior.data;
        T* y = places.data;
        for (int t = 0; t < count; ++t) y[t] = logits.data[t] + (t > 0 ? std::log(floored(begun.data[t - 1])) : T(0));
        softmax(y, count, T(1), q);
        prior_of(begun, lengths, prior.data);
        double divergence = 0;
        for (int t = 0; t < count; ++t)
            if (q[t] > T(0)) divergence += static_cast<double>(q[t] * std::log(q[t] / prior.data[t]));
        if (options.drawn) {
            for (int t = 0; t < count; ++t) {
                const double u = (random.uniform() * 0x1p32 + 0.5) * 0x1p-32;  // inside (0, 1)
                y[t] -= static_cast<T>(std::log(-std::log(u)));
            }
            softmax(y, count, static_cast<T>(options.temperature), y);
        } else {
            const auto likeliest = std::max_element(q, q + count) - q;
            std::fill_n(y, count, T(0));
            y[likeliest] = 1;
        }
        T sum = 0;
        for (int t = 0; t < count; ++t) ended.data[t] = t > 0 ? std::min(sum += y[t], T(1)) : T(0);
        return divergence;
    }

    /// From the gradient of places, which becomes that of the logits, and the weight of the divergence; adds to the
    /// gradient of `begun`. For relaxed draws alone.
    static void backward(core::Rows<const T, 1> begun, const BoundaryOptions& options, const LengthPrior& lengths,
                         core::Rows<const T, 1> posterior, core::Rows<const T, 1> prior, core::Rows<const T, 1> places,
                         T divergence_weight, core::Rows<T, 1> gradient, core::Rows<T, 1> begun_gradient,
                         std::vector<T>& scratch) {
        const int count = begun.count;
        if (count == 0) return;
        const T* q = posterior.data;
        T* g = gradient.data;
        T mean = 0, divergence = 0;
        for (int t = 0; t < count; ++t) {
            mean += places.data[t] * g[t];
            if (q[t] > T(0)) divergence += q[t] * std::log(q[t] / prior.data[t]);
        }
        scratch.resize(static_cast<std::size_t>(count));
        for (int t = 0; t < count; ++t) {
            g[t] = places.data[t] * (g[t] - mean) / static_cast<T>(options.temperature);
            if (q[t] > T(0)) g[t] += divergence_weight * q[t] * (std::log(q[t] / prior.data[t]) - divergence);
            if (t > 0) begun_gradient.data[t - 1] += g[t] / floored(begun.data[t - 1]);
            scratch[static_cast<std::size_t>(t)] = -divergence_weight * q[t] / prior.data[t];
        }
        prior_backward(count, lengths, scratch.data(), begun_gradient.data);
    }

private:
    static T floored(T begun) { return std::max(begun, T(0)) + static_cast<T>(detail::least_begun); }

    /// y = exp(x / temperature), normalised; y may be x.
    static void softmax(const T* x, int count, T temperature, T* y) {
        const T most = *std::max_element(x, x + count);
        T sum = 0;
        for (int t = 0; t < count; ++t) sum += y[t] = std::exp((x[t] - most) / temperature);
        for (int t = 0; t < count; ++t) y[t] /= sum;
    }

    /// The probability that the segment begins at step s.
    static T begins(core::Rows<const T, 1> begun, int s) {
        return s > 0 ? begun.data[s] - begun.data[s - 1] : begun.data[0];
    }
    /// The prior of places: of a segment that begins at s a length of t - s, or of count - s and more; where it does
    /// not begin, it does not end either.
    static void prior_of(core::Rows<const T, 1> begun, const LengthPrior& lengths, T* prior) {
        const int count = begun.count;
        std::fill_n(prior, count, T(0));
        prior[0] = T(1) - begun.data[count - 1];
        for (int s = 0; s < count; ++s) {
            const T start = begins(begun, s);
            if (start == T(0)) continue;
            prior[0] += start * static_cast<T>(lengths.tail[static_cast<std::size_t>(count - s)]);
            for (int t = s + 1; t < count; ++t)
                prior[t] += start * static_cast<T>(lengths.probability[static_cast<std::size_t>(t - s)]);
        }
        const T least = static_cast<T>(detail::least_prior);
        for (int t = 0; t < count; ++t)
            prior[t] = (T(1) - least) * std::max(prior[t], T(0)) + least / static_cast<T>(count);
    }
    /// From the gradient of the prior to that of `begun`.
    static void prior_backward(int count, const LengthPrior& lengths, const T* prior_gradient, T* begun_gradient) {
        const T share = T(1) - static_cast<T>(detail::least_prior);
        begun_gradient[count - 1] -= share * prior_gradient[0];
        for (int s = 0; s < count; ++s) {
            T start = prior_gradient[0] * static_cast<T>(lengths.tail[static_cast<std::size_t>(count - s)]);
            for (int t = s + 1; t < count; ++t)
                start += prior_gradient[t] * static_cast<T>(lengths.probability[static_cast<std::size_t>(t - s)]);
            begun_gradient[s] += share * start;
            if (s > 0) begun_gradient[s - 1] -= share * start;
        }
    }
};

}  // namespace midstream::control
