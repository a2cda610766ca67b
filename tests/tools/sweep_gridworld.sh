#!/bin/sh
# A sweep over the real program, a few steps each: two arms, learned switches and forced ones, by two learning rates and two
# seeds, which share what comes before. What was finished is not done again, and forced switches decide at every step.
# Usage: sweep_gridworld.sh GRIDWORLD SWEEP
set -eu
program=$1
sweep=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/arms.toml" << END
program = "$program"
folder = "$folder/arms"
stages = ["internal-rl", "raw-rl"]
curves = ["internal-rl"]

[options]
threads = 1
rl-task = "selection"
pretrain.steps = 60
pretrain.batch = 4
components.episodes = 16
discover.steps = 40
discover.batch = 4
discover.evaluation = 16
discover.refine-steps = 10
codes.count = 4
codes.episodes = 4
steer.episodes = 4
internal.episodes = 32
internal.batch = 8
internal.threshold = 0.1
raw.episodes = 16
raw.batch = 8

[over]
seed = [1, 2]
internal.learning-rate = [1e-3, 2e-3]

[variants.learned]
[variants.forced]
discover.forced-period = 1

[share]
pretrain = ["seed"]
components = ["seed"]
discover = ["seed", "variant"]
END

"$sweep" "$folder/arms.toml" --jobs 2 > "$folder/log" 2>&1 || { cat "$folder/log" "$folder"/arms/*/sweep.log >&2; exit 1; }
[ "$(find "$folder/arms/shared" -name pretrain.safetensors | wc -l)" = 8 ]  # each shared stage begins with what came before it
[ "$(wc -l < "$folder/arms/results.csv")" = 9 ]
[ "$(wc -l < "$folder/arms/medians.csv")" = 5 ]
# column FILE NAME: its values.
column() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) c = i } NR > 1 { print $c }' "$folder/arms/$1"
}
[ "$(column results.csv finished | sort -u)" = 1 ]
# By episode, decisions (column 2 of what is pasted) and steps: as many where switches are forced.
column internal-rl.csv variant > "$folder/variant"
column internal-rl.csv decisions > "$folder/decisions"
column internal-rl.csv length > "$folder/length"
paste -d " " "$folder/variant" "$folder/decisions" "$folder/length" | awk '
    $1 == 1 && $2 != $3 { print "forced, " $2 " decisions in " $3 " steps" > "/dev/stderr"; exit 1 }
    $1 == 0 && $2 < $3 { fewer = 1 }
    END { if (!fewer) { print "learned switches decide at every step" > "/dev/stderr"; exit 1 } }'
touch "$folder/before"
sleep 0.02
"$sweep" "$folder/arms.toml" > "$folder/log" 2>&1
grep -q "8 runs, 8 of them finished before" "$folder/log"
[ -z "$(find "$folder/arms" -newer "$folder/before" -name "*.safetensors")" ]
