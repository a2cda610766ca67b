// expect: what acts on weights of 8 bits is a model::SequenceModel or a metacontroller
#include "midstream/rl/eight_bit.hpp"

template struct midstream::rl::EightBit<int>;
