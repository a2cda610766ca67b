#!/bin/sh
# What only shows does not end a run: streams that are closed, full or without a reader, tables without rows, a gnuplot that
# is not there, fails or hangs. Two runs do not share a folder. What is not understood is refused before anything is made.
# Usage: edges.sh GRIDWORLD
set -eu
program=$(realpath "$1")
options=
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"
fail() {
    echo "$*" >&2
    exit 1
}
quick="pretrain --pretrain.steps 30 --pretrain.batch 4"

run whole || { cat "$folder/whole.log" >&2; exit 1; }

# Streams.
# shellcheck disable=SC2086
{
    "$program" $quick --output "$folder/full" 2> /dev/full || fail "a full log ended the run"
    "$program" $quick --output "$folder/closed" <&- >&- 2>&- || fail "closed streams ended the run"
    { "$program" $quick --output "$folder/pipe" 2>&1 || touch "$folder/failed"; } | true
    [ ! -e "$folder/failed" ] || fail "a pipe without a reader ended the run"
}
for run in full closed pipe; do
    all_same full $run
    [ "$(wc -l < "$folder/$run/pretrain.csv")" = 31 ] || fail "the table of '$run' has other rows"
done

# report NAME [PREFIX ...]: of a copy of the whole run, with a page in it.
report() {
    name=$1
    shift
    # shellcheck disable=SC2015
    "$@" "$program" report --config "$folder/settings.toml" --output "$folder/$name" > "$folder/report.log" 2>&1 &&
        grep -q "</html>" "$folder/$name/report.html" || { cat "$folder/report.log" >&2; fail "no report: $name"; }
}
options="--print-config"
run whole
sed '/^output/d' "$folder/whole.log" > "$folder/settings.toml"
for table in pretrain probe steer steer-0 components discover discover-figures codes codes-summary inspect informed internal-rl internal-rl-modes agent raw-rl raw-rl-modes; do
    rm -rf "$folder/rowless"
    cp -r "$folder/whole" "$folder/rowless"
    head -n 1 "$folder/whole/$table.csv" > "$folder/rowless/$table.csv"
    rm "$folder/rowless/report.html"
    report rowless
done
mkdir "$folder/bin"
for behaviour in "exit 3" "exec sleep 1000" "echo nothing > \${1%.gnuplot}.svg" "kill -SEGV \$\$"; do
    printf '#!/bin/sh\n%s\n' "$behaviour" > "$folder/bin/gnuplot"
    chmod +x "$folder/bin/gnuplot"
    rm "$folder/whole/report.html"
    report whole env PATH="$folder/bin:$PATH"
done
rm "$folder/bin/gnuplot" "$folder/whole/report.html"
report whole env PATH="$folder/bin"
grep -q "gnuplot is not installed" "$folder/report.log" || fail "nothing said that gnuplot is missing"
rm "$folder/whole/report.html"
"$program" report --config "$folder/settings.toml" --output "$folder/whole" > /dev/full 2> "$folder/report.log" || fail "a full stdout ended the report"
grep -q "could not be printed" "$folder/report.log" || fail "nothing said that the table could not be printed"
grep -q "</html>" "$folder/whole/report.html"

# A finished stage whose table was deleted.
rm "$folder/whole/steer-0.csv" "$folder/whole/steer.csv"
"$program" steer --config "$folder/settings.toml" --output "$folder/whole" > "$folder/steer.log" 2>&1 || fail "steer: $(cat "$folder/steer.log")"

# Sharing.
"$program" pretrain --pretrain.steps 100000 --pretrain.batch 4 --checkpoint-seconds 0.1 --output "$folder/shared" 2> /dev/null &
first=$!
until [ -e "$folder/shared/pretrain.safetensors" ]; do sleep 0.1; done
for stage in pretrain report; do
    if "$program" $stage --pretrain.steps 100000 --pretrain.batch 4 --output "$folder/shared" 2> "$folder/second.log"; then
        fail "two runs in one folder"
    fi
    grep -q "$folder/shared: another run works in this folder, process $first" "$folder/second.log" || fail "$(cat "$folder/second.log")"
done
kill -KILL $first
wait $first 2> /dev/null || true

# Refusals.
for wrong in "--gain=nan" "--seed 010" "--seed 1 --seed 2" "--sed 1" "--record.episodes 100000000" "--raw.batch 2" \
    "--discover.boundary-weight 1"; do
    status=0
    # shellcheck disable=SC2086
    "$program" all $wrong --output "$folder/refused" 2> "$folder/refused.log" || status=$?
    if [ $status != 1 ] || [ "$(wc -l < "$folder/refused.log")" != 1 ] || [ -e "$folder/refused" ]; then
        fail "$wrong was not refused in a sentence"
    fi
done
