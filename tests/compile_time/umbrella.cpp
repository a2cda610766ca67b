// All that a source pays for the whole library before it does anything.
#include "midstream/midstream.hpp"
