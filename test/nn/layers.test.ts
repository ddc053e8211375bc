import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, AxonodeError, ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { full, zeros } from '../../src/ops/creation.js';
import { gather } from '../../src/ops/indexing.js';
import { randn } from '../../src/ops/random.js';
import { sum } from '../../src/ops/reduce.js';
import { reshape } from '../../src/ops/view.js';
import { Generator } from '../../src/tensor/random.js';
import { scope } from '../../src/tensor/scope.js';
import { expectSame } from '../support/close.js';

describe('options out of range are refused when the layer is made', () => {
  const kernelSize = 3;
  test.each<[string, () => nn.Module, RegExp]>([
    ['Linear', () => new nn.Linear(0, 3), /Linear: inFeatures is 0, expected an integer ≥ 1/],
    ['Linear', () => new nn.Linear(3, 1.5), /Linear: outFeatures is 1.5/],
    ['Conv2d', () => new nn.Conv2d(0, 3, kernelSize), /Conv2d: inChannels is 0/],
    ['Conv2d', () => new nn.Conv2d(3, -1, kernelSize), /Conv2d: outChannels is -1/],
    ['Conv2d', () => new nn.Conv2d(3, 4, 0), /Conv2d: kernelSize is 0/],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 4, kernelSize, { stride: [1, 0] }),
      /Conv2d: stride is \[1, 0\]/,
    ],
    ['Conv2d', () => new nn.Conv2d(3, 4, kernelSize, { padding: -1 }), /Conv2d: padding is -1/],
    ['Conv2d', () => new nn.Conv2d(3, 4, kernelSize, { dilation: 0 }), /Conv2d: dilation is 0/],
    ['Conv2d', () => new nn.Conv2d(3, 4, kernelSize, { groups: 0 }), /Conv2d: groups is 0/],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 4, kernelSize, { groups: 2 }),
      /Conv2d: groups=2 does not divide 3 input and 4 output channels/,
    ],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 4, kernelSize, { stride: 2, padding: 'same' }),
      /Conv2d: padding 'same' with stride \[2, 2\], expected 1/,
    ],
    ['Conv1d', () => new nn.Conv1d(1, 1, 2.5), /Conv1d: kernelSize is 2.5/],
    [
      'ConvTranspose2d',
      () => new nn.ConvTranspose2d(4, 3, kernelSize, { groups: 4 }),
      /ConvTranspose2d: groups=4 does not divide/,
    ],
    [
      'ConvTranspose2d',
      () => new nn.ConvTranspose2d(4, 4, kernelSize, { stride: 2, outputPadding: [1, 2] }),
      /ConvTranspose2d: outputPadding \[1, 2\], expected less than stride \[2, 2\] or dilation/,
    ],
    [
      'ConvTranspose1d',
      () => new nn.ConvTranspose1d(4, 4, kernelSize, { outputPadding: 1 }),
      /ConvTranspose1d: outputPadding \[1\], expected less than stride \[1\]/,
    ],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 4, kernelSize, { stride: 2 ** 25 }),
      /Conv2d: stride is 33554432, expected .* of at least 1 and at most 2\^24/,
    ],
    ['Conv2d', () => new nn.Conv2d(3, 4, kernelSize, { padding: 0.5 }), /Conv2d: padding is 0.5/],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 4, kernelSize, { paddingMode: 'mirror' as 'reflect' }),
      /Conv2d: paddingMode is mirror, expected one of 'zeros', 'reflect'/,
    ],
    [
      'Conv1d',
      () => new nn.Conv1d(1, 1, 4, { stride: 2, padding: 'same' }),
      /Conv1d: padding 'same' with stride 2, expected 1/,
    ],
    ['MaxPool2d', () => new nn.MaxPool2d(0), /MaxPool2d: kernelSize is 0/],
    ['MaxPool2d', () => new nn.MaxPool2d(2, { dilation: 1.5 }), /MaxPool2d: dilation is 1.5/],
    [
      'AvgPool2d',
      () => new nn.AvgPool2d(2, { divisorOverride: 0 }),
      /AvgPool2d: divisorOverride is 0/,
    ],
    ['AdaptiveAvgPool1d', () => new nn.AdaptiveAvgPool1d(0), /AdaptiveAvgPool1d: size is 0/],
    ['AdaptiveMaxPool1d', () => new nn.AdaptiveMaxPool1d(1.5), /AdaptiveMaxPool1d: size is 1.5/],
    ['MaxPool2d', () => new nn.MaxPool2d(2, { padding: 2 }), /padding \[2, 2\] is more than half/],
    ['AvgPool2d', () => new nn.AvgPool2d(2, { stride: 0 }), /AvgPool2d: stride is 0/],
    ['MaxPool1d', () => new nn.MaxPool1d(-1), /MaxPool1d: kernelSize is -1/],
    ['AvgPool1d', () => new nn.AvgPool1d(2, { padding: 2 }), /AvgPool1d: padding 2 is more/],
    ['AdaptiveAvgPool2d', () => new nn.AdaptiveAvgPool2d(0), /AdaptiveAvgPool2d: size is 0/],
    ['AdaptiveMaxPool2d', () => new nn.AdaptiveMaxPool2d([1.5, null]), /size is \[1.5, null\]/],
    ['Dropout', () => new nn.Dropout(1.5), /Dropout: p is 1.5/],
    ['Dropout2d', () => new nn.Dropout2d(-0.1), /Dropout2d: p is -0.1/],
    ['LeakyReLU', () => new nn.LeakyReLU({ slope: Number.NaN }), /LeakyReLU: slope is NaN/],
    ['ELU', () => new nn.ELU({ alpha: Number.POSITIVE_INFINITY }), /ELU: alpha is Infinity/],
    ['GELU', () => new nn.GELU({ approximate: 'erf' as 'tanh' }), /GELU: approximate is erf/],
    ['Softplus', () => new nn.Softplus({ beta: 0 }), /Softplus: beta is 0/],
    ['Hardtanh', () => new nn.Hardtanh({ low: 1, high: 1 }), /Hardtanh: low 1 and high 1/],
    ['Softmax', () => new nn.Softmax({ axis: 0.5 }), /Softmax: axis is 0.5/],
    ['Embedding', () => new nn.Embedding(0, 3), /Embedding: count is 0/],
    [
      'Embedding',
      () => new nn.Embedding(3, 3, { paddingIndex: 3 }),
      /paddingIndex is 3, expected .* -3 to 2/,
    ],
  ])('%s (%#)', (_, make, message) => {
    expect(make).toThrow(AxonodeError);
    expect(make).toThrow(message);
  });
});

