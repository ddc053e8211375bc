"""Times optimiser steps in PyTorch, on request, so that both sides can take turns.

Reads lines `WORKLOAD SECONDS`, the workload one of the optimisers below, and answers each with a JSON line
{"ms": per step} or {"error": ...}. The shapes of the parameters come as a JSON list in SHAPES. Needs torch; THREADS
sets its threads.
"""
import json
import os
import sys

import torch

sys.dont_write_bytecode = True
from torch_serve import per_step_ms, serve  # noqa: E402

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


serve(lambda name, seconds: per_step_ms(step_of(name), seconds))
