"""Times optimiser steps in PyTorch, on request, so that both sides can take turns.

Reads lines `WORKLOAD SECONDS`, the workload one of the optimisers below, and answers each with a JSON line
{"ms": per step} or {"error": ...}. The shapes of the parameters come as a JSON list in SHAPES. Needs torch; THREADS
sets its threads.
"""
import json
import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ.get("THREADS", "2")))
SHAPES = json.loads(os.environ["SHAPES"])

OPTIMIZERS = {
    "adam": lambda params: torch.optim.Adam(params),
    "adam_foreach": lambda params: torch.optim.Adam(params, foreach=True),
    "adam_fused": lambda params: torch.optim.Adam(params, fused=True),
    "sgd": lambda params: torch.optim.SGD(params, lr=0.01, momentum=0.9),
    "sgd_fused": lambda params: torch.optim.SGD(params, lr=0.01, momentum=0.9, fused=True),
}

params = []
steps = {}


def step_of(name):
    if not params:
        for shape in SHAPES:
            params.append(torch.nn.Parameter(torch.randn(shape)))
            params[-1].grad = torch.randn(shape)
    if name not in steps:
        # One optimiser's state at a time: those of all would not fit the caches that one may use.
        steps.clear()
        steps[name] = OPTIMIZERS[name](params).step
        steps[name]()
    return steps[name]


for line in sys.stdin:
    try:
        name, seconds = line.split()
        step = step_of(name)
        count, start = 0, time.perf_counter()
        while True:
            step()
            count += 1
            elapsed = time.perf_counter() - start
            if elapsed >= float(seconds):
                break
        answer = {"ms": elapsed / count * 1e3}
    except Exception as error:  # told to the other side, which prints it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
