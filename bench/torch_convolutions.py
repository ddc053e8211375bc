"""One pass of one convolution in PyTorch: the counterparts of convolutionWorkloads.ts, by the names of its rows."""
import torch
import torch.nn.functional as F


def convolution(name):
    """conv_N_C_H_K_RxS_stride/pass"""
    shape, which = name.removeprefix("conv_").split("/")
    batch, channels, size, outputs, kernel, stride = shape.split("_")
    batch, channels, size, outputs, stride = map(int, (batch, channels, size, outputs, stride))
    kernel = [int(n) for n in kernel.split("x")]
    # The one shape of the table without padding.
    padding = [0, 0] if (channels, size) == (32, 26) else [(n - 1) // 2 for n in kernel]

    def make(memory_format):
        x = torch.randn(batch, channels, size, size).contiguous(memory_format=memory_format)
        w = (torch.randn(outputs, channels, *kernel) * 0.05).contiguous(memory_format=memory_format)
        y = F.conv2d(x, w, None, stride, padding)
        dy = torch.randn_like(y).contiguous(memory_format=memory_format)
        mask = [which == "inputGrad", which == "weightGrad", False]

        def forward():
            return F.conv2d(x, w, None, stride, padding)

        def backward():
            gradients = torch.ops.aten.convolution_backward(
                dy, x, w, None, [stride, stride], padding, [1, 1], False, [0, 0], 1, mask
            )
            return gradients[0] if which == "inputGrad" else gradients[1]

        run = forward if which == "forward" else backward

        def step():
            with torch.inference_mode():
                return run()[0, 0, 0, 0].item()

        return step

    return make
