# Which Eigen midstream takes, as a subfolder and installed: 3.4 or later, 5 too, although each major version says of itself
# that it will do for no other; of an older one it says so in one sentence. The packages here are made up, over the headers
# that are there.
cmake_minimum_required(VERSION 3.22)
include(CMakePackageConfigHelpers)
file(REMOVE_RECURSE ${WORK})

execute_process(COMMAND ${CMAKE_COMMAND} --install ${MIDSTREAM_BUILD} --prefix ${WORK}/prefix --config "${CONFIG}"
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "cannot install: ${output}")
endif()
foreach(version 3.3.9 3.4.0 5.0.1)
  write_basic_package_version_file(${WORK}/eigen-${version}/Eigen3ConfigVersion.cmake VERSION ${version} COMPATIBILITY SameMajorVersion
                                   ARCH_INDEPENDENT)
  file(WRITE ${WORK}/eigen-${version}/Eigen3Config.cmake
       "if(NOT TARGET Eigen3::Eigen)\n  add_library(Eigen3::Eigen INTERFACE IMPORTED)\n"
       "  set_target_properties(Eigen3::Eigen PROPERTIES INTERFACE_INCLUDE_DIRECTORIES \"${EIGEN_INCLUDES}\")\nendif()\n")
  foreach(how CMAKE_PREFIX_PATH=${WORK}/prefix MIDSTREAM_SOURCE=${MIDSTREAM_SOURCE})
    string(REGEX REPLACE "=.*" "" way ${how})
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/${way} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
                            -D Eigen3_DIR=${WORK}/eigen-${version} -D ${how}
                    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(version VERSION_LESS 3.4)
      string(REGEX REPLACE "[ \n]+" " " output "${output}")
      if(result EQUAL 0 OR NOT output MATCHES "midstream needs Eigen 3.4 or later, found ${version} in ")
        message(FATAL_ERROR "${way}: Eigen ${version} is not refused in a sentence:\n${output}")
      endif()
    elseif(NOT result EQUAL 0)
      message(FATAL_ERROR "${way}: Eigen ${version} is refused:\n${output}")
    endif()
  endforeach()
endforeach()
