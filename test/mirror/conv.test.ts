import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Layout, Tensor } from '../../src/tensor/tensor.js';
import { floats, forAll, type Input, layouts, mirror, seeds } from '../support/mirror.js';

const int = (min: number, max: number) => fc.integer({ min, max });
const pair = (arbitrary: fc.Arbitrary<number>) => fc.tuple(arbitrary, arbitrary);

interface Conv {
  readonly batch: number;
  readonly groups: number;
  /** Channels of one group. */
  readonly from: number;
  readonly to: number;
  readonly kernel: [number, number];
  readonly stride: [number, number];
  readonly padding: [number, number];
  readonly dilation: [number, number];
  /** Pixels beyond the smallest image that fits. */
  readonly extra: [number, number];
  readonly layout: Layout;
  readonly bias: boolean;
}

const geometry: fc.Arbitrary<Conv> = fc.record({
  batch: int(0, 3),
  groups: fc.oneof({ weight: 2, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: int(2, 5) }),
  from: fc.oneof({ weight: 3, arbitrary: int(1, 5) }, { weight: 1, arbitrary: int(6, 35) }),
  to: fc.oneof({ weight: 3, arbitrary: int(1, 5) }, { weight: 1, arbitrary: int(6, 35) }),
  kernel: pair(fc.constantFrom(1, 1, 2, 3, 3, 4, 5, 7)),
  stride: pair(fc.constantFrom(1, 1, 2, 3)),
  padding: pair(int(0, 3)),
  dilation: pair(fc.constantFrom(1, 1, 2, 3)),
  extra: pair(int(0, 9)),
  layout: layouts,
  bias: fc.boolean(),
});

/** What the ops take of it. */
function optionsOf({ groups, stride, padding, dilation }: Conv): ops.Conv2dOptions {
  return { groups, stride, padding, dilation };
}

/** The input, weight and bias of a convolution. */
function operands(c: Conv): Input[] {
  const size = ([0, 1] as const).map((i) => {
    const span = c.dilation[i] * (c.kernel[i] - 1) + 1;
    return Math.max(1, span - 2 * c.padding[i]) + c.extra[i];
  });
  const inputs = [
    floats([c.batch, c.from * c.groups, ...size], { layout: c.layout }),
    floats([c.to * c.groups, c.from, ...c.kernel]),
  ];
  return c.bias ? [...inputs, floats([c.to * c.groups])] : inputs;
}

const ROUNDING = { rtol: 1e-5, atol: 1e-4 };

