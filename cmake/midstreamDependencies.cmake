# What midstream stands on: Eigen3::Eigen, xtensor and nlohmann_json::nlohmann_json. What a project around has already is
# taken as it is, the rest is looked for; midstream_refusal is then empty, or says in a sentence what is missing or too old.
# midstream's own build includes this, and so does the installed midstreamConfig.cmake.
set(midstream_refusal "")
macro(_midstream_need name package target least debian)
  if(NOT midstream_refusal AND NOT TARGET ${target})
    # Without a version: Eigen 5 says of itself that it will not do for 3.4.
    find_package(${package} QUIET NO_MODULE)
    if(NOT ${package}_FOUND)
      set(midstream_refusal "midstream needs ${name} ${least} or later, and found none: install it (Debian: ${debian}), or set "
                            "${package}_DIR or CMAKE_PREFIX_PATH. ${${package}_NOT_FOUND_MESSAGE}")
    elseif(NOT "${${package}_VERSION}" STREQUAL "" AND ${package}_VERSION VERSION_LESS ${least})
      set(midstream_refusal "midstream needs ${name} ${least} or later, found ${${package}_VERSION} in ${${package}_DIR}: set "
                            "${package}_DIR or CMAKE_PREFIX_PATH")
    endif()
    string(REPLACE ";" "" midstream_refusal "${midstream_refusal}")
  endif()
endmacro()
_midstream_need(Eigen Eigen3 Eigen3::Eigen 3.4 libeigen3-dev)
_midstream_need(xtensor xtensor xtensor 0.24 libxtensor-dev)
_midstream_need(nlohmann-json nlohmann_json nlohmann_json::nlohmann_json 3.0 nlohmann-json3-dev)

# To Clang 19, which matches template parameters by P0522, two specialisations in xtensor 0.24 are equally good.
set(midstream_xtensor_options "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19 AND "${xtensor_VERSION}" VERSION_LESS 0.25)
  set(midstream_xtensor_options -fno-relaxed-template-template-args -Wno-deprecated-no-relaxed-template-template-args)
endif()
