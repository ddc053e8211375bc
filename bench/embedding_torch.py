"""Times training steps of an embedding in PyTorch, on request, so that both sides can take turns.

Reads lines `OPTIMIZER_KIND_ROWS SECONDS`, as `sgd_sparse_1000000 0.2`, and answers each with a JSON line
{"ms": per step} or {"error": ...}. Needs torch; THREADS sets its threads.
"""
import os
import sys

import torch

sys.dont_write_bytecode = True
from torch_serve import per_step_ms, serve  # noqa: E402

torch.set_num_threads(int(os.environ.get("THREADS", "2")))
FEATURES, INDICES, BATCHES = 64, 2000, 8

OPTIMIZERS = {
    "sgd": lambda params, sparse: torch.optim.SGD(params, lr=0.01),
    "momentum": lambda params, sparse: torch.optim.SGD(params, lr=0.01, momentum=0.9),
    "adagrad": lambda params, sparse: torch.optim.Adagrad(params),
    "adam": lambda params, sparse: (torch.optim.SparseAdam if sparse else torch.optim.Adam)(params),
}

def step_of(workload):
    name, kind, rows = workload.split("_")
    sparse, rows = kind == "sparse", int(rows)
    layer = torch.nn.Embedding(rows, FEATURES, sparse=sparse)
    optimizer = OPTIMIZERS[name](list(layer.parameters()), sparse)
    batches = [torch.randint(0, rows, (INDICES,)) for _ in range(BATCHES)]
    gradient = torch.ones(INDICES, FEATURES)
    count = 0

    def step():
        nonlocal count
        optimizer.zero_grad()
        layer(batches[count % BATCHES]).backward(gradient)
        optimizer.step()
        count += 1

    for _ in range(BATCHES):
        step()
    return step


current = None


def ms_of(workload, seconds):
    global current
    if current is None or current[0] != workload:
        # One table at a time.
        current = None
        current = (workload, step_of(workload))
    return per_step_ms(current[1], seconds)


serve(ms_of)
