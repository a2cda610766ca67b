#!/bin/sh
# What ./demo.sh --from zoo shows: on the zoo's weights internal RL solves the unseen task within a minute, and raw-action
# RL does not.
# Usage: zoo.sh GRIDWORLD ROOT
set -eu
gridworld=$1
cd "$2"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
OMP_WAIT_POLICY=passive "$gridworld" all --config examples/zoo/gridworld-demo.toml --output "$folder"
# The mean of the last five batches.
success() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "success") column = i } NR > 1 { value[NR] = $column }
        END { for (i = NR - 4; i <= NR; ++i) sum += value[i]; print sum / 5 }' "$folder/$1.csv"
}
awk "BEGIN { exit !($(success internal-rl) >= 0.8) }" || { echo "internal RL succeeds in $(success internal-rl)" >&2; exit 1; }
awk "BEGIN { exit !($(success raw-rl) < 0.05) }" || { echo "raw-action RL succeeds in $(success raw-rl)" >&2; exit 1; }
grep -q "gridworld all --preset demo --seed 1" "$folder/report.html"
