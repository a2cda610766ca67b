// first: a layer has `static void backward(
#include "world.hpp"

struct Mistaken : ms::layer::Gru<8, 8> {
    template <class T>
    static void backward(const Parameters<T>&, ms::core::Sequences, ms::core::In<T, 8>, Tape<T>&, ms::core::In<T, 8>,
                         ms::core::Out<T, 8>, Parameters<T>&) {}
};
using Model = ms::model::Autoregressive<World::Observation, World::Action,
                                        ms::model::Stack<ms::layer::PreNormBlock<Mistaken, ms::layer::Mlp<8, 16>>>>;
Model::Parameters<float> parameters;
