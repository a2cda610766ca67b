#!/bin/sh
# Runs the gridworld example for several seeds, one after the other, and prints what each reached as a Markdown table.
#   tools/seeds.sh PRESET SEED...        (after ./demo.sh, which builds the program)
# Finished runs in runs/ are read, not run again.
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
# The last value of a column of a CSV file.
last() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) column = i } NR > 1 { value = $column } END { printf "%.3f", value }' "$1"
}
echo "| seed | action loss | weakest unseen transition | precision / recall | decisive codes | goals | transplant | internal RL | raw RL |"
echo "|---|---|---|---|---|---|---|---|---|"
for seed in "$@"; do
    run=runs/$preset-$seed
    build/release/examples/gridworld all --preset "$preset" --seed "$seed" --output "$run" >&2
    # The weakest of the transitions (columns 4 and on) at the layer where it is strongest.
    weakest=$(awk -F, 'NR > 1 { low = $4; for (i = 5; i <= NF; ++i) if ($i < low) low = $i; if (low > best) best = low } END { printf "%.3f", best }' "$run/steer.csv")
    echo "| $seed | $(last "$run/pretrain.csv" action_nll) | $weakest | $(last "$run/discover.csv" precision) / $(last "$run/discover.csv" recall) | $(last "$run/codes-summary.csv" decisive) |" \
        "$(last "$run/codes-summary.csv" covered) | $(last "$run/codes-summary.csv" transplant) | $(last "$run/internal-rl.csv" success) | $(last "$run/raw-rl.csv" success) |"
done
