# Words that no header may use: -ffast-math takes std::isfinite and its kin for constants (core/finite.hpp has others), and
# without exceptions none can be thrown or caught (core::fail).
cmake_minimum_required(VERSION 3.22)
file(GLOB_RECURSE headers RELATIVE ${HEADERS} ${HEADERS}/*.hpp)
set(found "")
foreach(header IN LISTS headers)
  file(STRINGS ${HEADERS}/${header} lines REGEX "std::(isfinite|isnan|isinf|isnormal|fpclassify)|(^|[^a-z_])(throw|try|catch)[ (;]")
  list(FILTER lines EXCLUDE REGEX "^ *//")
  if(header STREQUAL "core/contract.hpp" OR header STREQUAL "core/openmp.hpp")  # where it depends on __cpp_exceptions
    list(FILTER lines EXCLUDE REGEX "(^|[^a-z_])(throw|try|catch)[ (;]")
  endif()
  foreach(line IN LISTS lines)
    string(STRIP "${line}" line)
    string(APPEND found "\n${header}: ${line}")
  endforeach()
endforeach()
if(found)
  message(FATAL_ERROR "use core::is_finite, core::is_nan and core::fail instead:${found}")
endif()
