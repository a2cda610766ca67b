#!/bin/sh
# A run that is killed again and again (KILL or TERM, at random moments of every stage) and started with the same command
# ends with the checkpoints, bit for bit, and the tables, but for seconds, of an unbroken run.
# Usage: soak.sh PROGRAM KILLS SEED [options of it]
set -eu
program=$1
kills=$2
seed=$3
shift 3
options=$*
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"

begin=$(date +%s%N)
run unbroken || { cat "$folder/unbroken.log" >&2; exit 1; }
length=$(($(date +%s%N) - begin))
killed=0
runs=0
draws=0
while [ "$killed" -lt "$kills" ] || [ -d "$folder/broken" ]; do
    # The moment, in seconds, up to half the length of a whole run, so that most runs are killed more than once; none once
    # there were enough kills.
    draws=$((draws + 1))
    moment=$(awk -v seed="$seed$draws" -v nanoseconds="$length" 'BEGIN { srand(seed); rand(); printf "%.3f", rand() * nanoseconds / 2e9 }')
    [ "$killed" -lt "$kills" ] || moment=86400
    [ $((draws % 2)) = 0 ] && signal=KILL || signal=TERM
    status=0
    run broken timeout --foreground -s "$signal" "$moment" || status=$?
    case $status in
        124 | 137) killed=$((killed + 1)) ;;
        0)
            all_same unbroken broken || exit 1
            # Of a program that was killed gnuplot may live for a moment more, and write.
            rm -rf "$folder/broken" || { sleep 1 && rm -rf "$folder/broken"; }
            runs=$((runs + 1))
            echo "$killed kills, $runs runs"
            ;;
        *)
            echo "after $killed kills the run ended with $status:" >&2
            cat "$folder/broken.log" >&2
            exit 1
            ;;
    esac
done
echo "all of which ended as the unbroken one"
