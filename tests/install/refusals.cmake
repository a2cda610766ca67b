# What midstream stands on, in versions that do and do not do, for it as a subfolder and installed: what does not do is refused
# in one sentence. Eigen 5 does, although each major version says of itself that it will do for no other. The packages here
# are made up, over the headers that are there.
cmake_minimum_required(VERSION 3.22)
include(CMakePackageConfigHelpers)
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${MIDSTREAM_BUILD} --prefix ${WORK}/prefix --config "${CONFIG}")

# package(NAME VERSION COMPATIBILITY TARGET): a folder that holds a package of that name and version.
function(package name version compatibility target)
  set(folder ${WORK}/${name}-${version})
  write_basic_package_version_file(${folder}/${name}ConfigVersion.cmake VERSION ${version} COMPATIBILITY ${compatibility} ARCH_INDEPENDENT)
  file(WRITE ${folder}/${name}Config.cmake
       "if(NOT TARGET ${target})\n  add_library(${target} INTERFACE IMPORTED)\n"
       "  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES \"${EIGEN_INCLUDES}\")\nendif()\n")
endfunction()

# configure(SENTENCE ARGUMENTS...): the consumer, in both ways. It must fail with the sentence, or succeed where that is empty.
function(configure sentence)
  foreach(how CMAKE_PREFIX_PATH=${WORK}/prefix MIDSTREAM_SOURCE=${MIDSTREAM_SOURCE})
    file(REMOVE_RECURSE ${WORK}/build)
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
                            -D ${how} ${ARGN}
                    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    string(REGEX REPLACE "[ \n]+" " " line "${output}")
    string(FIND "${line}" "${sentence}" place)
    if(sentence STREQUAL "" AND NOT result EQUAL 0)
      message(FATAL_ERROR "${how} ${ARGN} is refused:\n${output}")
    elseif(NOT sentence STREQUAL "" AND (result EQUAL 0 OR place EQUAL -1))
      message(FATAL_ERROR "${how} ${ARGN} is not refused with: ${sentence}\n${output}")
    endif()
  endforeach()
endfunction()

foreach(version 3.3.9 3.4.0 5.0.1)
  package(Eigen3 ${version} SameMajorVersion Eigen3::Eigen)
endforeach()
package(xtensor 0.23.10 AnyNewerVersion xtensor)
configure("midstream needs Eigen 3.4 or later, found 3.3.9 in ${WORK}/Eigen3-3.3.9" -D Eigen3_DIR=${WORK}/Eigen3-3.3.9)
configure("" -D Eigen3_DIR=${WORK}/Eigen3-3.4.0)
configure("" -D Eigen3_DIR=${WORK}/Eigen3-5.0.1)
configure("midstream needs xtensor 0.24 or later, found 0.23.10 in ${WORK}/xtensor-0.23.10" -D xtensor_DIR=${WORK}/xtensor-0.23.10)
configure("midstream needs xtensor 0.24 or later, and found none: install it (Debian: libxtensor-dev)" -D CMAKE_DISABLE_FIND_PACKAGE_xtensor=ON)

# MuJoCo is optional: a program that asks for midstream::mujoco is told what was found instead, others go on without.
set(root ${WORK}/mujoco)
file(WRITE ${root}/include/mujoco/mujoco.h "#define mjVERSION_HEADER 215\n")
file(WRITE ${root}/lib/libmujoco.so "")
configure("" -D MUJOCO_ROOT=${root})
file(WRITE ${WORK}/asking/CMakeLists.txt
     "cmake_minimum_required(VERSION 3.22)\nproject(asking LANGUAGES CXX)\nfind_package(midstream REQUIRED COMPONENTS \${COMPONENT})\n")
foreach(case "mujoco|midstream::mujoco needs MuJoCo 2.2.2 or later, found 2.1.5 in MUJOCO_ROOT" "tea|midstream has no component tea: it has fused_products, openmp, mpi and mujoco")
  string(REGEX MATCH "^[a-z]+" component "${case}")
  string(REGEX REPLACE "^[a-z]+." "" sentence "${case}")
  file(REMOVE_RECURSE ${WORK}/build)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK}/asking -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
                          -D CMAKE_PREFIX_PATH=${WORK}/prefix -D COMPONENT=${component} -D MUJOCO_ROOT=${root}
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " line "${output}")
  string(FIND "${line}" "${sentence}" place)
  if(result EQUAL 0 OR place EQUAL -1)
    message(FATAL_ERROR "component ${component} is not refused with: ${sentence}\n${output}")
  endif()
endforeach()