test('the documented sizes of convolution layers hold', () => {
  const conv = new nn.Conv2d(4, 6, [3, 2], { groups: 2 });
  expect([conv.inChannels, conv.outChannels]).toEqual([4, 6]);
  expect(conv.weight.shape).toEqual([6, 2, 3, 2]);
  const transposed = new nn.ConvTranspose2d(4, 6, 3, { groups: 2, bias: false });
  expect([transposed.inChannels, transposed.outChannels]).toEqual([4, 6]);
  expect(transposed.weight.shape).toEqual([4, 3, 3, 3]);
  expect(transposed.bias).toBeNull();
  const linear = new nn.Linear(3, 5);
  expect([linear.inFeatures, linear.outFeatures]).toEqual([3, 5]);
});

test('options are copied: a change of theirs does not change the layer', () => {
  const options = { stride: 1 };
  const layers = [new nn.Conv2d(1, 1, 2, options), new nn.MaxPool2d(2, options)];
  options.stride = 3;
  for (const layer of layers)
    expect(layer.forward(zeros([1, 1, 4, 4])).shape).toEqual([1, 1, 3, 3]);
});

test('layers print their options', () => {
  const text = [
    new nn.Linear(2, 3, { bias: false }),
    new nn.Conv1d(2, 4, 3, { groups: 2 }),
    new nn.Conv2d(2, 4, 3, { padding: 'same', dilation: 2, bias: false }),
    new nn.ConvTranspose2d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1 }),
    new nn.ConvTranspose1d(2, 4, 3, { bias: false }),
    new nn.Conv2d(2, 4, 3, { padding: 1, paddingMode: 'circular' }),
    new nn.MaxPool2d([2, 3], { stride: 1, ceilMode: true }),
    new nn.AdaptiveMaxPool1d(3),
    new nn.AdaptiveAvgPool2d([1, null]),
    new nn.LeakyReLU(),
    new nn.GELU({ approximate: 'tanh' }),
    new nn.Hardtanh(),
    new nn.Embedding(10, 4, { paddingIndex: 0 }),
    new nn.CrossEntropyLoss({ weight: zeros([3]), labelSmoothing: 0.1 }),
  ].map(String);
  expect(text).toEqual([
    'Linear(2, 3, bias=false)',
    'Conv1d(2, 4, kernelSize=3, stride=1, groups=2)',
    'Conv2d(2, 4, kernelSize=[3, 3], stride=[1, 1], padding=same, dilation=[2, 2], bias=false)',
    'ConvTranspose2d(2, 4, kernelSize=[3, 3], stride=[2, 2], padding=[1, 1], outputPadding=[1, 1])',
    'ConvTranspose1d(2, 4, kernelSize=3, stride=1, bias=false)',
    'Conv2d(2, 4, kernelSize=[3, 3], stride=[1, 1], padding=[1, 1], paddingMode=circular)',
    'MaxPool2d(kernelSize=[2, 3], stride=1, ceilMode=true)',
    'AdaptiveMaxPool1d(size=3)',
    'AdaptiveAvgPool2d(size=[1,null])',
    'LeakyReLU(slope=0.01)',
    'GELU(approximate=tanh)',
    'Hardtanh(low=-1, high=1)',
    'Embedding(10, 4, paddingIndex=0)',
    'CrossEntropyLoss(weight=[3], labelSmoothing=0.1)',
  ]);
});

