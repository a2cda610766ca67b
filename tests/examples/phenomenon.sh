#!/bin/sh
# The demonstration reaches what the project exists for, from nothing (minutes): every unseen transition under supervised
# controllers, switches at the true boundaries, codes that mean goals, internal RL that solves what raw-action RL does not.
# Usage: phenomenon.sh GRIDWORLD [options of it]
set -eu
gridworld=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
OMP_WAIT_POLICY=passive "$gridworld" all --preset demo --output "$folder" "$@"

# check FILE "what" "awk condition on the last row's columns, by name as v[\"name\"]"
check() {
    awk -F, -v what="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) name[i] = $i } NR > 1 { for (i = 1; i <= NF; ++i) v[name[i]] = $i }
        END { if ('"$3"') exit 0; print "failed: " what > "/dev/stderr"; exit 1 }' "$folder/$1.csv"
}
# The weakest unseen transition (columns "0>1") at the layer that is best on the tasks for selection.
awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) { if ($i == "selection") selection = i; if ($i ~ />/) unseen[i] = 1 } }
    NR > 1 { low = 2; for (i in unseen) if ($i < low) low = $i; if (NR == 2 || $selection + 0 > best) { best = $selection + 0; value = low } }
    END { if (value < 0.9) { print "failed: supervised controllers, weakest unseen transition " value > "/dev/stderr"; exit 1 } }' "$folder/steer.csv"
check discover "the switch opens where subgoals change" 'v["precision"] >= 0.9 && v["recall"] >= 0.9'
check discover "neither early nor late" 'v["offset"] >= -0.5 && v["offset"] <= 0.5'
check discover "chance would not" 'v["chance_precision"] < 0.8 && v["chance_recall"] < 0.8'
check codes-summary "held codes mean goals" 'v["decisive"] > 0.5 && v["covered"] == 4'
check codes-summary "codes carry over to new layouts" 'v["transplant"] > 0.8'
check internal-rl "internal RL solves the unseen task" 'v["success"] >= 0.8'
check raw-rl "raw-action RL does not" 'v["success"] < 0.05'
