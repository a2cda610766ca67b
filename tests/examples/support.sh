# Sourced: a whole run in a second or two, in which every stage does a little of all that it does, and what is to be the
# same of two runs. The program and its further options are in $program and $options.
# shellcheck shell=sh
# shellcheck disable=SC2154
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1

case $(basename "$program") in
    ant) # learns from data sets, and its episodes take their time
        sizes="--record.episodes 24 --record.clean-episodes 24 --components.episodes 24 --pretrain.steps 220 --steer.episodes 4 --codes.episodes 4
            --inspect.episodes 8 --internal.episodes 64 --raw.episodes 32" ;;
    *)
        sizes="--components.episodes 16 --pretrain.steps 420 --steer.episodes 32 --codes.episodes 32 --inspect.episodes 64 --internal.episodes 160
            --raw.episodes 80" ;;
esac

# run OUTPUT [PREFIX ...]: the whole chain into that folder, as an argument of the prefix, if there is one.
run() {
    output=$1
    shift
    # shellcheck disable=SC2086
    "$@" "$program" all --pretrain.batch 4 --probe.steps 20 --probe.batch 8 --probe.evaluation 16 --steer.steps 60 --steer.batch 4 \
        --discover.steps 130 --discover.batch 4 --discover.refine-steps 60 --discover.evaluation 16 \
        --codes.count 8 --internal.batch 8 --internal.threshold 0.1 --raw.batch 8 --checkpoint-seconds 0.1 $sizes $options \
        --output "$folder/$output" > "$folder/$output.log" 2>&1
}

# What a run leaves that later stages build on. Figures and the page are made of it, and not compared.
results() {
    (cd "$folder/$1" && for file in *.safetensors *.csv; do
        case $file in plot-*) ;; *) echo "$file" ;; esac
    done)
}

# same ONE OTHER FILE: does it hold the same bits in both runs, but for columns of seconds?
same() {
    case $3 in
        *.csv)
            for run in "$1" "$2"; do
                awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i ~ /seconds$/) drop[i] }
                    { for (i in drop) $i = ""; print }' "$folder/$run/$3" > "$folder/$run.table" || return 1
            done
            cmp -s "$folder/$1.table" "$folder/$2.table"
            ;;
        *) cmp -s "$folder/$1/$3" "$folder/$2/$3" ;;
    esac
}

# all_same ONE OTHER: are all results the same?
all_same() {
    for file in $(results "$1"); do
        same "$1" "$2" "$file" || { echo "$file of the run '$2' is not that of the run '$1'" >&2; return 1; }
    done
}
