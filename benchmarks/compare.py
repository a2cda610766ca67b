#!/usr/bin/python3
"""Runs the benchmarks and PyTorch's reference and prints one Markdown table: what, midstream, reference, ratio.

    python3 compare.py FOLDER_OF_THE_PROGRAMS [--seconds 1] [--python python3]

or, in a configured build folder, `cmake --build . --target benchmarks`. A ratio above 1 is midstream ahead of its
reference; against a bound (bare products) 1 cannot be reached. Without PyTorch its rows are left out.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run_benchmark(program, seconds):
    """The rows of a Google Benchmark program under their names, and its context."""
    report = subprocess.run([program, "--benchmark_format=json", f"--benchmark_min_time={seconds}"], stdout=subprocess.PIPE, check=True)
    report = json.loads(report.stdout)
    return {row["name"].replace("/real_time", ""): row for row in report["benchmarks"]}, report["context"]


def rate(value, unit):
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {letter} {unit}"
    return f"{value:.3g} {unit}"


def against_bound(rows, label, unit):
    """Lines for rows with a bound: the bound as the rate that products alone would reach."""
    for name, row in rows.items():
        if "bound_ms" not in row:
            continue
        speedup = f", speedup {row['speedup']:.2f}" if "speedup" in row else ""
        yield f"{label} {name}{speedup}", rate(row["items_per_second"], unit), rate(row["items_per_second"] / row["ratio"], unit) + ", bare products (Eigen)", row["ratio"]


def training(programs, seconds, python):
    rows, _ = run_benchmark(programs / "bench.training", seconds)
    yield from against_bound(rows, "update:", "tokens/s")
    with tempfile.TemporaryDirectory() as folder:
        batch = pathlib.Path(folder) / "batch.safetensors"
        subprocess.run([programs / "bench.training", f"--save_batch={batch}"], check=True)
        reference = subprocess.run([python, HERE / "pytorch_reference.py", batch, "--seconds", str(seconds)], stdout=subprocess.PIPE, check=False)
    if reference.returncode != 0:
        print("PyTorch's reference did not run: its rows are left out", file=sys.stderr)
        return
    fastest = {}
    for line in map(json.loads, reference.stdout.decode().splitlines()):
        key = line["width"], line["threads"]
        if key not in fastest or line["tokens_per_second"] > fastest[key]["tokens_per_second"]:
            fastest[key] = line
    for name, row in rows.items():
        found = re.fullmatch(r"pretraining<Width(\d+)>/threads:(\d+)", name)
        line = found and fastest.get((int(found[1]), int(found[2])))
        if line:
            theirs, ours = line["tokens_per_second"], row["items_per_second"]
            yield f"update: {name}", rate(ours, "tokens/s"), f"{rate(theirs, 'tokens/s')}, PyTorch, {line['layout']}", ours / theirs


def environment(programs, seconds):
    rows, _ = run_benchmark(programs / "bench.environment", seconds)
    moves = rows["board_moves"]["items_per_second"]
    for name, row in rows.items():
        ours = row["items_per_second"]
        if name.startswith("random_"):
            yield f"environment: {name}", rate(ours, "steps/s"), rate(moves, "steps/s") + ", moves on a board", ours / moves
        elif name.startswith("expert_"):
            yield f"environment: {name}", rate(ours, "episodes/s"), "", None


def ant(programs, seconds):
    if not (programs / "bench.ant").exists():
        return
    rows, context = run_benchmark(programs / "bench.ant", seconds)
    for name, row in rows.items():
        yield f"ant: {name.replace('/manual_time', '')}", rate(row["items_per_second"], "steps/s"), \
            rate(row["bare_per_second"], "steps/s") + f", bare mj_step of MuJoCo {context['mujoco']}", row["ratio"]


def rollout(programs, seconds):
    rows, _ = run_benchmark(programs / "bench.rollout", seconds)
    yield from against_bound(rows, "acting:", "steps/s")
    for name, row in rows.items():
        if "p50_us" in row:
            yield f"acting: {name}, median", f"{row['p50_us']:.3g} us", f"{row['bound_us']:.3g} us, bare products (Eigen)", row["ratio"]


def products(programs, seconds):
    rows, context = run_benchmark(programs / "bench.products", seconds)
    for key in ("eigen", "openblas", "openblas_core (OPENBLAS_CORETYPE overrides)"):
        print(f"{key}: {context.get(key)}", file=sys.stderr)
    for name, row in rows.items():
        by, _, shape = name.partition("/")
        other = rows.get(f"openblas/{shape}")
        if by != "openblas":
            what = f"product by {by}: {shape}", f"{rate(row['operations'], 'FLOP/s')}, {row['share']:.0%} of the peak"
            if other:
                yield *what, f"{rate(other['operations'], 'FLOP/s')}, OpenBLAS", row["operations"] / other["operations"]
            else:
                yield *what, "", None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to measure each row")
    parser.add_argument("--python", default=sys.executable, help="a Python that has PyTorch")
    arguments = parser.parse_args()
    print("| what | midstream | reference | ratio |\n|---|---|---|---|")
    programs, seconds = arguments.programs.resolve(), arguments.seconds
    for lines in (products(programs, seconds), training(programs, seconds, arguments.python), rollout(programs, seconds), environment(programs, seconds), ant(programs, seconds)):
        for what, ours, theirs, ratio in lines:
            print(f"| {what} | {ours} | {theirs} | {'' if ratio is None else f'{ratio:.3g}'} |", flush=True)


if __name__ == "__main__":
    main()
