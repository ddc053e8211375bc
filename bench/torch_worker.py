"""Times the workloads of workloads.ts in PyTorch, on request, so that both sides can take turns.

Reads lines `WORKLOAD SECONDS` and answers each with a JSON line {"ms": per step, best of its formats}, or
{"error": ...}. With the arguments `--peak WORKLOAD` it prints the peak memory of a process that does three steps, in
MB, images in channels-last format. Needs torch; THREADS sets its threads.
"""
import os
import resource
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.dont_write_bytecode = True
from torch_convolutions import convolution  # noqa: E402
from torch_images import IMAGE_WORKLOADS  # noqa: E402
from torch_recurrent import RECURRENT_WORKLOADS  # noqa: E402
from torch_serve import per_step_ms, serve  # noqa: E402

torch.set_num_threads(int(os.environ.get("THREADS", "2")))


def training(model, x, y, loss=F.cross_entropy):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value.item()

    return step


def tiny_mlp(_):
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    return training(model, torch.randn(32, 2), torch.rand(32, 1), F.binary_cross_entropy_with_logits)


def mlp(_):
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    return training(model, torch.randn(128, 784), torch.randint(0, 10, (128,)))


def lenet(memory_format):
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10),
    ).to(memory_format=memory_format)
    x = torch.randn(64, 1, 28, 28).contiguous(memory_format=memory_format)
    return training(model, x, torch.randint(0, 10, (64,)))


# Products before the last is read, as in workloads.ts; their times are given for one.
PRODUCTS = 8


def gemm(size):
    def make(_):
        a, b = torch.randn(size, size), torch.randn(size, size)

        def step():
            with torch.inference_mode():
                for _ in range(PRODUCTS - 1):
                    torch.mm(a, b)
                return torch.mm(a, b)[0, 0].item()

        return step

    return make


WORKLOADS = {"tiny_mlp": tiny_mlp, "mlp": mlp, "lenet": lenet}
WORKLOADS |= {f"gemm_{n}": gemm(n) for n in (256, 512, 1024, 2048)}
WORKLOADS |= IMAGE_WORKLOADS | RECURRENT_WORKLOADS
IMAGES = {"lenet", *IMAGE_WORKLOADS}

steps = {}


def formats_of(name):
    has_images = name in IMAGES or name.startswith("conv")
    return [torch.contiguous_format] + ([torch.channels_last] if has_images else [])


def steps_of(name):
    """One step function for each memory format that the workload can have, warmed up."""
    if name not in steps:
        torch.manual_seed(0)
        make = convolution(name) if name.startswith("conv") else WORKLOADS[name]
        steps[name] = [make(memory_format) for memory_format in formats_of(name)]
        for step in steps[name]:
            step()
            step()
    return steps[name]


def peak_kilobytes():
    """Of this process; what getrusage says it may have inherited from the one that started it."""
    try:
        lines = open("/proc/self/status").read().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if sys.argv[1:2] == ["--peak"]:
    step = WORKLOADS[sys.argv[2]](formats_of(sys.argv[2])[-1])
    for _ in range(3):
        step()
    print(peak_kilobytes() / 1024)
    sys.exit()


def ms_of(name, seconds):
    repeats = PRODUCTS if name.startswith("gemm_") else 1
    return min(per_step_ms(step, seconds) for step in steps_of(name)) / repeats


serve(ms_of)
