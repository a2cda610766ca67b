/// \file
/// What all presets of the gridworld example share, and how their parameters begin.
#pragma once

#include <cstddef>

#include "common/preset.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/model/transformer.hpp"

namespace midstream::examples {

template <model::TransformerShape Shape, class World>
using TransformerOn = model::Autoregressive<typename World::Observation, typename World::Action,
                                            model::Transformer<Shape>, typename World::Target>;

/// A world, a Transformer on it, a metacontroller in it, a policy over codes. `MetaOf<Base>` is the metacontroller;
/// `PolicyWidth` that of the policy.
template <env::Pinpad Pinpad, template <env::Pinpad> class See, model::TransformerShape Shape,
          template <class Base> class MetaOf, int PolicyWidth>
struct GridworldPreset
    : ChainPreset<env::GridworldPinpad<Pinpad, See>, TransformerOn<Shape, env::GridworldPinpad<Pinpad, See>>,
                  MetaOf<TransformerOn<Shape, env::GridworldPinpad<Pinpad, See>>>, PolicyWidth> {
    static constexpr env::Pinpad pinpad = Pinpad;
    using World = typename GridworldPreset::World;
    using Base = typename GridworldPreset::Base;
    using Meta = typename GridworldPreset::Meta;

    /// Adds where the agent is to a GridPicture (report/rollout_pictures.hpp).
    static void add_position(const World& world, auto& picture) { picture.path.push_back(world.agent()); }

    /// Initialises, then adds to the embedding of an egocentric observation what its entries mean: three coordinates of
    /// the residual stream per object hold dx, dy and whether the agent is there. Offsets then need not be learned one
    /// by one (docs/laptop-scale.md has the difference it makes).
    static void initialise_by_geometry(typename Base::template Parameters<float>& parameters, core::Random random) {
        static_assert(3 * (Pinpad.objects() + 1) <= Shape.width,
                      "the geometric embedding needs three coordinates for each object and the agent");
        Base::initialise(parameters, random);
        for (int entry = 0; entry < World::Observation::dimension; ++entry) {
            const auto meaning = See<Pinpad>::meaning(entry);
            float* line = parameters.embedding.rows.values + entry * Shape.width + 3 * meaning.object;
            line[0] += static_cast<float>(meaning.dx) / Pinpad.size;
            line[1] += static_cast<float>(meaning.dy) / Pinpad.size;
            if (meaning.object < Pinpad.objects() && meaning.dx == 0 && meaning.dy == 0) line[2] += 1;
        }
    }
    /// What relative biases begin with: one head's at the previous step, and by how much those of two others fall with
    /// every step further back.
    struct HeadBiases {
        float previous = 2;
        float latest = 0.5f;
        float late = 0.1f;
        static constexpr void describe(const auto& self, auto&& part) {
            part("previous", self.previous);
            part("latest", self.latest);
            part("late", self.late);
        }
    };
    /// Starts the relative biases of every layer's first three heads apart: one looks at the previous step, one at the
    /// latest few, one a little less far back than the others, which see the whole past alike. Early learning is then
    /// faster (docs/laptop-scale.md).
    static void initialise_heads(typename Base::template Parameters<float>& parameters, HeadBiases start = {}) {
        static_assert(Shape.heads >= 3, "the start of the relative biases needs three heads");
        const auto& buckets = layer::relative_buckets<Shape.attention()>();
        for (auto& block : parameters.stack.blocks) {
            auto bias = core::map(block.mixer.inner.relative_bias);
            for (int distance = 0; distance < Shape.context; ++distance) {
                const int bucket = buckets[static_cast<std::size_t>(distance)];
                if (distance > 0 && bucket == buckets[static_cast<std::size_t>(distance) - 1]) continue;
                if (distance == 1) bias(0, bucket) += start.previous;
                bias(1, bucket) -= start.latest * static_cast<float>(distance);
                bias(2, bucket) -= start.late * static_cast<float>(distance);
            }
        }
    }
    /// Both of these.
    struct ByGeometry {
        HeadBiases heads{};
        static constexpr void describe(const auto& self, auto&& part) { part("heads", self.heads); }

        template <class Model>
        void initialise(typename Model::template Parameters<float>& parameters, core::Random random) const {
            initialise_by_geometry(parameters, random);
            initialise_heads(parameters, heads);
        }
    };
};

}  // namespace midstream::examples
