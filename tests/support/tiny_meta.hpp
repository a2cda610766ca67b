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

/// Of one in the stream of a small policy over codes.
inline constexpr control::MetacontrollerShape tiny_upper{.read = 1,
                                                         .write = 0,
                                                         .code = 2,
                                                         .encoder_hidden = 4,
                                                         .decoder_hidden = 4,
                                                         .switch_hidden = 4,
                                                         .history = 4,
                                                         .embedding = 4};

}  // namespace midstream::test
