# `cpack -G DEB` in a build folder makes libmidstream-dev_VERSION_all.deb: headers, CMake and pkg-config files.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libmidstream-dev)
set(CPACK_PACKAGE_CONTACT "The midstream authors")
set(CPACK_PACKAGE_DESCRIPTION "midstream is a C++20 header-only template library. It trains small\n\
Transformers and Hawk state space models, discovers abstract actions in\n\
their residual stream with a metacontroller, and runs reinforcement\n\
learning on those actions.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4), libxtensor-dev (>= 0.24), nlohmann-json3-dev")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libmujoco-dev (>= 2.2.2)")
# Debian looks for the licence in a folder of the package's name.
configure_file(LICENSE debian/copyright COPYONLY)
set(CPACK_INSTALLED_DIRECTORIES ${PROJECT_BINARY_DIR}/debian usr/share/doc/libmidstream-dev)
set(CPACK_STRIP_FILES OFF)
include(CPack)
