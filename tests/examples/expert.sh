#!/bin/sh
# `ant expert`: both phases of a tiny training leave weights that can be reported on; those that come with the example
# walk; what cannot be read is refused by name.
# Usage: expert.sh PROGRAM WEIGHTS
set -eu
program=$1
weights=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" expert train --output "$folder" --expert.walk.updates 2 --expert.arrive.updates 2 --expert.instances 4 --expert.steps 8 --expert.minibatches 2 --expert.era 1 \
    --expert.episodes 2
"$program" expert report --weights "$folder/expert-weights.safetensors" --output "$folder/tiny" --expert.episodes 2
[ "$(wc -l < "$folder/tiny/expert-success.csv")" -eq 5 ] || { echo "expert-success.csv should have a header and four rows" >&2; exit 1; }

"$program" expert report --weights "$weights" --output "$folder/shipped" --expert.episodes 24
# Columns: unseen, temperature, episodes, success, ...; the expert of docs/ant.md succeeds .78 to .88 of the time.
awk -F, 'NR > 1 && $4 < 0.5 { print "success " $4 " of unseen " $1 ", temperature " $2; bad = 1 } END { exit bad || NR != 5 }' "$folder/shipped/expert-success.csv"

head -c 1000 "$weights" > "$folder/truncated.safetensors"
if "$program" expert report --weights "$folder/truncated.safetensors" --output "$folder/bad" 2> "$folder/errors"; then
    echo "a truncated file was taken for weights" >&2
    exit 1
fi
grep -q "truncated.safetensors" "$folder/errors"
