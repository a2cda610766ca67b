#!/bin/sh
# The same seed gives the same checkpoints and tables on 1, 2 and 3 threads; another seed gives others at every stage.
# Usage: bits.sh PROGRAM [options of it]
set -eu
program=$1
shift
given=$*
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"

for run in 1 2 3; do
    options="$given --config $folder/$run.toml"
    echo "threads = $run" > "$folder/$run.toml"
    run $run || { cat "$folder/$run.log" >&2; exit 1; }
done
all_same 1 2
all_same 1 3
options="$given --seed 2"
run other || { cat "$folder/other.log" >&2; exit 1; }
# nothing RUN FILE: is it a table of successes in which there is none? Then it is the same for all seeds, and so may be the
# number of decisions: as many as there are steps.
nothing() {
    case $2 in *.csv) ;; *) return 1 ;; esac
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) given[i] = $i == "layer" || $i == "gain" || $i == "decisions" }
        NR > 1 { for (i = 1; i <= NF; ++i) if (!given[i] && $i != "nan" && $i != 0) something = 1 }
        END { exit something }' "$folder/$1/$2"
}
for file in $(results 1); do
    if same 1 other "$file" && ! nothing 1 "$file"; then
        echo "$file is the same for two seeds" >&2
        bad=1
    fi
done
[ -z "${bad-}" ]
