// first: attention needs a width that its number of heads divides
#include "midstream/model/transformer.hpp"
#include "world.hpp"

using Mistaken = ms::model::TransformerBlock<ms::model::TransformerShape{.width = 8, .heads = 0, .mlp = 8}>;
Mistaken::Parameters<float> parameters;
