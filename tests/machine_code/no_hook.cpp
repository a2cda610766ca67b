#include "model.hpp"

extern "C" [[gnu::flatten]] void compared(const Model::Parameters<float>& parameters, core::Sequences sequences,
                                          Model::ObservationRows<float> observations, Model::Tape<float>& tape) {
    Model::forward(parameters, sequences, observations, tape);
}
