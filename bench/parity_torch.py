"""Writes what a PyTorch model with random weights computes: parity_torch.py MODEL OPTIONS [N,C,H,W] FILE LR STEPS DTYPE [KINKS].

The safetensors file has the weights (state.*), the input and targets, and, in float32 or float64, the logits in
evaluation mode, the gradients (gradient.*) of a step in training mode, and the losses of STEPS steps of SGD. With the
file KINKS of parityKinks.ts, the gradients only, where ReLUs and max-poolings go the ways that the file says; with
KINKS "own", where they go the ways that PyTorch's float32 goes, whose gradients (own.*) are added. Needs torch,
torchvision and safetensors.
"""
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).parent.parent / "test/fixtures"))
sys.dont_write_bytecode = True
from torch_models import build, loss_of  # noqa: E402

relu, max_pool2d = F.relu, F.max_pool2d


class Noting:
    """Stands in for F.relu and F.max_pool2d, and notes which way each went, as parityKinks.ts does."""

    def __init__(self):
        self.kinks = {}

    def note(self, kind, own):
        rows = own.permute(0, 2, 3, 1) if own.dim() == 4 else own
        self.kinks[f"{kind}.{len(self.kinks)}"] = rows.contiguous()

    def relu(self, x, inplace=False):
        self.note("relu", (x > 0).byte())
        return relu(x, inplace)

    def pool(self, *arguments, return_indices=False, **options):
        out, chosen = max_pool2d(*arguments, return_indices=True, **options)
        self.note("pool", chosen.int())
        return out


class Following:
    """Stands in for F.relu and F.max_pool2d, and counts where they would have gone another way."""

    def __init__(self, kinks):
        self.left = dict(kinks)
        self.flips = 0
        self.total = 0

    def take(self, kind, own):
        """Of what is left of the right size, that which differs least: the order of branches is free."""
        own = own.permute(0, 2, 3, 1) if own.dim() == 4 else own
        found = {
            key: int((value.view(own.shape) != own).sum())
            for key, value in self.left.items()
            if key.startswith(kind) and value.numel() == own.numel()
        }
        if not found:
            raise RuntimeError(f"no {kind} of {own.numel()} elements is left; left are {list(self.left)}")
        key = min(found, key=found.get)
        self.flips += found[key]
        self.total += own.numel()
        value = self.left.pop(key).view(own.shape)
        return value.permute(0, 3, 1, 2) if own.dim() == 4 else value

    def relu(self, x, inplace=False):
        return x * self.take("relu", (x > 0).byte()).to(x.dtype)

    def pool(self, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        arguments = (kernel_size, stride, padding, dilation, ceil_mode)
        _, own = max_pool2d(x, *arguments, return_indices=True)
        chosen = self.take("pool", own.int()).long()
        return x.flatten(2).gather(2, chosen.flatten(2)).view(own.shape)


def gradients_of(model, prefix="gradient"):
    return {f"{prefix}.{key}": p.grad.float().clone() for key, p in model.named_parameters()}


def step_along(ways, name, model, x, targets):
    """The gradients of a training step in which `ways` stands in for what has kinks."""
    model.zero_grad()
    F.relu, F.max_pool2d = ways.relu, ways.pool
    try:
        loss_of(name, model.train()(x), targets).backward()
    finally:
        F.relu, F.max_pool2d = relu, max_pool2d


def main():
    name, options, shape, path, lr, steps, dtype, *kinks = sys.argv[1:]
    options, shape = json.loads(options), json.loads(shape)
    torch.manual_seed(0)
    model = build(name, options)
    x = torch.randn(shape)
    targets = torch.randint(0, options["numClasses"], shape[:1])
    out = {f"state.{key}": value.clone() for key, value in model.state_dict().items()}
    out |= {"input": x, "targets": targets.int()}
    own = kinks == ["own"]
    if own:
        noting = Noting()
        step_along(noting, name, model, x, targets)
        own_gradients = gradients_of(model, "own")
    if dtype == "float64":
        model, x = model.double(), x.double()

    if kinks:
        ways = Following(noting.kinks if own else load_file(kinks[0]))
        step_along(ways, name, model, x, targets)
        if ways.left:
            raise RuntimeError(f"not used: {list(ways.left)}")
        # Only the gradients are wanted, but the reader looks for the rest.
        out = gradients_of(model)
        out |= {"logits": torch.ones(1), "losses": torch.ones(1)}
        out["flips"] = torch.tensor([ways.flips, ways.total], dtype=torch.int32)
        if own:
            out |= own_gradients
    else:
        with torch.no_grad():
            out["logits"] = model.eval()(x).float()
        optimizer = torch.optim.SGD(model.train().parameters(), lr=float(lr))
        losses = []
        for step in range(int(steps)):
            optimizer.zero_grad()
            loss = loss_of(name, model(x), targets)
            loss.backward()
            if step == 0:
                out |= gradients_of(model)
            losses.append(loss.item())
            optimizer.step()
        out["losses"] = torch.tensor(losses)
    save_file({key: value.contiguous() for key, value in out.items()}, path)


if __name__ == "__main__":
    main()
