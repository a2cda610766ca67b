# Packs midstream by its Conan recipe, with what it stands on taken from the system, and builds the consumer with the package.
file(REMOVE_RECURSE ${WORK})
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(ENV{CONAN_HOME} ${WORK}/home)
set(ENV{CXX} ${COMPILER})
set(ENV{TMPDIR} ${WORK})
run(${CONAN} profile detect)
run(${CONAN} create ${MIDSTREAM_SOURCE}/packaging/conan --profile ${MIDSTREAM_SOURCE}/packaging/conan/system.profile --no-remote
    -c tools.cmake.cmake_layout:test_folder=$TMP)
if(NOT output MATCHES "48 9")
  message(FATAL_ERROR "the consumer was not run:\n${output}")
endif()
