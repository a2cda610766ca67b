#!/bin/sh
# Builds and runs the gridworld demonstration on a fresh Debian 12. Arguments are passed on to it; with `--from zoo` as the
# first ones it begins from weights that were trained already.
set -eu
cd "$(dirname "$0")"
. tools/packages.sh

if [ "${1-} ${2-}" = "--from zoo" ]; then
    shift 2
    set -- --config examples/zoo/gridworld-demo.toml "$@"
fi
need_build_packages
cmake --preset release
cmake --build --preset release --target gridworld -j "$(nproc)"
# Threads that wait shall not spin: laptops have other things to do.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY-passive}"
exec build/release/examples/gridworld all --preset demo "$@"
