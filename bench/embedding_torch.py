"""Times training steps of an embedding in PyTorch, on request, so that both sides can take turns.

Reads lines `OPTIMIZER_KIND_ROWS SECONDS`, as `sgd_sparse_1000000 0.2`, and answers each with a JSON line
{"ms": per step} or {"error": ...}. Needs torch; THREADS sets its threads.
"""
import json
import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ.get("THREADS", "2")))
FEATURES, INDICES, BATCHES = 64, 2000, 8

OPTIMIZERS = {
    "sgd": lambda params, sparse: torch.optim.SGD(params, lr=0.01),
    "momentum": lambda params, sparse: torch.optim.SGD(params, lr=0.01, momentum=0.9),
    "adagrad": lambda params, sparse: torch.optim.Adagrad(params),
    "adam": lambda params, sparse: (torch.optim.SparseAdam if sparse else torch.optim.Adam)(params),
}

current = None


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


for line in sys.stdin:
    try:
        workload, seconds = line.split()
        if current is None or current[0] != workload:
            current = None
            current = (workload, step_of(workload))
        step = current[1]
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
