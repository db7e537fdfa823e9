#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times the product and, where it is installed, PyTorch on the same workloads, in turn, and prints the ratios.

Usage: compare.py MARGINALIA OUT [--threads 1,2] [--only id,id] [--window 1.0]

Every figure is taken in a process of its own, one after the other, so that both see the same machine. The lines go
to OUT/bench.jsonl, from which `marginalia bench --draw` makes the pictures.
"""
import argparse, json, math, pathlib, subprocess, sys

HERE = pathlib.Path(__file__).resolve().parent


def lines_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def has_torch():
    return subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("marginalia")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", default="")
    parser.add_argument("--window", type=float, default=1.0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    window = ["--window", str(options.window)]
    torch = has_torch()
    if not torch:
        print("PyTorch (python3-torch) is not installed: no ratios.", file=sys.stderr)
    listing = lines_of([options.marginalia, "bench", "--list", "--json"])
    ids = options.only.split(",") if options.only else [entry["id"] for entry in listing]
    records = []
    print(f"{'workload':14} {'threads':>7} {'ours/s':>12} {'PyTorch/s':>12} {'ratio':>8} {'MB':>7} {'PyTorch MB':>10}  of the machine's peak")
    for threads in map(int, options.threads.split(",")):
        base = [options.marginalia, "bench", "--json", "--threads", str(threads)]
        peak = lines_of(base + ["--only", "peak"])[0]
        records.append(peak)
        ratios = []
        for name in ids:
            ours = lines_of(base + window + ["--only", name])
            peer = lines_of([sys.executable, HERE / "bench_torch.py", "--threads", str(threads), "--only", name] + window) if torch else []
            records += ours + peer
            if not ours:
                print(f"{name:14} {threads:7} could not be run")
                continue
            mine = ours[0]
            share = ""
            if "gflops" in mine or "gigabytes_per_second" in mine:
                # A peak that was disturbed says too little: the best of several counts.
                for again in lines_of(base + ["--only", "peak"]):
                    peak.update({key: max(peak[key], again[key]) for key in ("gflops", "gigabytes_per_second")})
            if "gflops" in mine:
                share = f"{mine['gflops']:.0f} of {peak['gflops']:.0f} GFLOP/s ({mine['gflops'] / peak['gflops']:.0%})"
            if "gigabytes_per_second" in mine:
                share = f"{mine['gigabytes_per_second']:.0f} of {peak['gigabytes_per_second']:.0f} GB/s ({mine['gigabytes_per_second'] / peak['gigabytes_per_second']:.0%})"
            row = f"{name:14} {threads:7} {mine['per_second']:12.1f}"
            if peer:
                ratios.append(mine["per_second"] / peer[0]["per_second"])
                row += f" {peer[0]['per_second']:12.1f} {ratios[-1]:7.2f}x {mine['peak_bytes'] / 1e6:7.0f} {peer[0].get('peak_bytes', 0) / 1e6:10.0f}"
            else:
                row += f" {'':12} {'':8} {mine['peak_bytes'] / 1e6:7.0f} {'':10}"
            print(f"{row}  {share}", flush=True)
        if ratios:
            print(f"geometric mean with {threads} thread{'s' if threads > 1 else ''}: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}x")
    if not options.only:
        for start in lines_of([sys.executable, HERE / "start.py", options.marginalia]):
            records.append(start)
            print(f"start: {start['start']} after {start['milliseconds']:.0f} ms")
    if not options.only:
        print("How the time of a step grows with its size")
        records += lines_of([options.marginalia, "bench", "--growth", "--json"] + window)
    path = options.out / "bench.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    subprocess.run([options.marginalia, "bench", "--draw", path, "--out", options.out], check=False)
    print(f"Figures and pictures are in {options.out}")


if __name__ == "__main__":
    main()
