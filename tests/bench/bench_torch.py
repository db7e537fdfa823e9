#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's side of the workloads of `marginalia bench`: prints one JSON line per workload and thread count.

Usage: bench_torch.py [--threads 1,2] [--only id,id] [--window 1.0]

Debian's build keeps two thread pools that fight: its own (OpenMP) and OpenBLAS's. So every figure is
taken in a process of its own with both pools set by environment, and for more than one thread the best
of three settings counts (both pools, OpenMP alone, OpenBLAS alone): the peer at its best.
"""
import argparse, json, os, resource, statistics, subprocess, sys, time
if "--child" in sys.argv:
    import torch
    from torch import nn
else:
    class nn:  # the parent measures nothing and need not load PyTorch
        Module = object

def multilabel_targets(n, c, k):
    t = torch.full((n, c), -1, dtype=torch.long)
    for i in range(n):
        t[i, :k] = torch.randperm(c)[:k]
    return t

class Res(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.c1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False); self.b1 = nn.BatchNorm2d(cout)
        self.c2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False); self.b2 = nn.BatchNorm2d(cout)
        self.short = nn.Identity() if stride == 1 and cin == cout else nn.Sequential(
            nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))
    def forward(self, x):
        y = torch.relu(self.b1(self.c1(x)))
        return torch.relu(self.b2(self.c2(y)) + self.short(x))

class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(96, 64); self.l = nn.LSTM(64, 128, batch_first=True); self.o = nn.Linear(128, 96)
    def forward(self, x):
        return self.o(self.l(self.e(x))[0]).flatten(0, 1)

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Sequential(*[nn.TransformerEncoderLayer(64, 4, 256, 0.0, batch_first=True) for _ in range(2)])
        self.o = nn.Linear(64, 10)
    def forward(self, x):
        return self.o(self.l(x).mean(1))

def train(model, x, y, loss, opt):
    def step():
        opt.zero_grad(set_to_none=True)
        l = loss(model(x), y)
        l.backward()
        opt.step()
    return step

def workloads():
    ce, R, L = nn.CrossEntropyLoss(), nn.ReLU, nn.Linear
    def build(name):
        torch.manual_seed(0)
        if name == "playground":
            m = nn.Sequential(L(2, 4), nn.Tanh(), L(4, 2), nn.Tanh(), L(2, 1))
            return train(m, torch.randn(10, 2), torch.randn(10, 1), nn.MSELoss(), torch.optim.SGD(m.parameters(), .03))
        if name == "multilabel":
            m = nn.Sequential(L(1000, 256), R(), L(256, 24))
            return train(m, torch.randn(64, 1000), multilabel_targets(64, 24, 3), nn.MultiLabelMarginLoss(), torch.optim.SGD(m.parameters(), .05, momentum=.9))
        if name == "mlp":
            m = nn.Sequential(L(784, 256), R(), L(256, 128), R(), L(128, 10))
            return train(m, torch.randn(64, 784), torch.randint(10, (64,)), ce, torch.optim.Adam(m.parameters(), 1e-3))
        if name == "cnn":
            m = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), R(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), R(), nn.MaxPool2d(2), nn.Flatten(), L(1568, 128), R(), L(128, 10))
            return train(m, torch.randn(64, 1, 28, 28), torch.randint(10, (64,)), ce, torch.optim.Adam(m.parameters(), 1e-3))
        if name == "resnet":
            m = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), R(), Res(16, 16, 1), Res(16, 32, 2), Res(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), L(64, 10))
            return train(m, torch.randn(32, 1, 28, 28), torch.randint(10, (32,)), ce, torch.optim.SGD(m.parameters(), .1, momentum=.9))
        if name == "lstm":
            m = Lstm()
            return train(m, torch.randint(96, (32, 64)), torch.randint(96, (32 * 64,)), ce, torch.optim.Adam(m.parameters(), 2e-3))
        if name == "transformer":
            m = Encoder()
            return train(m, torch.randn(32, 32, 64), torch.randint(10, (32,)), ce, torch.optim.AdamW(m.parameters(), 1e-3))
        def fb(loss, x, y):
            def step():
                x.grad = None
                loss(x, y).backward()
            return step
        if name == "mlml-wide":
            return fb(nn.MultiLabelMarginLoss(), torch.randn(4096, 256, requires_grad=True), multilabel_targets(4096, 256, 4))
        if name == "mlml-dense":
            return fb(nn.MultiLabelMarginLoss(), torch.randn(512, 1000, requires_grad=True), multilabel_targets(512, 1000, 50))
        if name == "softmax-ce":
            return fb(ce, torch.randn(4096, 1000, requires_grad=True), torch.randint(1000, (4096,)))
        if name == "matmul-1024":
            a, b, c = (torch.randn(1024, 1024) for _ in range(3))
            return lambda: torch.mm(a, b, out=c)
        if name == "conv-3x3":
            m, x = nn.Conv2d(32, 32, 3, padding=1), torch.randn(32, 32, 28, 28, requires_grad=True)
            g = torch.randn(32, 32, 28, 28)
            def step():
                x.grad = None; m.zero_grad(set_to_none=True); m(x).backward(g)
            return step
        if name == "layernorm":
            m, x, g = nn.LayerNorm(1024), torch.randn(4096, 1024, requires_grad=True), torch.randn(4096, 1024)
            def step():
                x.grad = None; m.zero_grad(set_to_none=True); m(x).backward(g)
            return step
        if name == "adam-10m":
            p = nn.Parameter(torch.randn(10_000_000)); p.grad = torch.randn(10_000_000)
            o = torch.optim.Adam([p], 1e-3)
            return o.step
        if name == "small-op":
            a, b = torch.randn(8, requires_grad=True), torch.randn(8, requires_grad=True)
            return lambda: a + b
    return NAMES, build

def rate(step, window):
    def run(seconds):
        n, t0 = 0, time.perf_counter()
        while True:
            step(); n += 1
            if n % 8 == 0 or n < 8:
                dt = time.perf_counter() - t0
                if dt >= seconds: return n / dt
    run(window / 2)
    return statistics.median(run(window) for _ in range(5))

NAMES = "playground multilabel mlp cnn resnet lstm transformer mlml-wide mlml-dense softmax-ce matmul-1024 conv-3x3 layernorm adam-10m small-op".split()

if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--threads", default="1,2"); ap.add_argument("--only", default=""); ap.add_argument("--window", type=float, default=1.0)
    ap.add_argument("--child", action="store_true")
    a = ap.parse_args()
    if a.child:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        speed = rate(workloads()[1](a.only), a.window)
        print(torch.__version__, speed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        sys.exit()
    for n in (a.only.split(",") if a.only else NAMES):
        for t in map(int, a.threads.split(",")):
            best = (0.0, "", "", 0)
            for omp, blas in {(1, 1)} if t == 1 else {(t, t), (t, 1), (1, t)}:
                env = dict(os.environ, OMP_NUM_THREADS=str(omp), OPENBLAS_NUM_THREADS=str(blas))
                out = subprocess.run([sys.executable, __file__, "--child", "--only", n, "--window", str(a.window)], env=env, capture_output=True, text=True, check=True).stdout.split()
                best = max(best, (float(out[1]), f"omp {omp}, blas {blas}", out[0], int(out[2])))
            print(json.dumps({"peer": "pytorch-" + best[2], "id": n, "threads": t, "per_second": round(best[0], 2), "setting": best[1], "peak_bytes": best[3]}), flush=True)
