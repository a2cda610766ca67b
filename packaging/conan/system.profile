# Takes what midstream stands on from the system (Debian: libeigen3-dev libxtensor-dev nlohmann-json3-dev), not from Conan Center:
#   conan create packaging/conan --profile packaging/conan/system.profile
include(default)

[settings]
compiler.cppstd=20

[platform_requires]
eigen/3.4.0
xtensor/0.24.3
nlohmann_json/3.11.2
