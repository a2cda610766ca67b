#include "model.hpp"

/// Model::forward as it would be without hooks.
template <class T>
static void forward(const Model::Parameters<T>& parameters, core::Sequences sequences,
                    Model::ObservationRows<T> observations, Model::Tape<T>& tape) {
    Model::embed(parameters, observations, tape);
    Model::blocks(parameters, sequences, 0, Model::depth, tape);
    Model::heads(parameters, tape);
}

extern "C" [[gnu::flatten]] void compared(const Model::Parameters<float>& parameters, core::Sequences sequences,
                                          Model::ObservationRows<float> observations, Model::Tape<float>& tape) {
    forward<float>(parameters, sequences, observations, tape);
}
