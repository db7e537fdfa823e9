#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times how long a start takes, in milliseconds from the call to the end of the process.

Usage: start.py MARGINALIA

window: the window with the ready experiment, painted without a display. train: one epoch of iris. Each is called ten
times with files and settings of its own, after a first call that fills the caches; printed is the median.
"""
import json, os, pathlib, statistics, subprocess, sys, tempfile, time

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "resources" / "examples"


def milliseconds(command, environment):
    begun = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1e3


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", HOME=home, XDG_CONFIG_HOME=home, XDG_DATA_HOME=home)
        for name, command in {"window": [program, "--until-painted", "--open", str(EXAMPLES / "debtags.mrg")],
                              "train": [program, "train", "--epochs", "1", "--quiet", str(EXAMPLES / "iris.mrg")]}.items():
            milliseconds(command, environment)
            print(json.dumps({"start": name, "milliseconds": round(statistics.median(milliseconds(command, environment) for _ in range(10)), 1)}), flush=True)


if __name__ == "__main__":
    main()