describe('dropout', () => {
  test('drops while training only, and its gradient takes the same mask', () => {
    const layer = new nn.Dropout(0.5, { generator: new Generator(1) });
    const x = full([1000], 3, { requiresGrad: true });
    const y = layer.forward(x);
    backward(sum(y));
    const [output, gradient] = [y.dataSync(), x.grad?.dataSync() ?? []];
    const dropped = output.filter((value) => value === 0).length;
    expect(dropped).toBeGreaterThan(420);
    expect(dropped).toBeLessThan(580);
    expect(new Set(output)).toEqual(new Set([0, 6]));
    expectSame(
      Array.from(gradient, (value) => value * 3),
      output,
    );
    expect(layer.eval().forward(x)).toBe(x);
  });

  test('of channels drops whole ones', () => {
    const layer = new nn.Dropout2d(0.5, { generator: new Generator(2) });
    const values = layer.forward(full([4, 8, 3, 3], 1)).dataSync();
    const channels = Array.from({ length: 32 }, (_, i) => new Set(values.slice(9 * i, 9 * i + 9)));
    expect(channels.every((channel) => channel.size === 1)).toBe(true);
    expect(new Set(values)).toEqual(new Set([0, 2]));
  });

  test('of sequences and volumes drops whole channels, and checks what it is given', () => {
    const generator = new Generator(3);
    for (const [layer, shape] of [
      [new nn.Dropout1d(0.5, { generator }), [4, 8, 9]],
      [new nn.Dropout3d(0.5, { generator }), [4, 8, 1, 3, 3]],
    ] as const) {
      const values = layer.forward(full(shape, 1)).dataSync();
      const channels = Array.from({ length: 32 }, (_, i) => values.slice(9 * i, 9 * i + 9));
      expect(channels.every((channel) => new Set(channel).size === 1)).toBe(true);
      expect(new Set(values)).toEqual(new Set([0, 2]));
      expect(() => layer.forward(full([3], 1))).toThrow(/input \[3\], expected \[N, C/);
    }
  });

  test('of SELU nets keeps mean 0 and variance 1, and puts the floor where it drops', () => {
    const p = 0.3;
    const layer = new nn.AlphaDropout(p, { generator: new Generator(4) });
    const x = randn([40_000], { generator: new Generator(5), requiresGrad: true });
    const y = layer.forward(x);
    backward(sum(y));
    const [given, slopes] = [x.dataSync(), x.grad?.dataSync() ?? []];
    const values = Array.from(y.dataSync());
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
    // The formula of the paper, with alpha' = −1.7580993.
    const alpha = -1.7580993408473766;
    const a = 1 / Math.sqrt((1 - p) * (1 + p * alpha ** 2));
    const b = -a * p * alpha;
    for (let i = 0; i < 100; i++) {
      const kept = slopes[i] !== 0;
      expect(values[i]).toBeCloseTo(a * (kept ? (given[i] ?? 0) : alpha) + b, 4);
      expect(slopes[i]).toBeCloseTo(kept ? a : 0, 5);
    }
    expect(layer.eval().forward(x)).toBe(x);
    expectSame(new nn.AlphaDropout(1).forward(full([3], 2)), [0, 0, 0]);
  });

  test('of SELU channels drops whole ones', () => {
    const layer = new nn.FeatureAlphaDropout(0.5, { generator: new Generator(6) });
    const values = layer.forward(full([4, 8, 3, 3], 1)).dataSync();
    const channels = Array.from({ length: 32 }, (_, i) => values.slice(9 * i, 9 * i + 9));
    expect(channels.every((channel) => new Set(channel).size === 1)).toBe(true);
    expect(new Set(values).size).toBe(2);
    expect(() => layer.forward(full([2], 1))).toThrow(/expected \[N, C, \.\.\.\]/);
  });

  test('draws the same masks from the same seed', () => {
    const [a, b] = [1, 1].map((seed) => new nn.Dropout(0.3, { generator: new Generator(seed) }));
    const x = full([100], 1);
    expectSame(a?.forward(x) ?? [], b?.forward(x) ?? [1]);
  });
});

test('weights of a loss outlive the scope that the loss was made in', () => {
  const loss = scope(() => {
    const made = new nn.CrossEntropyLoss({ weight: full([3], 2) });
    return () => made;
  })();
  expect([...loss.stateDict().keys()]).toEqual([]);
  expect(loss.forward(zeros([1, 3]), zeros([1], { dtype: 'int32' })).itemSync()).toBeCloseTo(
    Math.log(3),
  );
});

test('transposed convolutions give the size that they are asked for', () => {
  const shrink = new nn.Conv2d(3, 4, 3, { stride: 2, padding: 1 });
  const enlarge = new nn.ConvTranspose2d(4, 3, 3, { stride: 2, padding: 1 });
  const x = full([2, 3, 8, 7], 1);
  const small = shrink.forward(x);
  expect(enlarge.forward(small).shape).toEqual([2, 3, 7, 7]);
  expect(enlarge.forward(small, { outputSize: x.shape }).shape).toEqual([2, 3, 8, 7]);
  expect(enlarge.forward(small, { outputSize: 8 }).shape).toEqual([2, 3, 8, 8]);
  // What outputPadding says counts where nothing is asked for.
  const sequences = new nn.ConvTranspose1d(4, 3, 3, { stride: 2, outputPadding: 1 });
  expect(sequences.forward(zeros([2, 4, 5])).shape).toEqual([2, 3, 12]);
  expect(sequences.forward(zeros([2, 4, 5]), { outputSize: [11] }).shape).toEqual([2, 3, 11]);
  expect(() => sequences.forward(zeros([2, 4, 5]), { outputSize: 13 })).toThrow(
    /outputSize \[13\] cannot be reached from input \[2, 4, 5\], expected \[11\] to \[12\]/,
  );
});

describe('pools that return indices', () => {
  test('give unpooling what it needs', () => {
    const pool = new nn.MaxPool2d(2, { returnIndices: true });
    const unpool = new nn.MaxUnpool2d(2);
    const x = randn([2, 3, 5, 4], { requiresGrad: true });
    const { output, indices } = pool.forward(x);
    expect(unpool.forward(output, indices).shape).toEqual([2, 3, 4, 4]);
    const back = unpool.forward(output, indices, { outputSize: x.shape });
    expect(back.shape).toEqual(x.shape);
    backward(sum(back));
    // Each of the largest went through, so its slope is 1.
    const kept = Array.from(back.dataSync(), (value) => (value === 0 ? 0 : 1));
    expectSame(x.grad ?? [], kept);
    expect(() => unpool.forward(output, indices, { outputSize: [6, 4] })).toThrow(
      /outputSize \[6, 4\] cannot be reached from input \[2, 3, 2, 2\], expected \[3, 3\] to \[5, 5\]/,
    );
  });

  test('are those of sequences, and adaptive ones', () => {
    const x = randn([2, 3, 7]);
    const line = new nn.MaxPool1d(3, { stride: 2, returnIndices: true }).forward(x);
    const back = new nn.MaxUnpool1d(3, { stride: 2 }).forward(line.output, line.indices);
    expect(back.shape).toEqual(x.shape);
    const { output, indices } = new nn.AdaptiveMaxPool1d(4, { returnIndices: true }).forward(x);
    expectSame(gather(x, 2, indices), output);
    const image = randn([2, 3, 5, 7]);
    const adaptive = new nn.AdaptiveMaxPool2d([2, 3], { returnIndices: true }).forward(image);
    const flat = gather(reshape(image, [2, 3, 35]), 2, reshape(adaptive.indices, [2, 3, 6]));
    expectSame(reshape(flat, adaptive.output.shape), adaptive.output);
  });

  test('say so in their names', () => {
    expect(`${new nn.MaxPool2d(2, { returnIndices: true })}`).toBe(
      'MaxPool2d(kernelSize=2, returnIndices=true)',
    );
    expect(`${new nn.MaxUnpool2d([2, 3], { stride: 2 })}`).toBe(
      'MaxUnpool2d(kernelSize=[2, 3], stride=2)',
    );
    expect(() => new nn.MaxUnpool1d(0)).toThrow(/MaxUnpool1d: kernelSize is 0/);
  });
});

test('an unfitting input says the layer and the shapes', () => {
  const model = new nn.Sequential({ fc: new nn.Linear(3, 2), act: new nn.ReLU() });
  const run = (): unknown => model.forward(zeros([4, 5]));
  expect(run).toThrow(ShapeError);
  expect(run).toThrow('fc: linear: input [4, 5] with weight [2, 3] expects [..., 3]');
  expect(() => new nn.ModuleList([1 as unknown as nn.Module])).toThrow(ArgumentError);
});
