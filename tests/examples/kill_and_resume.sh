#!/bin/sh
# A run that is killed again and again (SIGKILL) and started with the same command ends with the bits of an unbroken run.
# Usage: kill_and_resume.sh GRIDWORLD
set -eu
gridworld=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Becomes the program: to be run in a subshell, whose process is then the program's.
run() {
    exec "$gridworld" "$1" --output "$folder/$2" --checkpoint-seconds 0.1 --pretrain.steps 150 --pretrain.batch 8 \
        --discover.steps 60 --discover.batch 8 --discover.refine-steps 20 2>> "$folder/log"
}
for stage in pretrain discover; do
    (run $stage unbroken > /dev/null)
    kills=0
    while [ $kills -lt 4 ]; do
        (run $stage broken > /dev/null) &
        sleep "0.$((3 + 2 * kills))"
        kill -KILL $! || true
        wait $! || true
        kills=$((kills + 1))
    done
    (run $stage broken > /dev/null)
    cmp "$folder/unbroken/$stage.safetensors" "$folder/broken/$stage.safetensors"
done
cmp "$folder/unbroken/refine.safetensors" "$folder/broken/refine.safetensors"
# Other hyperparameters are refused, by name, and leave the checkpoint as it is.
if "$gridworld" pretrain --output "$folder/broken" --pretrain.steps 151 --pretrain.batch 8 2> "$folder/refused"; then
    echo "a checkpoint of another run was accepted" >&2
    exit 1
fi
grep -q "steps 151" "$folder/refused"
cmp "$folder/unbroken/pretrain.safetensors" "$folder/broken/pretrain.safetensors"
