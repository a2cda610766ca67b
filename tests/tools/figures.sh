#!/bin/sh
# The sweeps that make the paper's figures, up to two runs of each variant and a few steps each, and the page of what they
# left: every figure is drawn, of the runs that there are, and what is missing is named.
# Usage: figures.sh GRIDWORLD SWEEP FOLDER_OF_SWEEP_FILES
set -eu
program=$1
sweep=$2
files=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/short" << END
threads=1
pretrain.steps=30
pretrain.batch=4
probe.steps=4
probe.batch=4
probe.evaluation=4
steer.steps=8
steer.batch=4
steer.episodes=4
components.episodes=16
discover.steps=20
discover.batch=4
discover.evaluation=16
discover.refine-steps=4
codes.count=4
codes.episodes=4
internal.episodes=48
internal.batch=16
internal.threshold=0.1
raw.episodes=48
raw.batch=16
END
failed() {
    echo "$1" >&2
    cat "$folder"/log "$folder"/*/*/sweep.log >&2
    exit 1
}
# make FIGURE: runs of seed 1 that --print shows.
make() {
    figure=$1
    set -- --program "$program" --folder "$folder/$figure"
    while read -r setting; do set -- "$@" --set "$setting"; done < "$folder/short"
    "$sweep" "$files/$figure.toml" "$@" --print | sed "s/.* --only //; s/'//g" |
        awk '/(^|,)seed=1(,|$)/ { variant = $0; sub(/,.*/, "", variant); if (++seen[variant] <= 2) print }' > "$folder/runs"
    while read -r run; do
        "$sweep" "$files/$figure.toml" "$@" --only "$run" > "$folder/log" 2>&1 < /dev/null || failed "$figure: $run"
    done < "$folder/runs"
    "$sweep" "$files/$figure.toml" "$@" --tables > "$folder/log" || failed "$figure: tables"
}
make figure-7
make figure-8
# The variant `steps` is trained for as long as its file says.
sed "s/3000, 6000, 12000, 24000/20, 30/" "$files/figure-a2.toml" > "$folder/figure-a2.toml"
sed "s/1500, 3000, 6000, 12000, 24000/20, 30/" "$files/figure-a1.toml" > "$folder/figure-a1.toml"
files=$folder
make figure-a2
make figure-a1
"$program" figures "$folder/figure-7" "$folder/figure-8" "$folder/figure-a2" "$folder/figure-a1" --output "$folder/page" > "$folder/log" 2>&1 ||
    failed "figures"
page=$folder/page/figures.html
says() {
    grep -q "$1" "$page" || { echo "the page does not say: $1" >&2; exit 1; }
}
says "Figure 7: rate and distortion"
says "Figures 8 and A5: success by episodes"
says "Figure A1: beliefs by layer and steps of pretraining"
says "Figure A2: supervised controllers by layer"
for variant in learned forced co-trained compile raw frozen steps weight-decay lambda epsilon; do says "<td>$variant"; done
says "Of $folder/figure-7: 72 runs, 8 of them finished, 3 seeds; to make them anew takes [0-9.]* [sm]"
says "is not swept over an option of pretraining"
# Every figure has numbers of every variant that was run.
for name in figure-7-1 figure-7-1-log figure-8-2 figure-8-2-log figure-a2-3-1 figure-a2-3-4 figure-a1-4-1; do [ -s "$folder/page/$name.csv" ]; done
[ "$(cut -d, -f1 "$folder/page/figure-8-2.csv" | sort -u | wc -l)" = 6 ]
if command -v gnuplot > /dev/null; then [ "$(grep -c "<svg" "$page")" = 9 ]; fi

# refused SENTENCE WORDS...: on one line, with status 1.
refused() {
    sentence=$1
    shift
    if "$program" figures "$@" > /dev/null 2> "$folder/log"; then echo "not refused: $sentence" >&2; exit 1; fi
    grep -q "$sentence" "$folder/log" || { cat "$folder/log" >&2; exit 1; }
    [ "$(wc -l < "$folder/log")" = 1 ]
}
refused "figures of which sweeps?" --output "$folder/page"
refused "there is no $folder/none/results.csv: 'tools/sweep FILE.toml --tables' writes" "$folder/none" --output "$folder/page"
mv "$folder/figure-a2/steer.csv" "$folder/steer.csv"
refused "there is no $folder/figure-a2/steer.csv" "$folder/figure-a2" --output "$folder/page"
sed "1s/,success,/,other,/" "$folder/steer.csv" > "$folder/figure-a2/steer.csv"
refused "figure-a2/steer.csv: the table has no column 'success'" "$folder/figure-a2" --output "$folder/page"
rm "$folder/figure-a2/medians.csv"
refused "there is no $folder/figure-a2/medians.csv" "$folder/figure-a2" --output "$folder/page"
