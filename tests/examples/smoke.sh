#!/bin/sh
# Every stage of a program runs, a few steps each, and leaves its table; the page is written. What is done is not done again.
# Usage: smoke.sh PROGRAM [options of it]
set -eu
program=$1
shift
options=$*
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"

run smoke || { cat "$folder/smoke.log" >&2; exit 1; }
case $program in  # what the encoder sees is to be found
    */gridworld) found=components ;;
    *) found="components beliefs" ;;
esac
for table in pretrain probe steer steer-base $found discover discover-figures refine codes codes-summary inspect informed internal-rl internal-rl-modes agent raw-rl raw-rl-modes; do
    [ "$(wc -l < "$folder/smoke/$table.csv")" -gt 1 ] || { echo "$table.csv is empty" >&2; exit 1; }
done
grep -q "</html>" "$folder/smoke/report.html"
# Beliefs are probabilities at every step of four episodes. The exact posterior, where there is one, is of the same
# episodes: it never rules out what is true.
awk -F, 'NR > 1 { sum[$1 "," $2 "," $3] += $5; episodes[$1]; if ($2 ~ /Bayes/) { exact = 1; if ($6 == 1 && $5 <= 0) wrong = 1 } }
    END { for (step in sum) if (sum[step] < 0.99 || sum[step] > 1.01) wrong = 1
          exit wrong || length(episodes) != 4 || exact != ("'"$(basename "$program")"'" == "gridworld") }' "$folder/smoke/plot-beliefs.csv" ||
    { echo "beliefs are wrong" >&2; exit 1; }

touch "$folder/before"
sleep 0.02
run smoke || { cat "$folder/smoke.log" >&2; exit 1; }
again=$(find "$folder/smoke" -newer "$folder/before" \( -name "*.safetensors" -o -name "*.done" \))
[ -z "$again" ] || { echo "done again: $again" >&2; exit 1; }
# Other hyperparameters are refused, by name, and leave the checkpoint as it is.
cp "$folder/smoke/pretrain.safetensors" "$folder/kept"
if (options="$options --pretrain.lambda 0.5" && run smoke); then
    echo "a checkpoint of another run was accepted" >&2
    exit 1
fi
grep -q "lambda is .*, expected 0.5" "$folder/smoke.log"
cmp "$folder/kept" "$folder/smoke/pretrain.safetensors"
