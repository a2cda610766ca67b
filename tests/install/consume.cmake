# Builds and runs the consumer against midstream as the variable WAY says, in the folder WORK.
file(REMOVE_RECURSE ${WORK})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${result}:\n${output}")
  endif()
endfunction()

if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${MIDSTREAM_BUILD} --prefix ${WORK}/prefix --config "${CONFIG}")
  # The installed copy is moved: no path into the place it was installed to may be left in it.
  file(RENAME ${WORK}/prefix ${WORK}/moved)
  set(how -D CMAKE_PREFIX_PATH=${WORK}/moved)
else()
  set(how -D MIDSTREAM_SOURCE=${MIDSTREAM_SOURCE})
endif()

# No build type and no flags: any optimisation or warning flag below would come from midstream.
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=
    -D CMAKE_CXX_FLAGS= -D MUJOCO_ROOT=${MUJOCO_ROOT} -D CMAKE_EXPORT_COMPILE_COMMANDS=ON ${how})
file(READ ${WORK}/build/compile_commands.json commands)
if(commands MATCHES " (-O[^ ]*|-W[^ ]*|-m[^ ]*|-g[^ ]*|-fno-[^ ]*|-ffast[^ ]*)[ \"]")
  message(FATAL_ERROR "midstream's targets hand the flag ${CMAKE_MATCH_1} to their users:\n${commands}")
endif()
run(${CMAKE_COMMAND} --build ${WORK}/build)
# What a project that keeps midstream in a folder installs is its own.
run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/of_the_consumer)
file(GLOB_RECURSE installed RELATIVE ${WORK}/of_the_consumer ${WORK}/of_the_consumer/*)
if(NOT installed STREQUAL "bin/consumer")
  message(FATAL_ERROR "the consumer installs more than its program: ${installed}")
endif()
run(${WORK}/build/consumer)
if(EXISTS ${WORK}/build/consumer_openmp)
  run(${WORK}/build/consumer_openmp)
endif()
if(EXISTS ${WORK}/build/consumer_mujoco)
  run(${WORK}/build/consumer_mujoco)
elseif(MUJOCO)
  message(FATAL_ERROR "midstream was built with MuJoCo, but the consumer found no midstream::mujoco")
endif()
