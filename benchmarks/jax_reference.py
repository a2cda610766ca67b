#!/usr/bin/python3
"""Updates of pretraining in JAX (jit, CPU), as pytorch_reference.py has them: the same models, the same batch, forward,
backward, clipping and AdamW in one compiled function whose arguments are given away. Prints a line of JSON for every
width, number of threads and layout.

    bench.training --save_batch=batch.safetensors
    python3 jax_reference.py batch.safetensors [--seconds 2]

XLA takes as many threads as there are processors that it may run on, so the script starts afresh on as many of them.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"))
from safetensors_io import load  # noqa: E402

DIMENSION, ACTIONS, CELLS = 2077, 4, 49
DEPTH, HEADS, BUCKETS, MAX_DISTANCE, TARGET_WEIGHT = 4, 4, 32, 32, 0.01


def parameters(width, mlp):
    random = np.random.default_rng(1)

    def linear(inputs, outputs):
        return {"w": (random.standard_normal((inputs, outputs)) * math.sqrt(0.1 / inputs)).astype(np.float32), "b": np.zeros(outputs, np.float32)}

    ones = np.ones(width, np.float32)
    blocks = [{"norm": [ones, ones], "projection": linear(width, 3 * width), "output": linear(width, width),
               "bias": (0.05 * random.standard_normal((BUCKETS, HEADS))).astype(np.float32),
               "first": linear(width, mlp), "second": linear(mlp, width)} for _ in range(DEPTH)]
    return {"embedding": (0.1 * random.standard_normal((DIMENSION, width))).astype(np.float32), "blocks": blocks, "norm": ones,
            "action": linear(width, ACTIONS), "target": linear(width, CELLS)}


def buckets(length):
    """T5's one-directional buckets of the distances query - key, and where the key lies in the future."""
    distance = np.arange(length)[:, None] - np.arange(length)[None, :]
    exact = BUCKETS // 2
    far = exact + (np.log(np.maximum(distance, 1) / exact) / math.log(MAX_DISTANCE / exact) * (BUCKETS - exact)).astype(int)
    return np.where(distance < exact, np.maximum(distance, 0), np.minimum(far, BUCKETS - 1)), distance < 0


def make_update(jax, arrays, packed):
    """The update as a function of (parameters, moments, step), and how many rows there are."""
    jnp = jax.numpy
    offsets = arrays["offsets"].astype(np.int64)
    lengths = np.diff(offsets)
    rows, count, longest = int(offsets[-1]), len(lengths), int(lengths.max())
    sequence = np.repeat(np.arange(count), lengths)
    places = sequence * longest + np.arange(rows) - offsets[sequence]
    observations, actions, targets = (arrays[name].astype(np.int64) for name in ("observations", "actions", "targets"))
    actions, targets = actions[:, 0], targets[:, 0].copy()
    targets[offsets[1:] - 1] = -1
    if not packed:
        def spread(x, missing):
            result = np.full((count * longest, *x.shape[1:]), missing, x.dtype)
            result[places] = x
            return result
        observations, actions, targets = spread(observations, 0), spread(actions, -1), spread(targets, -1)
    bucket, future = buckets(longest)

    def pad(x):
        return (jnp.zeros((count * longest, x.shape[-1]), x.dtype).at[places].set(x) if packed else x).reshape(count, longest, -1)

    def unpad(x):
        x = x.reshape(count * longest, -1)
        return x[places] if packed else x

    def norm(x, scale):
        return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), -1, keepdims=True) + 1e-6) * scale

    def apply(p, x):
        return x @ p["w"] + p["b"]

    def cross_entropy(logits, chosen):
        log_p = jax.nn.log_softmax(logits)
        of = jnp.take_along_axis(log_p, jnp.maximum(chosen, 0)[:, None], 1)[:, 0]
        return -jnp.sum(jnp.where(chosen >= 0, of, 0))

    def loss(p):
        x = jnp.sum(p["embedding"][observations], 1)
        for block in p["blocks"]:
            projected = pad(apply(block["projection"], norm(x, block["norm"][0])))
            query, key, value = jnp.moveaxis(projected.reshape(count, longest, 3, HEADS, -1), (2, 3), (0, 2))
            bias = jnp.where(future, -1e9, jnp.moveaxis(block["bias"][bucket], 2, 0))
            weights = jax.nn.softmax(query @ jnp.swapaxes(key, 2, 3) / math.sqrt(query.shape[-1]) + bias)
            x = x + apply(block["output"], unpad(jnp.swapaxes(weights @ value, 1, 2)))
            x = x + apply(block["second"], jax.nn.relu(apply(block["first"], norm(x, block["norm"][1]))))
        x = norm(x, p["norm"])
        return (cross_entropy(apply(p["action"], x), actions) + TARGET_WEIGHT * cross_entropy(apply(p["target"], x), targets)) / rows

    def update(p, mean, square, step):
        value, gradient = jax.value_and_grad(loss)(p)
        length = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in jax.tree_util.tree_leaves(gradient)))
        gradient = jax.tree_util.tree_map(lambda g: g * jnp.minimum(1.0, 1.0 / (length + 1e-6)), gradient)
        mean = jax.tree_util.tree_map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
        square = jax.tree_util.tree_map(lambda v, g: 0.999 * v + 0.001 * jnp.square(g), square, gradient)
        rate, correction = 1e-4 / (1 - 0.9 ** step), 1 / jnp.sqrt(1 - 0.999 ** step)
        p = jax.tree_util.tree_map(lambda x, m, v: (1 - 1e-4 * 0.03) * x - rate * m / (correction * jnp.sqrt(v) + 1e-8), p, mean, square)
        return p, mean, square, value

    return jax.jit(update, donate_argnums=(0, 1, 2)), rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("batch", help="episodes written by bench.training --save_batch=FILE")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long to measure each line")
    parser.add_argument("--widths", type=int, nargs="*", default=[64, 128, 256])
    parser.add_argument("--layouts", nargs="*", default=["packed", "padded"])
    parser.add_argument("--threads", type=int, help="1 and 2 if not given")
    arguments = parser.parse_args()
    if arguments.threads is None:
        for threads in "1", "2":
            subprocess.run([sys.executable, *sys.argv, "--threads", threads], check=True)
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-arguments.threads:])
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    arrays = load(arguments.batch)
    for width in arguments.widths:
        for layout in arguments.layouts:
            update, rows = make_update(jax, arrays, layout == "packed")
            p = jax.tree_util.tree_map(jax.numpy.asarray, parameters(width, 4 * width if width <= 64 else 2 * width))
            state = (p, jax.tree_util.tree_map(jax.numpy.zeros_like, p), jax.tree_util.tree_map(jax.numpy.zeros_like, p))
            times, end, step = [], float("inf"), 0
            while len(times) < 3 or time.perf_counter() < end:
                step += 1
                start, processor = time.perf_counter(), time.process_time()
                *state, value = update(*state, np.float32(step))
                value.block_until_ready()
                if step == 2:  # it has been compiled by then
                    end = time.perf_counter() + arguments.seconds
                elif step > 2:
                    times.append((time.perf_counter() - start, time.process_time() - processor))
            taken = statistics.median(wall for wall, _ in times)
            line = {"program": f"JAX {jax.__version__}", "width": width, "threads": arguments.threads, "layout": layout, "wait": "",
                    "milliseconds": 1e3 * taken, "processor_milliseconds": 1e3 * min(spent for _, spent in times),
                    "tokens_per_second": rows / taken, "loss": float(value)}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
