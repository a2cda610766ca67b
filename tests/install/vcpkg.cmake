# The vcpkg port: its manifest says what CMakeLists.txt says and, where VCPKG_ROOT names a checkout of vcpkg, its portfile is
# run by vcpkg's own scripts, without the program vcpkg, and the consumer built with what comes of it.
cmake_minimum_required(VERSION 3.22)
file(REMOVE_RECURSE ${WORK})
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(port ${MIDSTREAM_SOURCE}/packaging/vcpkg)
file(READ ${port}/vcpkg.json manifest)
foreach(field "name=midstream" "version-semver=${VERSION}" "description=${DESCRIPTION}" "license=MIT")
  string(REGEX MATCH "^[^=]+" name "${field}")
  string(JSON value GET "${manifest}" ${name})
  if(NOT field STREQUAL "${name}=${value}")
    message(FATAL_ERROR "vcpkg.json has ${name} ${value}, expected ${field}")
  endif()
endforeach()
string(JSON count LENGTH "${manifest}" dependencies)
math(EXPR last "${count} - 1")
set(dependencies "")
foreach(i RANGE ${last})
  string(JSON type TYPE "${manifest}" dependencies ${i})
  if(type STREQUAL "STRING")
    string(JSON name GET "${manifest}" dependencies ${i})
    list(APPEND dependencies ${name})
  endif()
endforeach()
if(NOT dependencies STREQUAL "eigen3;nlohmann-json;xtensor")
  message(FATAL_ERROR "vcpkg.json asks for ${dependencies}, expected eigen3;nlohmann-json;xtensor")
endif()
if(NOT VCPKG_ROOT)
  return()
endif()

set(triplet x64-linux)
set(helpers "")
foreach(helper vcpkg-cmake vcpkg-cmake-config)
  file(COPY ${VCPKG_ROOT}/ports/${helper} DESTINATION ${WORK}/installed/${triplet}/share)
  list(APPEND helpers ${WORK}/installed/${triplet}/share/${helper}/vcpkg-port-config.cmake)
endforeach()
find_program(ninja ninja REQUIRED)
find_program(pkg_config pkg-config REQUIRED)
find_program(true true REQUIRED)  # in place of patchelf: there are no binaries
file(MAKE_DIRECTORY ${WORK}/buildtrees/midstream ${WORK}/packages ${WORK}/downloads)
execute_process(COMMAND ${CMAKE_COMMAND} -D CMD=BUILD -D PORT=midstream -D CURRENT_PORT_DIR=${port} -D TARGET_TRIPLET=${triplet}
                        -D _HOST_TRIPLET=${triplet} -D TARGET_TRIPLET_FILE=${VCPKG_ROOT}/triplets/${triplet}.cmake -D FEATURES=core
                        -D ALL_FEATURES= -D VERSION=${VERSION} -D VCPKG_USE_HEAD_VERSION=0 -D _VCPKG_EDITABLE=0
                        -D _VCPKG_NO_DOWNLOADS=1 -D _VCPKG_DOWNLOAD_TOOL=BUILT_IN -D DOWNLOADS=${WORK}/downloads
                        -D VCPKG_CONCURRENCY=1 -D VCPKG_PLATFORM_TOOLSET=external -D VCPKG_ROOT_DIR=${VCPKG_ROOT}
                        -D VCPKG_BASE_VERSION=2099-01-01 -D PACKAGES_DIR=${WORK}/packages -D BUILDTREES_DIR=${WORK}/buildtrees
                        -D _VCPKG_INSTALLED_DIR=${WORK}/installed "-DVCPKG_PORT_CONFIGS=${helpers}" -D NINJA=${ninja}
                        -D PKGCONFIG=${pkg_config} -D PATCHELF=${true} -P ${VCPKG_ROOT}/scripts/ports.cmake
                WORKING_DIRECTORY ${WORK} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the portfile ended with ${result}:\n${output}")
endif()
set(package ${WORK}/packages/midstream_${triplet})
# What vcpkg checks after a build: a licence, usage, package files where it wants them, nothing else.
file(GLOB found RELATIVE ${package} ${package}/* ${package}/share/* ${package}/share/midstream/*)
set(expected BUILD_INFO include share share/midstream share/midstream/FindMuJoCo.cmake share/midstream/copyright
             share/midstream/midstreamConfig.cmake share/midstream/midstreamConfigVersion.cmake
             share/midstream/midstreamDependencies.cmake share/midstream/midstreamTargets.cmake share/midstream/usage
             share/pkgconfig)
if(NOT found STREQUAL expected)
  message(FATAL_ERROR "the port packs ${found}\nexpected ${expected}")
endif()
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_PREFIX_PATH=${package})
run(${CMAKE_COMMAND} --build ${WORK}/build --target consumer)
run(${WORK}/build/consumer)
