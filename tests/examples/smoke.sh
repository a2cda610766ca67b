#!/bin/sh
# Every stage of a program runs, a few steps each, and leaves its table; the page is written.
# Usage: smoke.sh PROGRAM [options of it]
set -eu
program=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" all --output "$folder" --pretrain.steps 3 --pretrain.batch 4 --probe.steps 2 --probe.batch 4 --probe.evaluation 4 --steer.steps 2 --steer.batch 4 --steer.episodes 4 \
    --discover.steps 3 --discover.batch 4 --discover.evaluation 4 --discover.refine-steps 2 --codes.count 2 --codes.episodes 2 --inspect.episodes 8 \
    --internal.episodes 8 --internal.batch 8 --raw.episodes 8 --raw.batch 8 "$@"
for table in pretrain probe steer steer-base discover refine codes codes-summary inspect informed internal-rl internal-rl-modes raw-rl raw-rl-modes; do
    [ "$(wc -l < "$folder/$table.csv")" -gt 1 ] || { echo "$table.csv is empty" >&2; exit 1; }
done
grep -q "</html>" "$folder/report.html"
