// first: a layer begins a sequence by `static void reset(State<T>&)`
#include "world.hpp"

struct Mistaken : ms::layer::Gru<8, 8> {
    static void reset(auto&) = delete;
};
using Model = ms::model::Autoregressive<World::Observation, World::Action,
                                        ms::model::Stack<ms::layer::PreNormBlock<Mistaken, ms::layer::Mlp<8, 16>>>>;
Model::Parameters<float> parameters;
