"""The loops of memoryLoops.ts in PyTorch: python memory_torch.py LOOP SECONDS

Prints lines of JSON, as memoryRun.ts does. Needs torch; THREADS sets its threads.
"""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("THREADS", "2")))
torch.manual_seed(0)
BATCH, POINTS, WARM_UP = 64, 20, 30


def lenet():
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def training(kept):
    model = lenet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, target, recent = torch.randn(BATCH, 1, 28, 28), torch.randint(0, 10, (BATCH,)), []

    def turn():
        optimizer.zero_grad()
        logits = model(x)
        loss = F.cross_entropy(logits, target)
        loss.backward()
        optimizer.step()
        if kept:
            recent.append(logits.detach())
            del recent[:-kept]
        loss.item()
    return turn


def inference(recorded):
    model, x = lenet().eval(), torch.randn(BATCH, 1, 28, 28)

    def turn():
        with torch.set_grad_enabled(recorded):
            model(x).argmax(1).numpy()
    return turn


def elementwise(size, repeats):
    x = torch.randn(size)

    def turn():
        nonlocal x
        for _ in range(repeats):
            x = x.add(1).mul(0.5)
        x.numpy().copy()
    return turn


def by_hand():
    weights = [torch.randn(784, 256) * 0.05, torch.randn(256, 10) * 0.05]
    x, target = torch.randn(256, 784), torch.randint(0, 10, (256,))

    def turn():
        nonlocal weights
        for w in weights:
            w.requires_grad = True
        loss = F.cross_entropy((x @ weights[0]).relu() @ weights[1], target)
        loss.backward()
        with torch.no_grad():
            weights = [w - w.grad * 0.01 for w in weights]
        loss.item()
    return turn


def varying():
    count = 0

    def turn():
        nonlocal count
        count += 1
        torch.randn(1000 + count * 7919 % 200_000).add(1).mul(2).sum().item()
    return turn


LOOPS = {
    "train": lambda: training(0), "keep": lambda: training(5), "train_sync": lambda: training(0),
    "infer": lambda: inference(False), "forget": lambda: inference(True), "forget_sync": lambda: inference(True),
    "by_hand": by_hand, "varying": varying,
    "elementwise_4mb": lambda: elementwise(1 << 20, 10),
    "elementwise_64kb": lambda: elementwise(1 << 14, 100),
    "elementwise_1kb": lambda: elementwise(1 << 8, 1000),
}


def resident():
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return {"rss": int(status["VmRSS"].split()[0]) / 1024, "peak": int(status["VmHWM"].split()[0]) / 1024}


turn, seconds = LOOPS[sys.argv[1]](), float(sys.argv[2])
for _ in range(WARM_UP):
    turn()
start, turns = time.perf_counter(), 0
for point in range(1, POINTS + 1):
    while True:
        turn()
        turns += 1
        if time.perf_counter() - start >= seconds * point / POINTS:
            break
    print(json.dumps({"turns": turns, **resident()}), flush=True)
print(json.dumps({"ms": (time.perf_counter() - start) / turns * 1e3, **resident()}))
