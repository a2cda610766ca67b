// expect: a space of categories has 1 to 32768 classes in at least 1 group
// expect: a space of one-hots has 1 to 32768 entries
#include "midstream/data/spaces.hpp"

int result = midstream::data::Categories<40000>::width + midstream::data::OneHots<0, 1>::width;
