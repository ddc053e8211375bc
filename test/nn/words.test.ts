import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { synchronize } from '../../src/backend/select.js';
import { DataLoader, padSequence, StreamBatches, TensorDataset } from '../../src/data/index.js';
import { ArgumentError, AutogradError, DisposedError, IndexFaultError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import * as ops from '../../src/ops/index.js';
import { SGD } from '../../src/optim/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose } from '../support/close.js';

// What errors tell a user to do.

const { ones, tensor, zeros } = ops;

function messageOf(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    if (error instanceof AutogradError || error instanceof DisposedError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a recurrent state that is reused without detach()', () => {
  const steps: readonly (readonly [name: string, cell: () => nn.Module])[] = [
    ['RNN', () => new nn.RNN(2, 2)],
    ['GRU', () => new nn.GRU(2, 2)],
    ['LSTM', () => new nn.LSTM(2, 2)],
    ['RNNCell', () => new nn.RNNCell(2, 2)],
    ['GRUCell', () => new nn.GRUCell(2, 2)],
    ['LSTMCell', () => new nn.LSTMCell(2, 2)],
  ];

  /** Two steps of training that forget detach(); the message of the second. */
  function trained(make: () => nn.Module, keep: boolean): string {
    const net = make();
    const optimizer = new SGD(net.parameters(), { lr: 0.1 });
    const isCell = net.constructor.name.endsWith('Cell');
    const x = isCell ? ones([1, 2]) : ones([3, 1, 2]);
    let state: unknown = null;
    return messageOf(() => {
      for (let step = 0; step < 2; step++) {
        const result: unknown = Reflect.apply(net.forward, net, [x, state]);
        const [output, next] = (
          isCell ? [Array.isArray(result) ? result[0] : result, result] : result
        ) as [Tensor, Tensor | Tensor[]];
        state = next;
        for (const each of [next].flat()) if (keep) each.keep();
        optimizer.zeroGrad();
        backward(output.sum());
        optimizer.step();
      }
    });
  }

  test.each(steps)('%s', (_, make) => {
    for (const keep of [true, false]) {
      const message = trained(make, keep);
      expect(message).toMatch(/state = state\.detach\(\)/);
      expect(message).not.toMatch(/retainGraph/);
    }
  });

  test('with work in between that frees the state', () => {
    const w = ones([2], { requiresGrad: true });
    const state = w.mul(2);
    backward(state.sum());
    w.mul(3);
    expect(messageOf(() => state.mul(w))).toMatch(/state = state\.detach\(\)/);
  });

  test('one loss twice is advised retainGraph', () => {
    const w = ones([2], { requiresGrad: true });
    const loss = w.mul(w).sum();
    backward(loss);
    const message = messageOf(() => backward(loss));
    expect(message).toMatch(/retainGraph/);
    expect(message).not.toMatch(/detach/);
  });
});

describe('batches that outlive their loan', () => {
  test('of a DataLoader', async () => {
    const batches: Tensor[] = [];
    const loader = new DataLoader(new TensorDataset(ones([4, 2])), { batchSize: 2 });
    for await (const [x] of loader) batches.push(x);
    const use = (): unknown => batches[0]?.dataSync();
    expect(use).toThrow(DisposedError);
    expect(use).toThrow(/\[2, 2\] .* on loan from a DataLoader, .*keep\(\)/);
  });

  test('in whatever form', async () => {
    const forms: readonly ((x: Tensor) => unknown)[] = [
      (x) => x,
      (x) => ({ inner: { x } }),
      (x) => new Map([['x', x]]),
      (x) => new Set([x]),
    ];
    for (const form of forms) {
      const seen: Tensor[] = [];
      const loader = new DataLoader(new TensorDataset(ones([2, 2])), {
        transform: ([x]: readonly Tensor[]) => {
          const made = (x ?? zeros([1])).mul(2);
          seen.push(made);
          return form(made) as readonly Tensor[];
        },
      });
      for await (const _ of loader) expect(seen.at(-1)?.isDisposed).toBe(false);
      expect(() => seen[0]?.dataSync()).toThrow(/on loan from a DataLoader/);
    }
  });

  test('of StreamBatches', () => {
    const kept: Tensor[] = [];
    const lost: Tensor[] = [];
    for (const { input, target } of new StreamBatches(Int32Array.from({ length: 9 }), 2)) {
      kept.push(input.keep());
      lost.push(target);
    }
    expect(kept[0]?.size).toBe(2);
    expect(kept[0]?.dataSync()).toEqual(new Int32Array(2));
    expect(() => lost[0]?.dataSync()).toThrow(/on loan from a StreamBatches/);
  });

  test('kept ones stay', async () => {
    const batches: Tensor[] = [];
    const loader = new DataLoader(new TensorDataset(ones([4, 2])), { batchSize: 2 });
    for await (const [x] of loader) batches.push(x.keep());
    for (const batch of batches) expect(batch.dataSync()).toEqual(new Float32Array(4).fill(1));
  });
});

describe('lengths', () => {
  const lists: readonly (readonly [string, nn.Lengths])[] = [
    ['a tensor', tensor([3, 1], { dtype: 'int32' })],
    ['a tensor of bytes', tensor([3, 1], { dtype: 'uint8' })],
    ['a typed array', Int32Array.of(3, 1)],
  ];
  test.each(lists)('may be %s', (_, lengths) => {
    const net = new nn.LSTM(2, 3, { bidirectional: true });
    const x = ones([3, 2, 2]);
    const [expected] = net.forward(x, null, { lengths: [3, 1] });
    const [output] = net.forward(x, null, { lengths });
    expectClose(output, expected.dataSync());
  });

  test('of padSequence fit', () => {
    const { values, lengths } = padSequence([Float32Array.of(1, 2), Float32Array.of(3)]);
    expect(lengths).toEqual([2, 1]);
    const [output] = new nn.GRU(1, 2).forward(values.unsqueeze(2), null, { lengths });
    expect(output.shape).toEqual([2, 2, 2]);
  });

  test('of other kinds are refused by what they are', () => {
    const net = new nn.RNN(1, 1);
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [3, /lengths are a number/],
      [null, /lengths are null/],
      [{}, /lengths are a object|lengths are an object/],
      [ones([2]), /lengths are a tensor \[2\] float32, expected a vector of int32/],
      [zeros([2, 1], { dtype: 'int32' }), /lengths are a tensor \[2, 1\] int32/],
      [[1], /1 lengths, expected one for each of 2/],
      [['1', '2'], /lengths\[0\] is 1, expected an integer/],
      [[Symbol('x'), 1], /lengths\[0\] is Symbol\(x\)/],
    ];
    for (const [lengths, message] of wrong) {
      const run = (): unknown => net.forward(ones([2, 2, 1]), null, { lengths: lengths as never });
      expect(run).toThrow(ArgumentError);
      expect(run).toThrow(message);
    }
  });
});

