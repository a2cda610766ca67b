#!/bin/sh
# A run whose disk is full at a random write ends in a sentence that says so, or goes on without its figures; once there is
# room the same command ends with the results of a run that always had room. Exit status 77 where nothing can be mounted.
# Usage: full_disk.sh PROGRAM TRIALS SEED [options of it]
set -eu
if [ -z "${MIDSTREAM_OWN_MOUNTS-}" ]; then
    unshare -rm mount -t tmpfs none /mnt 2> /dev/null || { echo "cannot mount here: skipped" >&2; exit 77; }
    MIDSTREAM_OWN_MOUNTS=1 exec unshare -rm "$0" "$@"
fi
program=$1
trials=$2
seed=$3
shift 3
options=$*
# shellcheck source=tests/examples/support.sh
. "$(dirname "$0")/support.sh"

run roomy || { cat "$folder/roomy.log" >&2; exit 1; }
size=$(du -sk "$folder/roomy" | cut -f 1)
mkdir "$folder/small"
trial=0
failures=0
while [ $trial -lt "$trials" ]; do
    trial=$((trial + 1))
    kilobytes=$(awk -v seed="$seed$trial" -v size="$size" 'BEGIN { srand(seed); rand(); printf "%d", 8 + rand() * size * 1.1 }')
    mount -t tmpfs -o "size=${kilobytes}k" none "$folder/small"
    status=0
    run small || status=$?
    [ $status -le 1 ] || { echo "with $kilobytes KB the run ended with $status" >&2; cat "$folder/small.log" >&2; exit 1; }
    if [ $status = 1 ]; then
        failures=$((failures + 1))
        grep -q "No space left on device" "$folder/small.log" || { cat "$folder/small.log" >&2; exit 1; }
    fi
    mount -o "remount,size=$((4 * size))k" "$folder/small"
    run small || { echo "with room after $kilobytes KB the run still failed" >&2; cat "$folder/small.log" >&2; exit 1; }
    all_same roomy small || exit 1
    umount "$folder/small"
done
echo "$failures of $trials runs met a full disk, and all ended as the one that did not"