describe('convolution', () => {
  it('conv2d of any geometry', () => {
    forAll(
      [geometry, seeds],
      (c, seed) => {
        mirror(
          seed,
          operands(c),
          (x, w, b?: Tensor) => ops.conv2d(x, w, b ?? null, optionsOf(c)),
          ROUNDING,
        );
      },
      120,
    );
  });

  it('depthwise', () => {
    forAll([geometry, int(1, 40), int(1, 2), seeds], (c, channels, multiplier, seed) => {
      const depthwise = { ...c, groups: channels, from: 1, to: multiplier };
      mirror(
        seed,
        operands(depthwise),
        (x, w, b?: Tensor) => ops.conv2d(x, w, b ?? null, optionsOf(depthwise)),
        ROUNDING,
      );
    });
  });

  it('conv1d', () => {
    forAll([geometry, seeds], (c, seed) => {
      const [, width] = c.extra;
      const inputs = [
        floats([c.batch, c.from * c.groups, c.dilation[1] * c.kernel[1] + width]),
        floats([c.to * c.groups, c.from, c.kernel[1]]),
      ];
      const options = {
        groups: c.groups,
        stride: c.stride[1],
        padding: c.padding[1],
        dilation: c.dilation[1],
      };
      mirror(seed, inputs, (x, w) => ops.conv1d(x, w, null, options), ROUNDING);
    });
  });

  it('convTranspose2d', () => {
    forAll([geometry, seeds], (c, seed) => {
      const size = c.extra.map((extra) => extra + 4);
      const inputs = [
        floats([c.batch, c.from * c.groups, ...size], { layout: c.layout }),
        floats([c.from * c.groups, c.to, ...c.kernel]),
        floats([c.to * c.groups]),
      ];
      const [height, width] = c.padding;
      const options = {
        ...optionsOf(c),
        padding: [Math.min(height, 1), Math.min(width, 1)] as [number, number],
      };
      mirror(seed, inputs, (x, w, b) => ops.convTranspose2d(x, w, b, options), ROUNDING);
    });
  });

  it('without a batch axis', () => {
    forAll([geometry, seeds], (c, seed) => {
      const [x, w] = operands({ ...c, batch: 1 });
      if (x === undefined || w === undefined) return;
      const image = { ...x, shape: x.shape.slice(1), layout: 'rowMajor' } as const;
      const run = (input: Tensor, weight: Tensor): Tensor =>
        ops.conv2d(input, weight, null, optionsOf(c));
      mirror(seed, [image, w], run, ROUNDING);
      mirror(seed, [image, w], (input, weight) =>
        ops.sub(run(input, weight), ops.squeeze(run(ops.unsqueeze(input, 0), weight), 0)),
      );
    });
  });

  it('convTranspose2d of every size that it reaches', () => {
    forAll([geometry, seeds], ({ stride, layout }, seed) => {
      const inputs = [floats([2, 3, 4, 5], { layout }), floats([3, 2, 3, 4])];
      const [height, width] = [4 * stride[0] - stride[0] + 3, 5 * stride[1] - stride[1] + 4];
      const sizes = Array.from({ length: Math.max(...stride) }, (_, more) => [
        height + Math.min(more, stride[0] - 1),
        width + Math.min(more, stride[1] - 1),
      ]);
      mirror(
        seed,
        inputs,
        (x, w) =>
          sizes.map((outputSize) => ops.convTranspose2d(x, w, null, { stride, outputSize })),
        ROUNDING,
      );
    });
  });

  it.each([
    ['LeNet', [16, 1, 28, 28], [6, 1, 5, 5], { padding: 2 }],
    ['a residual block', [2, 64, 14, 14], [64, 64, 3, 3], { padding: 1 }],
    ['a stem', [2, 3, 64, 64], [32, 3, 7, 7], { padding: 3, stride: 2 }],
    ['a bottleneck', [2, 96, 15, 15], [24, 96, 1, 1], {}],
    ['a projection', [2, 32, 15, 15], [64, 32, 1, 1], { stride: 2 }],
    ['an Inception row', [4, 20, 9, 11], [40, 20, 1, 7], { padding: [0, 3] }],
    ['an Inception column', [4, 20, 11, 9], [40, 20, 7, 1], { padding: [3, 0] }],
    ['a strided row', [3, 5, 17, 12], [37, 5, 1, 5], { padding: [0, 2], stride: [1, 2] }],
    ['a row all but in the padding', [5, 3, 7, 2], [19, 3, 1, 7], { padding: [0, 6] }],
    ['many channels, few pixels', [2, 150, 4, 5], [40, 150, 3, 3], { padding: 1, stride: 2 }],
    ['more channels, fewer pixels', [1, 300, 3, 3], [70, 300, 3, 3], { padding: 1 }],
    ['the end of a bottleneck', [2, 600, 5, 5], [530, 600, 1, 1], {}],
    ['one whose rows would collide in the cache', [2, 512, 5, 5], [528, 512, 1, 1], {}],
    ['a late projection', [2, 520, 9, 9], [300, 520, 1, 1], { stride: 2 }],
    ['a late bottleneck in groups', [2, 1040, 5, 5], [1000, 520, 1, 1], { groups: 2 }],
    ['a padded bottleneck', [1, 512, 4, 4], [256, 512, 1, 1], { padding: 1 }],
    ['few pixels, large kernel', [3, 6, 8, 8], [20, 6, 7, 7], { padding: 6 }],
  ] as const)('of the size of %s', (_, input, weight, options) => {
    for (const layout of ['rowMajor', 'channelsLast'] as const) {
      const inputs = [floats(input, { layout }), floats(weight, { low: -0.2, high: 0.2 })];
      mirror(1, inputs, (x, w) => ops.conv2d(x, w, null, options), { rtol: 1e-4, atol: 1e-3 });
    }
  });
});
