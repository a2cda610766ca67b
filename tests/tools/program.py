#!/usr/bin/env python3
"""Stands in for a program of stages: program.py STAGE --option value ... Writes STAGE.csv to the folder of --output, where
`success` is high if --rate is near 0.3, and a line to calls.txt beside the program's folder. Refuses what is not its own:
the stage `learn` builds on `prepare`, and both remember their options."""
import json
import os
import pathlib
import sys
import time

stage, words = sys.argv[1], sys.argv[2:]
options = {name[2:]: value for name, value in zip(words[::2], words[1::2])}
folder = pathlib.Path(options.pop("output"))
with open(os.environ["CALLS"], "a") as calls:
    calls.write(f"{stage} {folder.name}\n")
if options.get("fail") == options["seed"]:
    print("this seed fails\nas it was told to")
    sys.exit(3)
time.sleep(float(os.environ.get("PAUSE", "0")))
while time.process_time() < float(os.environ.get("WORK", "0")):
    pass
seed, rate = int(options["seed"]), float(options.get("rate", 0))
if stage == "prepare":
    (folder / "prepare.csv").write_text(f"step,loss\n1,2\n2,{seed}\n")
else:
    prepared = folder / "prepare.csv"
    if not prepared.exists():
        sys.exit("run the stage 'prepare' first")
    if not prepared.read_text().endswith(f"2,{seed}\n"):
        sys.exit("prepared for another seed")
    success = 1 - abs(rate - 0.3) + 0.01 * seed
    (folder / "learn.csv").write_text("step,success\n" + "".join(f"{i},{success if i >= 18 else 0}\n" for i in range(20)))
    (folder / "words.csv").write_text("what\nnot a number\n")
(folder / "options.json").write_text(json.dumps(options))
