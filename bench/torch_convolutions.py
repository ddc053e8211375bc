"""One pass of one convolution in PyTorch: the counterparts of convolutionWorkloads.ts, by the names of its rows."""
import torch
import torch.nn.functional as F


def convolution(name):
    """conv_N_C_H_K_RxS_stride/pass, convT_... if transposed"""
    shape, which = name.split("/")
    kind, batch, channels, size, outputs, kernel, stride = shape.split("_")
    transposed = kind == "convT"
    apply = F.conv_transpose2d if transposed else F.conv2d
    batch, channels, size, outputs, stride = map(int, (batch, channels, size, outputs, stride))
    kernel = [int(n) for n in kernel.split("x")]
    # The one shape of the table without padding.
    padding = [0, 0] if (channels, size) == (32, 26) else [(n - 1) // 2 for n in kernel]
    pair = [channels, outputs] if transposed else [outputs, channels]

    def make(memory_format):
        x = torch.randn(batch, channels, size, size).contiguous(memory_format=memory_format)
        w = (torch.randn(*pair, *kernel) * 0.05).contiguous(memory_format=memory_format)
        y = apply(x, w, None, stride, padding)
        dy = torch.randn_like(y).contiguous(memory_format=memory_format)
        mask = [which == "inputGrad", which == "weightGrad", False]

        def forward():
            return apply(x, w, None, stride, padding)

        def backward():
            gradients = torch.ops.aten.convolution_backward(
                dy, x, w, None, [stride, stride], padding, [1, 1], transposed, [0, 0], 1, mask
            )
            return gradients[0] if which == "inputGrad" else gradients[1]

        run = forward if which == "forward" else backward

        def step():
            with torch.inference_mode():
                return run()[0, 0, 0, 0].item()

        return step

    return make
