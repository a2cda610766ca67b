#!/bin/sh
# A run that is killed again and again (SIGKILL) and started with the same command ends with the bits of an unbroken run.
# Usage: kill_and_resume.sh PROGRAM PRETRAINING-STEPS DISCOVERY-STEPS [options of it]
set -eu
program=$1
pretraining=$2
discovery=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Becomes the program: to be run in a subshell, whose process is then the program's.
run() {
    stage=$1
    output=$2
    shift 2
    exec "$program" "$stage" --output "$folder/$output" --checkpoint-seconds 0.1 --pretrain.steps "$pretraining" --pretrain.batch 8 \
        --discover.steps "$discovery" --discover.batch 8 --discover.refine-steps 20 \
        --steer.episodes 16 --internal.episodes 320 --internal.batch 16 "$@" 2>> "$folder/log"
}
(run record unbroken "$@")
(run record broken "$@")
for stage in pretrain components discover internal-rl; do
    (run $stage unbroken "$@" > /dev/null)
    kills=0
    while [ $kills -lt 4 ]; do
        (run $stage broken "$@" > /dev/null) &
        sleep "0.$((3 + 2 * kills))"
        kill -KILL $! || true
        wait $! || true
        kills=$((kills + 1))
    done
    (run $stage broken "$@" > /dev/null)
done
for stage in pretrain discover refine internal-rl; do
    cmp "$folder/unbroken/$stage.safetensors" "$folder/broken/$stage.safetensors"
done
# Other hyperparameters are refused, by name, and leave the checkpoint as it is.
more=$((pretraining + 1))
if "$program" pretrain --output "$folder/broken" --pretrain.steps $more --pretrain.batch 8 "$@" 2> "$folder/refused"; then
    echo "a checkpoint of another run was accepted" >&2
    exit 1
fi
grep -q "steps $more" "$folder/refused"
cmp "$folder/unbroken/pretrain.safetensors" "$folder/broken/pretrain.safetensors"