describe('a recurrent state of another form', () => {
  const one = zeros([1, 1, 2]);
  const cell = zeros([1, 2]);
  const cases: readonly (readonly [string, nn.Module, Tensor, unknown, RegExp])[] = [
    [
      'LSTM, one tensor',
      new nn.LSTM(1, 2),
      ones([1, 1, 1]),
      one,
      /one tensor \[1, 1, 2\], expected a pair/,
    ],
    [
      'LSTM, a list of one',
      new nn.LSTM(1, 2),
      ones([1, 1, 1]),
      [one],
      /a list of 1, expected a pair/,
    ],
    ['LSTM, an object', new nn.LSTM(1, 2), ones([1, 1, 1]), { h: one }, /a object|an object/],
    [
      'LSTM, numbers',
      new nn.LSTM(1, 2),
      ones([1, 1, 1]),
      [1, 2],
      /a pair, expected a pair of tensors/,
    ],
    ['GRU, a pair', new nn.GRU(1, 2), ones([1, 1, 1]), [one, one], /a pair, expected one tensor/],
    ['RNN, a number', new nn.RNN(1, 2), ones([1, 1, 1]), 3, /a number, expected one tensor/],
    [
      'LSTMCell, one tensor',
      new nn.LSTMCell(1, 2),
      ones([1, 1]),
      cell,
      /one tensor \[1, 2\], expected a pair/,
    ],
    [
      'LSTMCell, half a pair',
      new nn.LSTMCell(1, 2),
      ones([1, 1]),
      [cell, null],
      /expected a pair of tensors/,
    ],
    [
      'GRUCell, a pair',
      new nn.GRUCell(1, 2),
      ones([1, 1]),
      [cell, cell],
      /a pair, expected one tensor/,
    ],
    ['RNNCell, a list', new nn.RNNCell(1, 2), ones([1, 1]), [], /a list of 0, expected one tensor/],
  ];
  test.each(cases)('%s', (_, net, x, state, message) => {
    const run = (): unknown => Reflect.apply(net.forward, net, [x, state]);
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
    expect(run).not.toThrow(/undefined/);
  });
});

describe('an index out of range names the op that was called', () => {
  const index = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });
  const table = ones([3, 2]);
  const cases: readonly (readonly [op: string, run: () => unknown])[] = [
    ['embedding', () => ops.embedding(index(3), table)],
    ['embedding', () => new nn.Embedding(3, 2).forward(index(-1))],
    ['embedding', () => ops.embedding(index(5), ones([3, 2]), { maxNorm: 1 })],
    ['nllLoss', () => ops.nllLoss(zeros([1, 3]), index(3))],
    ['crossEntropy', () => ops.crossEntropy(zeros([1, 3]), index(3))],
    ['oneHot', () => ops.oneHot(index(3), 3)],
    ['gather', () => ops.gather(table, 0, tensor([[3]], { dtype: 'int32' }))],
    ['scatterAdd', () => ops.scatterAdd(table, 0, tensor([[3]], { dtype: 'int32' }), ones([1, 1]))],
    ['indexSelect', () => table.indexSelect(0, index(3))],
    ['indexAdd', () => ops.indexAdd(table, 0, index(3), ones([1, 2]))],
    ['maxUnpool1d', () => ops.maxUnpool1d(ones([1, 1, 1]), tensor([[[9]]], { dtype: 'int32' }), 2)],
    [
      'maxUnpool2d',
      () => ops.maxUnpool2d(ones([1, 1, 1, 1]), tensor([[[[9]]]], { dtype: 'int32' }), 2),
    ],
  ];
  test.each(cases)('%s', async (op, run) => {
    const fault = async (): Promise<void> => {
      run();
      await synchronize();
    };
    const error: unknown = await fault().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(IndexFaultError);
    expect((error as Error).message).toMatch(new RegExp(`^${op}: index -?\\d+ is out of range`));
  });

  test('also among much other work', async () => {
    const fault = async (): Promise<void> => {
      for (let i = 0; i < 600; i++) ops.embedding(index(i === 300 ? 7 : 1), table).dispose();
      table.add(1);
      await synchronize();
    };
    await expect(fault()).rejects.toThrow(/^embedding: index 7 is out of range/);
    await synchronize();
  });

  test('of a dataset is found at once', () => {
    const data = new TensorDataset(ones([3, 1]));
    expect(() => data.get(3)).toThrow(/TensorDataset: there is no sample 3, .* 0 to 2/);
    expect(() => data.batch(Int32Array.of(0, -1))).toThrow(/TensorDataset: there is no sample -1/);
  });
});
