import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { setConvolutionPrecision } from '../../src/backend/select.js';
import { ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import * as ops from '../../src/ops/index.js';
import type { TypedArray } from '../../src/tensor/dtype.js';
import { manualSeed } from '../../src/tensor/random.js';
import { noGrad } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';
import '../../src/autograd/methods.js';
import '../../src/ops/methods.js';
import { expectClose, expectSame } from '../support/close.js';

const { add, mul, ones, randn, rand, relu } = ops;
const ROUNDING = { rtol: 1e-4, atol: 1e-4 };

/** Statistics and parameters that a mistake in folding would show. */
function scrambled<M extends nn.Module>(model: M): M {
  for (const module of model.modules()) {
    if (!(module instanceof nn.BatchNorm2d)) continue;
    const { features, running_mean, running_var, weight, bias } = module;
    if (running_mean) ops.copyFrom(running_mean, randn([features]));
    if (running_var) ops.copyFrom(running_var, add(rand([features]), 0.5));
    noGrad(() => {
      if (weight) ops.copyFrom(weight, add(rand([features]), 0.5));
      if (bias) ops.copyFrom(bias, randn([features]));
    });
  }
  return model;
}

type Net = nn.Module & { forward(x: Tensor): Tensor };

/** With an observer every layer runs by itself. */
function unfused(model: Net, x: Tensor): Tensor {
  return nn.observeForward(
    () => {},
    () => noGrad(() => model.forward(x)),
  );
}

function expectSameFused(model: Net, x: Tensor): void {
  expectClose(noGrad(() => model.forward(x)).dataSync(), unfused(model, x).dataSync(), ROUNDING);
}

/** A residual block of its own making. */
class Block extends nn.Module {
  readonly conv: nn.Conv2d;
  readonly bn: nn.BatchNorm2d;
  readonly #hasRelu: boolean;

  constructor(channels: number, options: nn.BatchNormLayerOptions = {}, hasRelu = true) {
    super();
    this.conv = new nn.Conv2d(channels, channels, 3, { padding: 1 });
    this.bn = new nn.BatchNorm2d(channels, options);
    this.#hasRelu = hasRelu;
  }

  override forward(x: Tensor): Tensor {
    return nn.convNorm(x, this.conv, this.bn, { add: x, relu: this.#hasRelu });
  }
}

const conv = (
  from: number,
  to: number,
  options: nn.Conv2dLayerOptions = {},
  kernelSize = 3,
): nn.Conv2d => new nn.Conv2d(from, to, kernelSize, { padding: 1, ...options });

const NETS: Record<string, readonly [input: readonly number[], make: () => Net]> = {
  'convolution and batch-norm': [
    [2, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9, { bias: false }), new nn.BatchNorm2d(9)),
  ],
  'a bias before the batch-norm': [
    [2, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9, { relu: true })),
  ],
  'ReLU as a layer': [
    [2, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9), new nn.ReLU(), conv(9, 3)),
  ],
  'batch-norm without weights': [
    [2, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9, { affine: false })),
  ],
  'batch-norm without bias': [
    [2, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9, { bias: false })),
  ],
  'ReLU without batch-norm': [
    [3, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9, { stride: 2 }), new nn.ReLU(), conv(9, 4), new nn.ReLU()),
  ],
  'many channels and tiles': [
    [2, 33, 17, 14],
    () => new nn.Sequential(conv(33, 40), new nn.BatchNorm2d(40), new nn.ReLU()),
  ],
  'tiles of two': [
    [20, 16, 2, 2],
    () => new nn.Sequential(conv(16, 48), new nn.BatchNorm2d(48), new nn.ReLU()),
  ],
  'a long window': [
    [1, 70, 9, 9],
    () => new nn.Sequential(conv(70, 200, {}, 5), new nn.BatchNorm2d(200)),
  ],
  groups: [
    [2, 6, 7, 6],
    () => new nn.Sequential(conv(6, 9, { groups: 3 }), new nn.BatchNorm2d(9), new nn.ReLU()),
  ],
  depthwise: [
    [2, 19, 7, 6],
    () => new nn.Sequential(conv(19, 19, { groups: 19 }), new nn.BatchNorm2d(19), new nn.ReLU()),
  ],
  'one pixel': [
    [4, 40, 9, 9],
    () => new nn.Sequential(conv(40, 70, { padding: 0 }, 1), new nn.BatchNorm2d(70)),
  ],
  'padding by the mirror image': [
    [2, 5, 7, 6],
    () => new nn.Sequential(conv(5, 9, { paddingMode: 'reflect' }), new nn.BatchNorm2d(9)),
  ],
  'no images': [[0, 5, 7, 6], () => new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9))],
  'a shortcut': [[2, 5, 7, 6], () => new Block(5)],
  'a wide shortcut': [[3, 40, 13, 9], () => new Block(40)],
  'a shortcut without ReLU': [[2, 5, 7, 6], () => new Block(5, {}, false)],
  'ReLU before the shortcut': [[2, 5, 7, 6], () => new Block(5, { relu: true })],
};

