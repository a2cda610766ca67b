#!/usr/bin/env python3
"""Tests of tools/sweep with a program that does nothing but remember: sweep.py PATH_OF_SWEEP"""
import csv
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SWEEP = sys.argv.pop(1)
PROGRAM = pathlib.Path(__file__).with_name("program.py")


class SweepTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.environment = os.environ | {"CALLS": str(self.folder / "calls.txt")}

    def write(self, body):
        file = self.folder / "sweep.toml"
        file.write_text(f'program = "{PROGRAM}"\nfolder = "{self.folder / "runs"}"\n{body}')
        return str(file)

    def start(self, *words):
        return subprocess.Popen([sys.executable, SWEEP, *words], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def sweep(self, *words, status=0):
        process = self.start(*words)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, status, output + errors)
        return output if status == 0 else errors

    def calls(self):
        path = self.folder / "calls.txt"
        return sorted(path.read_text().split("\n")[:-1]) if path.exists() else []

    def table(self, name):
        with open(self.folder / "runs" / f"{name}.csv", newline="") as file:
            return list(csv.DictReader(file))

    FULL = """
stages = ["learn"]
curves = ["learn"]
[over]
rate = [0.1, 0.3, 0.5]
seed = [1, 2, 3]
[share]
prepare = ["seed"]
[select]
by = "learn.success"
[variants.plain]
[variants.twice]
factor = 2
stages = ["learn", "learn"]
"""

    def test_all_combinations_run_once_and_shared_stages_once_for_all(self):
        file = self.write(self.FULL)
        self.sweep(file, "--jobs", "4")
        calls = self.calls()
        self.assertEqual(sum(call.startswith("prepare ") for call in calls), 3)
        self.assertEqual(sum(call.startswith("learn plain") for call in calls), 9)
        self.assertEqual(sum(call.startswith("learn twice") for call in calls), 18)
        self.assertIn("learn plain,rate=0.3,seed=2", calls)
        again = self.sweep(file)
        self.assertIn("18 runs, 18 of them finished before", again)
        self.assertEqual(self.calls(), calls)
        # Other options are another run.
        self.sweep(file, "--set", "depth=3")
        self.assertEqual(len(self.calls()), 2 * len(calls))

    def test_tables_hold_numbers_and_the_best_median(self):
        self.sweep(self.write(self.FULL), "--jobs", "2")
        results = self.table("results")
        self.assertEqual(len(results), 18)
        for row in results:
            self.assertEqual(row["finished"], "1")
            self.assertEqual(float(row["prepare.loss"]), float(row["seed"]))
            expected = 1 - abs(float(row["rate"]) - 0.3) + 0.01 * float(row["seed"])
            self.assertAlmostEqual(float(row["score"]), expected)  # the mean of the last two rows of twenty
            self.assertAlmostEqual(float(row["learn.success"]), expected)
            self.assertNotIn("words.what", row)
        self.assertEqual(len(self.table("learn")), 18 * 20)
        self.assertEqual([row["name"] for row in self.table("runs")][0], "plain,rate=0.1,seed=1")
        medians = self.table("medians")
        self.assertEqual(len(medians), 6)
        self.assertEqual([row["rate"] for row in medians if row["best"] == "1"], ["0.3", "0.3"])
        row = next(row for row in medians if row["rate"] == "0.1")
        self.assertEqual(row["seeds"], "3")
        for name, value in {"lower_quartile": 0.815, "median": 0.82, "upper_quartile": 0.825}.items():
            self.assertAlmostEqual(float(row[name]), value)
        best = self.sweep(str(self.folder / "sweep.toml"), "--best")
        self.assertIn("# plain: learn.success has the median 1.020 over 3 seeds\nrate = 0.3\n", best)

    def test_processor_seconds_are_recorded_and_shared_ones_divided(self):
        self.environment["WORK"] = "0.1"
        file = self.write(self.FULL)
        self.sweep(file, "--jobs", "2")
        results = self.table("results")
        for row in results:
            calls = 2 if row["variant"] == "1" else 1
            self.assertGreaterEqual(float(row["cpu_seconds"]), 0.1 * calls)
            self.assertLess(float(row["cpu_seconds"]), calls)
            self.assertGreaterEqual(float(row["shared_cpu_seconds"]), 0.1 / 6)  # of six runs that begin with it
            self.assertLess(float(row["shared_cpu_seconds"]), 1 / 6)
        # What is not run again keeps them; what ran before they were recorded has none.
        (self.folder / "runs" / "plain,rate=0.1,seed=1" / "sweep-seconds.json").unlink()
        self.sweep(file)
        again = self.table("results")
        self.assertEqual(again[0]["cpu_seconds"], "nan")
        self.assertEqual(again[1:], results[1:])

    def test_variants_may_be_swept_over_options_of_their_own(self):
        file = self.write(self.FULL + """
[variants.alone]
share = []
stages = ["prepare"]
by = "prepare.loss"
over.seed = [1, 2]
over.depth = [5, 6]
""")
        self.sweep(file, "--jobs", "4")
        self.assertEqual(sum(call.startswith("prepare alone,") for call in self.calls()), 4)
        alone = self.table("results")[18:]
        self.assertEqual([(row["seed"], row["depth"], row["rate"]) for row in alone],
                         [("1", "5", "nan"), ("2", "5", "nan"), ("1", "6", "nan"), ("2", "6", "nan")])
        self.assertEqual([float(row["score"]) for row in alone], [1, 2, 1, 2])
        self.assertEqual([row["median"] for row in self.table("medians")][-2:], ["1.5", "1.5"])

    def test_failures_are_named_and_the_others_go_on(self):
        file = self.write('stages = ["prepare", "learn"]\n[over]\nseed = [1, 2, 3]\n[options]\nfail = 2\nrate = 0.3\n')
        errors = self.sweep(file, "--jobs", "1", status=1)
        self.assertIn("1 runs failed", errors)
        self.assertEqual(len([row for row in self.table("results") if row["finished"] == "1"]), 2)
        self.assertIn("this seed fails", (self.folder / "runs" / "seed=2" / "sweep.log").read_text())
        # The next time it alone is tried.
        before = len(self.calls())
        self.sweep(file, status=1)
        self.assertEqual(len(self.calls()), before + 1)

    def test_a_sweep_that_is_killed_goes_on(self):
        file = self.write(self.FULL)
        # 30 programs, two at once, take three seconds at least: no kill comes too late, however fast the machine.
        self.environment["PAUSE"] = "0.2"
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
            process = self.start(file, "--jobs", "2")
            time.sleep(0.5)
            process.send_signal(number)
            process.communicate(timeout=60)
            self.assertNotEqual(process.returncode, 0)
        self.sweep(file, "--jobs", "2")
        results = self.table("results")
        self.assertTrue(all(row["finished"] == "1" for row in results))
        # What was finished was not done again: at most the two that each kill struck, and those that outlived it.
        self.assertLessEqual(len(self.calls()), 3 + 27 + 3 * 2 * 2)
        self.assertGreaterEqual(len(self.calls()), 3 + 27)

    def test_lines_for_others_do_what_the_sweep_does(self):
        file = self.write(self.FULL)
        lines = self.sweep(file, "--print", "--set", "depth=3").strip().split("\n")
        self.assertEqual(len(lines), 18)
        self.assertIn("--set depth=3 --only plain,rate=0.1,seed=1", lines[0])
        self.environment["PATH"] += os.pathsep + str(pathlib.Path(SWEEP).parent)
        processes = [subprocess.Popen(line, shell=True, env=self.environment, stdout=subprocess.DEVNULL) for line in lines[:4]]
        for process in processes:
            self.assertEqual(process.wait(timeout=60), 0)
        calls = self.calls()
        self.assertEqual(sum(call.startswith("prepare ") for call in calls), 3)
        self.assertEqual(sum(call.startswith("learn ") for call in calls), 4)
        script = self.sweep(file, "--slurm", "--set", "depth=3")
        self.assertIn("#SBATCH --array=0-17\n", script)
        task = self.folder / "task.sh"
        task.write_text(script)
        subprocess.run(["sh", task], env=self.environment | {"SLURM_ARRAY_TASK_ID": "7"}, check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(len(self.calls()), len(calls) + 1)
        self.sweep(file, "--tables", "--set", "depth=3")
        self.assertEqual([row["run"] for row in self.table("results") if row["finished"] == "1"], ["0", "1", "2", "3", "7"])

    def test_without_a_file(self):
        self.sweep("--program", str(PROGRAM), "--folder", str(self.folder / "runs"), "--stages", "prepare,learn", "--set", "rate=0.3",
                   "--over", "seed=1,2", "--over", "kind=a,b")
        self.assertEqual([(row["seed"], row["kind"]) for row in self.table("results")], [("1", "0"), ("2", "0"), ("1", "1"), ("2", "1")])
        self.assertEqual([row["kind"] for row in self.table("runs")], ["a", "a", "b", "b"])

    def test_what_is_not_understood_is_refused_in_a_sentence(self):
        for body, sentence in {
            "[ovre]\nseed = [1]": "'ovre' is not understood, valid is",
            "[over]\nseed = 1": "seed is to be a list",
            "[over]\nseed = [1, 1]": "a value twice",
            "[over]\nseed = [1]\n[share]\nprepare = [\"rate\"]": "[share] prepare names 'rate', which is not swept over",
            "[over": "sweep.toml: ",
        }.items():
            errors = self.sweep(self.write(body), status=1)
            self.assertIn(sentence, errors)
            self.assertEqual(errors.count("\n"), 1)
        self.assertIn("which program?", self.sweep(status=1))
        self.assertIn("there is no run '9'", self.sweep(self.write("[over]\nseed = [1]"), "--only", "9", status=1))
        self.assertFalse((self.folder / "runs").exists())


if __name__ == "__main__":
    unittest.main()
