#!/bin/sh
# What else there is to train with, in its current version: makes a virtual environment with PyTorch and JAX for
# processors from the Python package index (some 2 GB) in build/references and times the update of bench.training in
# them, on the very same episodes. Lines of JSON.
#   benchmarks/references.sh [BENCH_TRAINING] [options of pytorch_reference.py and jax_reference.py, such as --threads 1]
# `compare.py --python build/references/bin/python` puts PyTorch's, and JAX's, beside ours in one table.
set -eu
cd "$(dirname "$0")/.."
program=build/bench/benchmarks/bench.training
case "${1-}" in
    "" | -*) ;;
    *) program=$1; shift ;;
esac
environment=build/references
if [ ! -x $environment/bin/python ]; then
    "${PYTHON-python3}" -m venv $environment
    # The index of PyTorch has a version without CUDA's libraries; where it cannot be reached, the larger one does.
    $environment/bin/pip install --quiet torch --index-url https://download.pytorch.org/whl/cpu ||
        $environment/bin/pip install --quiet torch
    $environment/bin/pip install --quiet numpy jax
fi
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"$program" "--save_batch=$folder/batch.safetensors"
$environment/bin/python benchmarks/pytorch_reference.py "$folder/batch.safetensors" "$@"
$environment/bin/python benchmarks/jax_reference.py "$folder/batch.safetensors" "$@"
