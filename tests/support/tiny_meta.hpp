/// \file
/// The shape of the metacontrollers that tests put into small models.
#pragma once

#include "midstream/control/metacontroller.hpp"

namespace midstream::test {

constexpr control::MetacontrollerShape tiny_meta(int read, int write) {
    return {.read = read,
            .write = write,
            .code = 3,
            .encoder_hidden = 7,
            .decoder_hidden = 5,
            .switch_hidden = 6,
            .history = 4,
            .embedding = 5};
}

}  // namespace midstream::test
