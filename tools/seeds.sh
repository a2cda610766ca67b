#!/bin/sh
# Runs the gridworld example for several seeds, one after the other, and prints what each reached as a Markdown table.
#   tools/seeds.sh PRESET SEED...        (after ./demo.sh, which builds the program)
# Stages that have finished in runs/gridworld-PRESET-SEED are not trained again.
set -eu
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { echo "usage: tools/seeds.sh PRESET SEED..." >&2; exit 2; }
[ -x build/release/examples/gridworld ] || { echo "tools/seeds.sh: build/release/examples/gridworld is missing: run ./demo.sh first" >&2; exit 1; }
preset=$1
shift
# The last value of a column of a CSV file.
last() {
    awk -F, -v name="$2" -v form="${3-%.3f}" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) column = i } NR > 1 { value = $column } END { printf form, value }' "$1"
}
# The mean of the last tenth of column "success", as on the page.
success() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "success") column = i } NR > 1 { value[++rows] = $column }
        END { count = rows < 10 ? 1 : int(rows / 10); for (i = rows - count + 1; i <= rows; ++i) sum += value[i]; printf "%.3f", sum / count }' "$1"
}
# The weakest of the unseen transitions, whose columns are named "0>1", at the layer that is best on the tasks for selection
# (where the preset has none: on the unseen task, which flatters).
weakest() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) { if ($i == "success") success = i; if ($i == "selection") selection = i; if ($i ~ />/) unseen[i] = 1 } }
        NR > 1 { by = $selection ~ /nan/ ? $success : $selection; low = 2; for (i in unseen) if ($i < low) low = $i
                 if (NR == 2 || by + 0 > best + 0) { best = by; value = low } }
        END { printf "%.3f", value }' "$1"
}
echo "| seed | action loss | weakest unseen transition | precision / recall within one step | by chance | to the step | steps late | decisive codes | goals | transplant | internal RL | raw RL |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|"
for seed in "$@"; do
    run=runs/gridworld-$preset-$seed
    build/release/examples/gridworld all --preset "$preset" --seed "$seed" --output "$run" >&2
    discover=$run/discover.csv
    echo "| $seed | $(last "$run/pretrain.csv" action_nll) | $(weakest "$run/steer.csv") | $(last "$discover" precision) / $(last "$discover" recall)" \
        "| $(last "$discover" chance_precision %.2f) / $(last "$discover" chance_recall %.2f) | $(last "$discover" precision_0) / $(last "$discover" recall_0)" \
        "| $(last "$discover" offset %+.2f) | $(last "$run/codes-summary.csv" decisive) | $(last "$run/codes-summary.csv" covered %d) | $(last "$run/codes-summary.csv" transplant)" \
        "| $(success "$run/internal-rl.csv") | $(success "$run/raw-rl.csv") |"
done