describe('evaluation without gradients', () => {
  it.each(Object.entries(NETS))('fuses %s', (_, [input, make]) => {
    manualSeed(3);
    expectSameFused(scrambled(make()).eval(), randn(input));
  });

  it('runs every layer while somebody observes', () => {
    manualSeed(3);
    const block = new Block(8).eval();
    const x = randn([1, 8, 6, 6]);
    noGrad(() => block.forward(x));
    const names: string[] = [];
    nn.observeForward(
      (module) => names.push(module.constructor.name),
      () => block.forward(x),
    );
    expect(names).toEqual(['Conv2d', 'BatchNorm2d', 'Block']);
  });

  it('follows changes of weights and statistics', () => {
    manualSeed(4);
    const net = scrambled(new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9))).eval();
    const x = randn([2, 5, 7, 6]);
    expectSameFused(net, x);
    for (const tensor of net.stateDict().values()) {
      if (tensor.dtype !== 'float32') continue;
      noGrad(() => ops.copyFrom(tensor, add(mul(tensor, 0.5), 0.25)));
      expectSameFused(net, x);
    }
  });

  it('follows the switch to exact convolution, and the size of the image', () => {
    manualSeed(5);
    const net = scrambled(new nn.Sequential(conv(16, 16), new nn.BatchNorm2d(16))).eval();
    for (const size of [20, 2, 20, 5]) {
      for (const precision of ['fast', 'exact', 'fast'] as const) {
        setConvolutionPrecision(precision);
        expectSameFused(net, randn([1, 16, size, size]));
      }
    }
  });

  it('says what does not fit, as the layers themselves do', () => {
    const net = new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9)).eval();
    expect(() => noGrad(() => net.forward(ones([2, 4, 7, 6])))).toThrow(ShapeError);
    expect(() => noGrad(() => net.forward(ones([2, 4, 7, 6])))).toThrow(/^0: conv2d: input/);
    expect(() => noGrad(() => net.forward(ones([2, 5, 7])))).toThrow(/^0: conv2d: input/);
    const block = new Block(5).eval();
    const wrong = (): Tensor =>
      nn.convNorm(ones([2, 5, 7, 6]), block.conv, block.bn, { add: ones([2, 5, 7, 5]) });
    expect(() => noGrad(wrong)).toThrow(ShapeError);
  });

  it('takes images without a batch axis, except where a batch-norm does not', () => {
    const net = new nn.Sequential(conv(5, 9), new nn.ReLU(), conv(9, 4)).eval();
    const x = randn([5, 7, 6]);
    const single = noGrad(() => net.forward(x));
    expect(single.shape).toEqual([4, 7, 6]);
    expectClose(single, noGrad(() => net.forward(x.unsqueeze(0))).dataSync(), ROUNDING);
    const normed = new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9)).eval();
    expect(() => noGrad(() => normed.forward(x))).toThrow(
      '1: BatchNorm2d: input [9, 7, 6], expected [N, C, H, W]',
    );
  });

  it('prepares the weights of convolutions once, and again when they have changed', () => {
    manualSeed(6);
    const layer = conv(5, 9);
    const x = randn([2, 5, 7, 6]);
    const y = noGrad(() => layer.forward(x));
    const before = memoryInfo().live;
    for (let i = 0; i < 3; i++) noGrad(() => layer.forward(x).dispose());
    expect(memoryInfo().live).toBe(before);
    noGrad(() => ops.copyFrom(layer.weight, mul(layer.weight, 2)));
    const bias = layer.bias ?? ones([9]);
    const twice = noGrad(() => layer.forward(x).sub(bias.reshape([9, 1, 1])));
    const once = y.sub(bias.reshape([9, 1, 1]));
    expectClose(twice.dataSync(), once.mul(2).dataSync(), ROUNDING);
    expect(memoryInfo().live - before).toBeLessThan(100_000);
  });
});

describe('training', () => {
  it('has gradients through frozen convolutions, whose weights are prepared', () => {
    manualSeed(7);
    const layer = conv(5, 9).freeze();
    const x = randn([2, 5, 7, 6]);
    x.requiresGrad = true;
    const gradient = (): TypedArray => {
      const [dx] = grad(layer.forward(x).square().sum(), [x]);
      return dx?.dataSync() ?? new Float32Array();
    };
    const frozen = gradient();
    layer.unfreeze();
    expect(frozen.length).toBe(x.size);
    expectClose(frozen, gradient(), ROUNDING);
  });

  it('normalises by the batch, and trains batch-norm in evaluation mode', () => {
    manualSeed(8);
    const net = scrambled(new nn.Sequential(conv(5, 9), new nn.BatchNorm2d(9), new nn.ReLU()));
    const x = randn([2, 5, 7, 6]);
    const y = noGrad(() => net.forward(x));
    const mean = y.mean([0, 2, 3]);
    expect(Math.abs(mean.dataSync()[0] ?? Number.NaN)).toBeLessThan(2);
    net.eval();
    net.forward(x).sum().backward();
    for (const parameter of net.parameters()) expect(parameter.grad).not.toBeNull();
    expectClose(net.forward(x).dataSync(), unfused(net, x).dataSync(), ROUNDING);
  });

  it('lets go of what a chain has handed on', () => {
    const net = new nn.Sequential(new nn.ReLU(), new nn.Identity(), new nn.ReLU());
    const x = ones([1000]);
    const before = memoryInfo().live;
    const y = noGrad(() => net.forward(x));
    const expected = relu(x);
    expectSame(y, expected);
    y.dispose();
    expected.dispose();
    expect(x.isDisposed).toBe(false);
    expect(memoryInfo().live).toBe(before);
  });
});
