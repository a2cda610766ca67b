/// \file
/// Directions in which what is white leans to one side. Of events that exclude one another, each of which moves the
/// stream in a direction of its own, these are the directions: the third moments of a mixture tell its parts
/// (Anandkumar et al., "Tensor decompositions for learning latent variable models", 2014).
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/core/contract.hpp"
#include "midstream/core/eigen.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/random.hpp"

namespace midstream::control {

/// How white data (a column for each row of the stream) are turned into components, a line for each. `Real`, here and
/// below, is double: templates cost nothing in sources that include them and call none.
template <class Real>
struct Rotation {
    Eigen::MatrixX<Real> turn;  ///< orthogonal
    int iterations = 0;         ///< IndependentComponents::iterations
    Real change = 1;            ///< IndependentComponents::change
};

/// One direction after the other, each that of the largest |E s^3| that power iterations on the third moment come to,
/// of several starts among the directions orthogonal to those before (deflation). All at once they would share a
/// direction where another leans to no side. The data have the unit matrix as their second moments, about their mean or
/// about any other origin. Throws core::Error where a moment is not finite.
template <class Real>
Rotation<Real> skewed_directions(const Eigen::MatrixX<Real>& white, core::Random& random, int iterations = 200,
                                 double tolerance = 1e-6) {
    constexpr int starts = 8;
    const Eigen::Index count = white.rows();
    Rotation<Real> result{.turn = Eigen::MatrixX<Real>::Zero(count, count), .change = 0};
    Eigen::RowVectorX<Real> direction(count), next(count), sources(white.cols()), squares(white.cols());
    for (Eigen::Index i = 0; i < count; ++i) {
        const auto before = result.turn.topRows(i);
        // Twice, as what is left may be small. False where nothing is.
        const auto leave_out = [&](Eigen::RowVectorX<Real>& of) {
            for (int pass = 0; pass < 2; ++pass) {
                if (!(of.norm() > 1e-12)) return false;
                of.normalize();
                of -= (of * before.transpose()).eval() * before;
            }
            of.normalize();
            return true;
        };
        Real largest = -1, change = 0;
        for (int start = 0; start < starts; ++start) {
            for (Real& entry : direction) entry = random.normal();
            leave_out(direction);
            Real turned = 1;
            int iteration = 0;
            for (; iteration < iterations && turned > tolerance; ++iteration) {
                sources.noalias() = direction * white;
                squares = sources.cwiseAbs2();
                next.noalias() = squares * white.transpose();
                next /= static_cast<Real>(white.cols());
                if (!leave_out(next)) break;  // leans to no side
                turned = 1 - std::abs(next.dot(direction));
                direction.swap(next);
            }
            sources.noalias() = direction * white;
            const Real skewness = std::abs(sources.array().cube().mean());
            core::require(core::is_finite(skewness), "skewed directions: a skewness is not finite");
            result.iterations = std::max(result.iterations, iteration);
            if (skewness <= largest) continue;
            largest = skewness;
            change = turned;
            result.turn.row(i) = direction;
        }
        result.change = std::max(result.change, change);
    }
    return result;
}

}  // namespace midstream::control
