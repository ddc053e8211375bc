"""Writes what a PyTorch model with random weights computes: parity_torch.py MODEL OPTIONS [N,3,H,W] FILE.

The safetensors file has the weights (state.*), the input and targets, and in float64 the logits in evaluation mode,
the gradients (gradient.*) of a step in training mode, and the losses of 10 steps of SGD; the gradients and losses once
more in float32 (float32.*). Needs torch, torchvision and safetensors.
"""
import copy
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parent.parent / "test/fixtures"))
sys.dont_write_bytecode = True
from torch_models import build, loss_of  # noqa: E402

STEPS = 10


def trained(name, model, x, targets):
    """The gradients of the first step, and the losses of all."""
    optimizer = torch.optim.SGD(model.train().parameters(), lr=1e-3)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(name, model(x), targets)
        loss.backward()
        if step == 0:
            gradients = {key: p.grad.float().clone() for key, p in model.named_parameters()}
        losses.append(loss.item())
        optimizer.step()
    return gradients, torch.tensor(losses)


def main():
    name, options, shape, path = sys.argv[1:]
    options, shape = json.loads(options), json.loads(shape)
    torch.manual_seed(0)
    model = build(name, options)
    x = torch.randn(shape)
    targets = torch.randint(0, options["numClasses"], shape[:1])
    out = {f"state.{key}": value.clone() for key, value in model.state_dict().items()}
    out |= {"input": x, "targets": targets.int()}

    exact = copy.deepcopy(model).double()
    with torch.no_grad():
        out["logits"] = exact.eval()(x.double()).float()
    gradients, out["losses"] = trained(name, exact, x.double(), targets)
    out |= {f"gradient.{key}": value for key, value in gradients.items()}
    gradients, out["float32Losses"] = trained(name, model, x, targets)
    out |= {f"float32.{key}": value for key, value in gradients.items()}
    save_file({key: value.contiguous() for key, value in out.items()}, path)


if __name__ == "__main__":
    main()
