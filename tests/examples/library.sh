#!/bin/sh
# The agent of a run, from its file: C and Python have it decide alike, and what is wrong is a message.
# Usage: library.sh PROGRAM CALLER LIBRARY SCRIPT [PYTHON]
set -eu
program=$1
caller=$2
library=$3
script=$4
python=${5-}
options=
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"
fail() {
    echo "$1" >&2
    exit 1
}

run whole || { cat "$folder/whole.log" >&2; exit 1; }
agent=$folder/whole/agent.safetensors
zeros=$(printf '0 %.0s' $(seq 64))
# Lists are unquoted on purpose: one word per entry.
# shellcheck disable=SC2086
{
    "$caller" "$agent" $zeros > "$folder/c"
    [ "$(wc -l < "$folder/c")" -eq 8 ] || fail "not eight steps"
    head -n 1 "$folder/c" | grep -q " new code" || fail "the first step takes no code"
    if [ -n "$python" ]; then
        "$python" "$script" "$library" "$agent" $zeros > "$folder/python"
        cmp "$folder/c" "$folder/python"
    fi
    for wrong in -1 0.5 1e9 nan; do
        if "$caller" "$agent" $wrong $zeros > "$folder/out" 2> "$folder/message"; then fail "observation $wrong was accepted"; fi
        grep -q "not of its space" "$folder/message"
    done
    head -c 1000 "$agent" > "$folder/short"
    if "$caller" "$folder/short" $zeros 2> "$folder/message"; then fail "half a file was accepted"; fi
    grep -q "the header is said to have" "$folder/message"
    if "$caller" "$folder/whole/pretrain.safetensors" $zeros 2> "$folder/message"; then fail "a checkpoint was accepted"; fi
    grep -q "belongs to" "$folder/message"
}
