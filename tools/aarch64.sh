#!/bin/sh
# Compiles the library's tests for AArch64 (g++-aarch64-linux-gnu) and runs them under qemu-user, one after the other, and
# prints a table.
#   tools/aarch64.sh [--install] [TEST...]
# A test is named as CTest has it: layer.linear. Without any, it is all that have a header of the library to test (but for
# MuJoCo's and MPI's, which need libraries of the other processor): hours of one core. --install first installs what it
# takes. What each said is in build/aarch64/TEST.log.
set -eu
cd "$(dirname "$0")/.."
if [ "${1-}" = --install ]; then
    . tools/packages.sh
    need g++-aarch64-linux-gnu qemu-user libeigen3-dev libxtensor-dev nlohmann-json3-dev libboost-test-dev
    shift
fi
for needed in aarch64-linux-gnu-g++ qemu-aarch64; do
    command -v "$needed" >/dev/null || { echo "tools/aarch64.sh: there is no $needed; --install installs it"; exit 77; }
done
if [ $# = 0 ]; then
    # Unquoted on purpose: one word per name.
    # shellcheck disable=SC2046
    set -- $(cd tests && find core layer model control env data io rl train analysis -name '*.cpp' | grep -v '/ant[/_]' |
        sed 's/[.]cpp$//; s|/|.|g' | sort)
fi
folder=build/aarch64
mkdir -p "$folder"
failed=0
echo "| test | result | seconds under qemu |"
echo "|---|---|---|"
for test in "$@"; do
    source=tests/$(echo "$test" | tr . /).cpp
    # The headers of Boost, Eigen and the others lie beside those of this machine's C library, which come last. Boost's
    # test library is compiled for this machine alone; here it is part of the program.
    if ! ${CCACHE-} aarch64-linux-gnu-g++ -std=gnu++20 -Og -UNDEBUG -DEIGEN_NO_DEBUG -D_GLIBCXX_ASSERTIONS \
        -DEIGEN_DONT_PARALLELIZE -DEIGEN_STACK_ALLOCATION_LIMIT=1048576 -DBOOST_TEST_MODULE=midstream \
        -DMIDSTREAM_TEST_FOLDER="\"$PWD/tests\"" -fopenmp -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
        -Wno-sign-conversion -Werror -Iinclude -Itests -idirafter /usr/include/eigen3 -idirafter /usr/include \
        -include tests/support/included_boost_test.hpp "$source" -o "$folder/$test" > "$folder/$test.log" 2>&1; then
        echo "| $test | does not compile | |"
        failed=1
        continue
    fi
    start=$(date +%s)
    if OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive qemu-aarch64 -L /usr/aarch64-linux-gnu "$folder/$test" >> "$folder/$test.log" 2>&1; then
        result=passed
    else
        result=failed
        failed=1
    fi
    echo "| $test | $result | $(($(date +%s) - start)) |"
    rm "$folder/$test"
done
exit $failed
