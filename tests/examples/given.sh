#!/bin/sh
# A run on the weights of another one's agent: it learns, writes an agent and a page that say whose they are, trains
# nothing else, and takes up nothing of other weights.
# Usage: given.sh PROGRAM
set -eu
program=$1
options=
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"
fail() {
    echo "$1" >&2
    exit 1
}

run whole || { cat "$folder/whole.log" >&2; exit 1; }
options="--from $folder/whole/agent.safetensors"
run given || { cat "$folder/given.log" >&2; exit 1; }
for table in internal-rl internal-rl-modes inspect agent raw-rl raw-rl-modes; do
    [ "$(wc -l < "$folder/given/$table.csv")" -gt 1 ] || fail "$table.csv is empty"
done
for made in pretrain discover refine components; do
    [ ! -e "$folder/given/$made.safetensors" ] || fail "$made was trained"
done
# With the same seed a policy begins as in the other run, and ends elsewhere by what the agent's file was rounded.
grep -q "not trained in this run. They are those of $folder/whole/agent.safetensors: preset" "$folder/given.log" ||
    fail "the table does not say whose weights they are"
grep -q "They are those of .*whole/agent.safetensors: preset" "$folder/given/report.html" || fail "nor does the page"
grep -aq "base model and metacontroller from .*whole/agent.safetensors: preset" "$folder/given/agent.safetensors" ||
    fail "nor does the agent"

touch "$folder/before"
sleep 0.02
run given || { cat "$folder/given.log" >&2; exit 1; }
again=$(find "$folder/given" -newer "$folder/before" \( -name "*.safetensors" -o -name "*.done" \))
[ -z "$again" ] || fail "done again: $again"

refused() {
    if "$program" "$@" --output "$folder/given" 2> "$folder/message"; then fail "accepted: $*"; fi
    grep -q "$expected" "$folder/message" || { cat "$folder/message" >&2; exit 1; }
}
expected="the stage 'pretrain' has nothing to do"
refused pretrain --from "$folder/whole/agent.safetensors"
expected="belongs to"
refused internal-rl --from "$folder/whole/pretrain.safetensors"
options="--from $folder/given/agent.safetensors"
if run given; then fail "results on other weights were taken up"; fi
grep -q "belongs to something else: codes.file is" "$folder/given.log" || { cat "$folder/given.log" >&2; exit 1; }
