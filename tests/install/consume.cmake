# Builds and runs the consumer against midstream as the variable WAY says, in the folder WORK.
file(REMOVE_RECURSE ${WORK})

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${MIDSTREAM_BUILD} --prefix ${WORK}/prefix --config "${CONFIG}")
  # The installed copy is moved: no path into the place it was installed to may be left in it.
  file(RENAME ${WORK}/prefix ${WORK}/moved)
  set(how -D CMAKE_PREFIX_PATH=${WORK}/moved)
elseif(WAY STREQUAL "deb")
  # Packed from a build folder of its own, as a person would, and unpacked instead of installed.
  run(${CMAKE_COMMAND} -S ${MIDSTREAM_SOURCE} -B ${WORK}/package -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
      -D MIDSTREAM_BUILD_TESTS=OFF -D MIDSTREAM_BUILD_EXAMPLES=OFF)
  run(${CMAKE_COMMAND} -E chdir ${WORK}/package ${CPACK} -G DEB)
  file(GLOB package ${WORK}/package/libmidstream-dev_*_all.deb)
  foreach(field "Package: libmidstream-dev" "Architecture: all" "Depends: libeigen3-dev .>= 3.4., libxtensor-dev .>= 0.24., nlohmann-json3-dev"
                "Suggests: libmujoco-dev .>= 2.2.2.")
    run(dpkg-deb --info ${package})
    if(NOT output MATCHES "${field}\n")
      message(FATAL_ERROR "the package lacks ${field}:\n${output}")
    endif()
  endforeach()
  run(dpkg-deb --extract ${package} ${WORK}/root)
  foreach(file include/midstream/midstream.hpp share/pkgconfig/midstream.pc share/doc/libmidstream-dev/copyright)
    if(NOT EXISTS ${WORK}/root/usr/${file})
      message(FATAL_ERROR "the package lacks /usr/${file}")
    endif()
  endforeach()
  set(how -D CMAKE_PREFIX_PATH=${WORK}/root/usr)
else()
  set(how -D MIDSTREAM_SOURCE=${MIDSTREAM_SOURCE})
endif()

# No build type and no flags: any optimisation or warning flag below would come from midstream.
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=
    -D CMAKE_CXX_FLAGS= -D MUJOCO_ROOT=${MUJOCO_ROOT} -D CMAKE_EXPORT_COMPILE_COMMANDS=ON ${how})
file(READ ${WORK}/build/compile_commands.json commands)
# But for what Clang 19 needs to read xtensor 0.24.
string(REPLACE "-fno-relaxed-template-template-args -Wno-deprecated-no-relaxed-template-template-args" "" commands "${commands}")
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
run(${WORK}/build/consumer_fused_products)
if(EXISTS ${WORK}/build/consumer_openmp)
  run(${WORK}/build/consumer_openmp)
endif()
if(EXISTS ${WORK}/build/consumer_mujoco)
  run(${WORK}/build/consumer_mujoco)
elseif(MUJOCO)
  message(FATAL_ERROR "midstream was built with MuJoCo, but the consumer found no midstream::mujoco")
endif()
