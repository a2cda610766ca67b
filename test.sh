#!/bin/sh
# Builds midstream and runs its tests on a fresh Debian 12.
#   ./test.sh [--long] [options of ctest]
# --long also runs the tests labelled `long`, which train models.
set -eu
cd "$(dirname "$0")"
. tools/packages.sh

if [ "${1-}" = --long ]; then
    shift
else
    set -- --label-exclude '^long$' "$@"
fi
need_build_packages
cmake --preset release
cmake --build --preset release -j "$(nproc)"
exec ctest --preset release -j "$(nproc)" "$@"
