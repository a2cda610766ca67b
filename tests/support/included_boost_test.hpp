// Boost's test library as part of the program, for where no library of it is compiled (tools/aarch64.sh).
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <boost/test/included/unit_test.hpp>
#pragma GCC diagnostic pop
