# How midstream's own tests, examples and benchmarks are compiled; nothing of this reaches users of the headers.
add_library(midstream_project INTERFACE)
target_link_libraries(midstream_project INTERFACE midstream)
target_compile_options(midstream_project INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
# Up to here Eigen's products keep their packed operands on the stack, above it on the heap: no training step of our
# programs allocates (tests/core/no_allocation.cpp).
target_compile_definitions(midstream_project INTERFACE EIGEN_STACK_ALLOCATION_LIMIT=1048576)
if(MIDSTREAM_NATIVE)
  target_compile_options(midstream_project INTERFACE -march=native)
endif()
if(TARGET midstream_openmp)
  target_link_libraries(midstream_project INTERFACE midstream_openmp)
endif()
set(MIDSTREAM_SANITIZE "" CACHE STRING "Sanitizers for midstream's own programs, as for -fsanitize")
if(MIDSTREAM_SANITIZE)
  target_compile_definitions(midstream_project INTERFACE _GLIBCXX_ASSERTIONS)
  target_compile_options(midstream_project INTERFACE -fsanitize=${MIDSTREAM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(midstream_project INTERFACE -fsanitize=${MIDSTREAM_SANITIZE})
endif()
