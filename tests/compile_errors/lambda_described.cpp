// expect: a lambda cannot be described: it has no name
#include "midstream/core/describe.hpp"
#include "midstream/train/muon.hpp"

namespace ms = midstream;

using Anonymous = decltype([](std::string_view) { return true; });

int main() { return static_cast<int>(ms::core::describe(ms::train::Muon<Anonymous>{}).parts.size()); }
