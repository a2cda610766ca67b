#!/usr/bin/python3
"""Updates of pretraining in PyTorch, for the same models and the same batch as bench.training: forward, backward,
clipping and AdamW (fused, where PyTorch has that). Prints a line of JSON for every width, number of threads, layout,
as written and through torch.compile (where PyTorch has that, and a C++ compiler), and (of two threads) way of waiting:
its OpenMP threads and those of its BLAS compete for the cores if they spin.

    bench.training --save_batch=batch.safetensors
    python3 pytorch_reference.py batch.safetensors [--seconds 2]

Whoever compares should take the fastest. The layouts are:
  packed   as midstream: linear maps and norms on the rows that exist; attention on padded queries, keys and values,
           gathered for it and scattered back
  padded   everything on sequences padded to the longest; the loss skips padding (a causal model needs no other mask)
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
import torch
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"))
from safetensors_io import load  # noqa: E402

DIMENSION, ACTIONS, CELLS = 2077, 4, 49
DEPTH, HEADS, BUCKETS, MAX_DISTANCE, TARGET_WEIGHT = 4, 4, 32, 32, 0.01


class RmsNorm(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.scale


def buckets(length):
    """T5's one-directional buckets of the distances query - key, and where the key lies in the future."""
    distance = torch.arange(length)[:, None] - torch.arange(length)[None, :]
    exact = BUCKETS // 2
    far = exact + (torch.log(distance.clamp(min=1) / exact) / math.log(MAX_DISTANCE / exact) * (BUCKETS - exact)).long()
    return torch.where(distance < exact, distance.clamp(min=0), far.clamp(max=BUCKETS - 1)), distance < 0


class Block(torch.nn.Module):
    def __init__(self, width, mlp):
        super().__init__()
        self.norms = torch.nn.ModuleList([RmsNorm(width), RmsNorm(width)])
        self.projection = torch.nn.Linear(width, 3 * width)
        self.output = torch.nn.Linear(width, width)
        self.relative_bias = torch.nn.Parameter(torch.randn(BUCKETS, HEADS) * 0.05)
        self.first, self.second = torch.nn.Linear(width, mlp), torch.nn.Linear(mlp, width)

    def forward(self, x, batch):
        projected = batch.pad(self.projection(self.norms[0](x)))
        sequences, length, _ = projected.shape
        query, key, value = projected.view(sequences, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4).unbind(0)
        bias = functional.embedding(batch.buckets, self.relative_bias).permute(2, 0, 1).masked_fill(batch.future, -1e9)
        weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(query.size(-1)) + bias, -1)
        mixed = (weights @ value).transpose(1, 2).reshape(sequences, length, -1)
        x = x + self.output(batch.unpad(mixed))
        return x + self.second(functional.relu(self.first(self.norms[1](x))))


class Model(torch.nn.Module):
    def __init__(self, width, mlp):
        super().__init__()
        self.embedding = torch.nn.EmbeddingBag(DIMENSION, width, mode="sum")
        self.blocks = torch.nn.ModuleList(Block(width, mlp) for _ in range(DEPTH))
        self.norm = RmsNorm(width)
        self.action, self.target = torch.nn.Linear(width, ACTIONS), torch.nn.Linear(width, CELLS)

    def loss(self, batch):
        x = self.embedding(batch.observations).view(*batch.shape, -1)
        for block in self.blocks:
            x = block(x, batch)
        x = self.norm(x).view(-1, x.size(-1))
        action = functional.cross_entropy(self.action(x), batch.actions, ignore_index=-1, reduction="sum")
        target = functional.cross_entropy(self.target(x), batch.targets, ignore_index=-1, reduction="sum")
        return (action + TARGET_WEIGHT * target) / batch.rows


class Batch:
    """Episodes in one of the layouts."""

    def __init__(self, arrays, packed):
        offsets = torch.as_tensor(arrays["offsets"].astype(np.int64))
        lengths = offsets.diff()
        self.rows, count, longest = int(offsets[-1]), len(lengths), int(lengths.max())
        sequence = torch.repeat_interleave(torch.arange(count), lengths)
        self.places = sequence * longest + torch.arange(self.rows) - offsets[sequence]
        self.padded_shape = (count, longest)
        self.packed = packed
        observations, actions, targets = (torch.as_tensor(arrays[name].astype(np.int64)) for name in ("observations", "actions", "targets"))
        actions, targets = actions[:, 0].clone(), targets[:, 0].clone()
        targets[offsets[1:] - 1] = -1
        self.buckets, self.future = buckets(longest)
        if packed:
            self.shape = (self.rows,)
            self.observations, self.actions, self.targets = observations, actions, targets
        else:
            self.shape = self.padded_shape
            self.observations = torch.zeros(count * longest, observations.size(1), dtype=torch.long)
            self.observations[self.places] = observations
            self.actions, self.targets = (torch.full((count * longest,), -1).index_copy(0, self.places, x) for x in (actions, targets))

    def pad(self, x):
        if not self.packed:
            return x
        count, longest = self.padded_shape
        return x.new_zeros(count * longest, x.size(-1)).index_copy(0, self.places, x).view(count, longest, -1)

    def unpad(self, x):
        return x.reshape(-1, x.size(-1)).index_select(0, self.places) if self.packed else x


def measure(model, batch, seconds, compiled):
    """The median time of an update by the clock, and the least processor time."""
    try:
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.03, fused=True)
    except (RuntimeError, TypeError):  # before 2.4
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.03)
    loss = torch.compile(lambda: model.loss(batch)) if compiled else lambda: model.loss(batch)

    def update():
        optimiser.zero_grad(set_to_none=True)
        loss().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    update()
    update()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start, processor = time.perf_counter(), time.process_time()
        update()
        times.append((time.perf_counter() - start, time.process_time() - processor))
    return statistics.median(wall for wall, _ in times), min(spent for _, spent in times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("batch", help="episodes written by bench.training --save_batch=FILE")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long to measure each line")
    parser.add_argument("--widths", type=int, nargs="*", default=[64, 128, 256])
    parser.add_argument("--layouts", nargs="*", default=["packed", "padded"])
    parser.add_argument("--threads", type=int, help="1 and 2 if not given")
    arguments = parser.parse_args()
    if arguments.threads is None:  # threads and how they wait are taken from the environment that a program starts in
        for threads, wait in ("1", "passive"), ("2", "passive"), ("2", "active"):
            environment = dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads, OMP_WAIT_POLICY=wait)
            subprocess.run([sys.executable, *sys.argv, "--threads", threads], env=environment, check=True)
        return
    torch.set_num_threads(arguments.threads)
    arrays = load(arguments.batch)
    for width in arguments.widths:
        for layout in arguments.layouts:
            for compiled in (False, True) if hasattr(torch, "compile") else (False,):
                torch.manual_seed(1)
                batch = Batch(arrays, layout == "packed")
                model = Model(width, 4 * width if width <= 64 else 2 * width)
                try:
                    taken, processor = measure(model, batch, arguments.seconds, compiled)
                except Exception as error:  # no C++ compiler, or one that this PyTorch does not go with
                    if not compiled:
                        raise
                    print(f"torch.compile, width {width}, {layout}: {error}", file=sys.stderr)
                    continue
                line = {"program": f"PyTorch {torch.__version__}", "width": width, "threads": arguments.threads,
                        "layout": layout + (", compiled" if compiled else ""), "wait": os.environ.get("OMP_WAIT_POLICY", ""),
                        "milliseconds": 1e3 * taken, "processor_milliseconds": 1e3 * processor,
                        "tokens_per_second": batch.rows / taken}
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
