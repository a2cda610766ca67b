#!/bin/sh
# Which compilers, standard libraries and language versions midstream works with: tries them one after the other, one job at
# a time, and prints the table of docs/support.md.
#   tools/matrix.sh [--install] [--quick|--sample] [CELL...]
# A cell is a compiler and a version of C++, and for Clang perhaps libc++: g++-12:20, clang++-19+libc++:23. Without any, it is
# every version of GCC from 12 and of Clang from 14 that is installed; --install first installs those that Debian has.
# --sample compiles midstream.hpp in a program of two units and runs it. --quick also compiles and runs tests/flags/check.cpp.
# Whole, it takes hours of one core: every header alone besides, and some of the tests, which use Boost and so are left out
# with libc++. What failed is in build/matrix/CELL/log.
# Lists are unquoted on purpose: one word per name.
# shellcheck disable=SC2046,SC2086
set -eu
cd "$(dirname "$0")/.."
. tools/packages.sh

tests="core.tensor core.describe io.npy layer.linear layer.attention model.autoregressive control.switches rl.internal train.stages"

columns="umbrella program headers tests"
install=""
while :; do
    case ${1-} in
        --install) install=1 ;;
        --quick) columns="umbrella program" ;;
        --sample) columns="umbrella" ;;
        --*) echo "tools/matrix.sh: there is no option $1" >&2; exit 2 ;;
        *) break ;;
    esac
    shift
done

if [ -n "$install" ]; then
    need_build_packages
    for package in g++-12 g++-13 g++-14 g++-15 clang-14 clang-16 clang-19; do
        if apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then need "$package"; fi
    done
    # One version of libc++ can be installed at a time: the newest that has its Clang.
    need libc++-19-dev libc++abi-19-dev
fi

if [ $# = 0 ]; then
    for compiler in g++-12 g++-13 g++-14 g++-15 clang++-14 clang++-15 clang++-16 clang++-17 clang++-18 clang++-19 clang++-20; do
        command -v "$compiler" >/dev/null || continue
        set -- "$@" "$compiler:20" "$compiler:23"
        version=${compiler#clang++-}
        [ ! -d "/usr/lib/llvm-$version/include/c++/v1" ] || set -- "$@" "$compiler+libc++:20" "$compiler+libc++:23"
    done
fi

# targets COLUMN: what is built for it.
targets() {
    case $1 in
        umbrella) echo test.install.two_units ;;
        program) echo test.flags.no_vectors ;;
        headers) echo headers_alone ;;
        tests) printf 'test.%s ' $tests ;;
    esac
}
# programs COLUMN: what is run for it, as an expression for ctest.
programs() {
    case $1 in
        umbrella) echo '^install[.]two_units$' ;;
        program) echo '^flags[.]no_vectors$' ;;
        tests) printf '^(%s)$' "$(printf '%s|' $tests | sed 's/|$//; s/[.]/[.]/g')" ;;
    esac
}

echo "| compiler | standard library | C++ | midstream.hpp in two units | a program | every header alone | tests |"
echo "|---|---|---|---|---|---|---|"
failed=0
for cell in "$@"; do
    standard=${cell#*:}
    compiler=${cell%:*}
    library=libstdc++
    flags=""
    case $compiler in
        *+libc++) library=libc++ compiler=${compiler%+libc++} flags=-stdlib=libc++ ;;
    esac
    folder=build/matrix/$(echo "$cell" | tr : -)
    mkdir -p "$folder"
    : > "$folder/log"
    row="| $compiler, $("$compiler" -dumpfullversion 2>/dev/null || "$compiler" -dumpversion) | $library | $standard |"
    # Without optimisation, as this is about what compiles; with our warnings, which are errors.
    cmake -S . -B "$folder" -G Ninja -D CMAKE_CXX_COMPILER="$compiler" -D CMAKE_CXX_STANDARD="$standard" -D CMAKE_CXX_FLAGS=$flags \
        -D CMAKE_BUILD_TYPE=Debug -D CMAKE_CXX_FLAGS_DEBUG= -D MIDSTREAM_NATIVE=OFF -D MIDSTREAM_BUILD_EXAMPLES=OFF \
        ${CMAKE_CXX_COMPILER_LAUNCHER:+-D CMAKE_CXX_COMPILER_LAUNCHER="$CMAKE_CXX_COMPILER_LAUNCHER"} >> "$folder/log" 2>&1 ||
        { echo "$row cmake fails | | | |"; failed=1; continue; }
    for column in umbrella program headers tests; do
        if ! echo " $columns " | grep -q " $column " || { [ $column = tests ] && [ $library = libc++ ]; }; then
            row="$row - |"
        elif cmake --build "$folder" -j 1 --target $(targets $column) >> "$folder/log" 2>&1 &&
            { [ $column = headers ] || ctest --test-dir "$folder" -R "$(programs $column)" >> "$folder/log" 2>&1; }; then
            row="$row yes |"
        else
            row="$row **no** |"
            failed=1
        fi
    done
    echo "$row"
done
exit $failed
