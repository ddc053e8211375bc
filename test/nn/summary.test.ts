import { expect, test } from 'vitest';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { zeros } from '../../src/ops/creation.js';
import { add } from '../../src/ops/elementwise.js';
import { matmul } from '../../src/ops/matmul.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';

class Net extends nn.Module {
  readonly conv1 = new nn.Conv2d(1, 8, 3);
  readonly head = new nn.Sequential(
    new nn.Flatten(),
    new nn.Dropout(),
    new nn.Linear(8 * 36, 1000),
  );
  readonly steps = zeros([2, 3]);

  override forward(x: Tensor): Tensor {
    return this.head.forward(this.conv1.forward(x));
  }
}

const RULE = '─'.repeat(41);

test('summary shows layers, output shapes, counts and totals', () => {
  const net = new Net();
  net.conv1.freeze();
  expect(net.summary([2, 1, 8, 8])).toBe(
    [
      'Net',
      RULE,
      'layer   type     output        parameters',
      RULE,
      'conv1   Conv2d   [2, 8, 6, 6]          80',
      'head.0  Flatten  [2, 288]               0',
      'head.1  Dropout  [2, 288]               0',
      'head.2  Linear   [2, 1000]        289,000',
      RULE,
      'parameters: 289,080 (289,000 trainable, 80 frozen)',
      'buffers: 6',
      'memory: 1.1 MiB',
    ].join('\n'),
  );
});

test('summary leaves modes and memory as they were', () => {
  const net = new Net();
  net.head.eval();
  net.summary([1, 1, 8, 8]);
  const { live } = memoryInfo();
  net.summary([1, 1, 8, 8]);
  expect(memoryInfo().live).toBe(live);
  expect(net.training).toBe(true);
  expect(net.head.at(1).training).toBe(false);
  expect(() => net.summary([1, 2, 8, 8])).toThrow(ShapeError);
  expect(net.training).toBe(true);
});

test('summary shows fewer levels on request', () => {
  const lines = new Net().summary([2, 1, 8, 8], { depth: 1 }).split('\n');
  expect(lines[5]).toMatch(/^head +Sequential +\[2, 1000\] +289,000$/);
  expect(() => new Net().summary([2, 1, 8, 8], { depth: 0 })).toThrow(ArgumentError);
});

test('summary takes several inputs, indices and any output', () => {
  class Pair extends nn.Module {
    readonly embedding = new nn.Embedding(10, 4);
    readonly unused = new nn.Linear(1, 1);
    override forward(a: Tensor, b: Tensor): { sum: Tensor; parts: Tensor[] } {
      const [x, y] = [this.embedding.forward(a), this.embedding.forward(b)];
      return { sum: add(x, y), parts: [x] };
    }
  }
  const text = new Pair().summary(
    [
      [2, 3],
      [2, 3],
    ],
    { dtype: 'int32' },
  );
  expect(text).toMatch(/embedding +Embedding +\[2, 3, 4\] +40/);
  expect(text).toMatch(/unused +Linear +- +2/);
  expect(new nn.Linear(2, 1).summary([5, 2])).toMatch(/- +Linear +\[5, 1\] +3/);
  expect(() => new Pair().summary([[2, 3], 4] as unknown as number[])).toThrow(/summary: expected/);
});

test('summary counts a shared parameter once, with the first layer that has it', () => {
  class Decoder extends nn.Module {
    readonly weight: nn.Parameter;
    constructor(weight: nn.Parameter) {
      super();
      this.weight = weight;
    }
    override forward(x: Tensor): Tensor {
      return matmul(x, this.weight);
    }
  }
  const encode = new nn.Linear(3, 3);
  const text = new nn.Sequential({ encode, decode: new Decoder(encode.weight) }).summary([1, 3]);
  expect(text).toMatch(/encode +Linear +\[1, 3\] +12/);
  expect(text).toMatch(/decode +Decoder +\[1, 3\] +0/);
  expect(text).toContain('parameters: 12');
});

test('summary takes inputs without a batch axis', () => {
  const net = new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.ReLU(), new nn.MaxPool2d(2));
  const lines = net.summary([1, 8, 8]).split('\n');
  expect(lines.slice(4, 7).map((line) => line.split(/ {2,}/).slice(1, 3))).toEqual([
    ['Conv2d', '[4, 6, 6]'],
    ['ReLU', '[4, 6, 6]'],
    ['MaxPool2d', '[4, 3, 3]'],
  ]);
});
