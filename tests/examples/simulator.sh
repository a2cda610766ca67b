#!/bin/sh
# An agent of the ant, from its file: the simulator plays it and draws it, alike for a seed; what is wrong is a message.
# Usage: simulator.sh SIMULATOR ZOO PROGRAM: the agent is the zoo's, or of a short run of the program where it has none.
set -eu
simulator=$1
zoo=$2
program=$3
options=
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"
fail() {
    echo "$1" >&2
    exit 1
}

agent=$zoo/ant-demo.safetensors
if [ ! -e "$agent" ]; then
    run whole || { cat "$folder/whole.log" >&2; exit 1; }
    agent=$folder/whole/agent.safetensors
fi
"$simulator" "$agent" "$folder/ant" 3 > "$folder/out"
grep -Eq " after [0-9.]+ s, [0-9]+ codes and [0-4] of 4 colours" "$folder/out" || fail "says nothing of the episode"
"$simulator" "$agent" "$folder/again" 3 | head -n 1 > "$folder/first"
head -n 1 "$folder/out" | cmp - "$folder/first"
cmp "$folder/ant.svg" "$folder/again.svg"
grep -q "<polyline" "$folder/ant.svg"
if grep -q "[.]png" "$folder/out"; then
    [ "$(wc -c < "$folder/ant.png")" -gt 20000 ] || fail "the picture is all but empty"
fi
if "$simulator" "$zoo/gridworld-demo.safetensors" "$folder/none" 2> "$folder/message"; then
    fail "the agent of another world was accepted"
fi
grep -q "belongs to" "$folder/message"
[ ! -e "$folder/none.svg" ] || fail "drew what it did not play"
