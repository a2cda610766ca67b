#!/bin/sh
# Builds the fuzz targets and runs each for some seconds, from its seeds and from what earlier runs found.
#   tests/fuzz/run.sh SECONDS [TARGET...]
# An input that ends a target badly is left in build/fuzz/found/TARGET.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:?seconds per target}
shift
targets=$*
[ -n "$targets" ] || targets=$(cd tests/fuzz && for file in *.cpp; do [ "$file" = replay.cpp ] || echo "${file%.cpp}"; done)

cmake --preset fuzz >/dev/null
# Unquoted on purpose: one word per target.
# shellcheck disable=SC2046,SC2086
cmake --build --preset fuzz -j "$(nproc)" --target $(printf 'fuzz.%s ' $targets)
for target in $targets; do
    found=build/fuzz/found/$target
    mkdir -p "$found/corpus"
    echo "$target, $seconds s"
    "build/fuzz/tests/fuzz/fuzz.$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$found/" "$found/corpus" "tests/fuzz/corpus/$target" >"$found/log" 2>&1 || {
        tail -n 50 "$found/log"
        echo "$target: the log is $found/log" >&2
        exit 1
    }
    grep -E 'number_of_executed_units|average_exec' "$found/log" || true
done
