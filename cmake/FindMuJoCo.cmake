# Finds MuJoCo as MuJoCo::MuJoCo, with MuJoCo_VERSION; MuJoCo_WHAT says what was found, and where it was looked for. Without
# a hint that is the system (Debian: libmujoco-dev). The variable MUJOCO_ROOT, of CMake or of the environment, names a folder
# that is looked into instead: an unpacked release, or the folder `mujoco` of the Python package, whose library has no name
# without a version.
set(_mujoco_root "${MUJOCO_ROOT}")
if(NOT _mujoco_root AND DEFINED ENV{MUJOCO_ROOT})
  set(_mujoco_root "$ENV{MUJOCO_ROOT}")
endif()

# Plain variables: another MUJOCO_ROOT at a later configuration must not meet a cached answer.
unset(MuJoCo_INCLUDE_DIR)
unset(MuJoCo_LIBRARY)
set(MuJoCo_VERSION "")
if(_mujoco_root)
  find_path(MuJoCo_INCLUDE_DIR mujoco/mujoco.h PATHS ${_mujoco_root} PATH_SUFFIXES include NO_DEFAULT_PATH NO_CACHE)
  file(GLOB _mujoco_libraries ${_mujoco_root}/lib/libmujoco.so ${_mujoco_root}/lib/libmujoco.so.* ${_mujoco_root}/libmujoco.so
       ${_mujoco_root}/libmujoco.so.* ${_mujoco_root}/lib/libmujoco*.dylib ${_mujoco_root}/libmujoco*.dylib)
  if(_mujoco_libraries)
    list(GET _mujoco_libraries 0 MuJoCo_LIBRARY)
  endif()
  set(MuJoCo_WHERE "in MUJOCO_ROOT, ${_mujoco_root}")
else()
  find_path(MuJoCo_INCLUDE_DIR mujoco/mujoco.h NO_CACHE)
  find_library(MuJoCo_LIBRARY mujoco NO_CACHE)
  set(MuJoCo_WHERE "on this system (Debian: libmujoco-dev, or set MUJOCO_ROOT)")
endif()

if(MuJoCo_INCLUDE_DIR)
  # 327 is 3.2.7, 3017000 is 3.17.0.
  file(STRINGS ${MuJoCo_INCLUDE_DIR}/mujoco/mujoco.h _mujoco_line REGEX "^#define mjVERSION_HEADER +[0-9]+")
  string(REGEX MATCH "[0-9]+$" _mujoco_number "${_mujoco_line}")
  if(_mujoco_number LESS 1000)
    string(REGEX REPLACE "^(.)(.)(.)$" "\\1.\\2.\\3" MuJoCo_VERSION "${_mujoco_number}")
  else()
    math(EXPR _mujoco_major "${_mujoco_number} / 1000000")
    math(EXPR _mujoco_minor "${_mujoco_number} / 1000 % 1000")
    math(EXPR _mujoco_patch "${_mujoco_number} % 1000")
    set(MuJoCo_VERSION ${_mujoco_major}.${_mujoco_minor}.${_mujoco_patch})
  endif()
endif()

set(MuJoCo_WHAT "none ${MuJoCo_WHERE}")
if(MuJoCo_INCLUDE_DIR AND MuJoCo_LIBRARY)
  set(MuJoCo_WHAT "${MuJoCo_VERSION} ${MuJoCo_WHERE}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MuJoCo REQUIRED_VARS MuJoCo_LIBRARY MuJoCo_INCLUDE_DIR VERSION_VAR MuJoCo_VERSION
                                  REASON_FAILURE_MESSAGE "looked for ${MuJoCo_WHERE}")
if(MuJoCo_FOUND AND NOT TARGET MuJoCo::MuJoCo)
  add_library(MuJoCo::MuJoCo SHARED IMPORTED)
  set_target_properties(MuJoCo::MuJoCo PROPERTIES IMPORTED_LOCATION ${MuJoCo_LIBRARY}
                                                  INTERFACE_INCLUDE_DIRECTORIES ${MuJoCo_INCLUDE_DIR})
endif()
