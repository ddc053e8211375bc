import { describe, expect, test } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import { synchronizeSync } from '../../src/backend/select.js';
import * as nn from '../../src/nn/index.js';
import { ones, randn, sum, tensor, zeros } from '../../src/ops/index.js';
import '../../src/ops/methods.js';
import {
  ArgumentError,
  AutogradError,
  AxonodeError,
  IndexFaultError,
  ShapeError,
} from '../../src/errors.js';
import { Adam } from '../../src/optim/index.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

/** What a call throws. */
function errorOf(fn: () => unknown): AxonodeError {
  try {
    scope(fn);
  } catch (error) {
    if (error instanceof AxonodeError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

describe('padded tails', () => {
  const lengths = [2, 4, 1];
  const isPadding = (t: number, b: number): boolean => t >= (lengths[b] ?? 0);

  /** [4, 3, 2] with the given value beyond the ends. */
  function padded(value: number): Tensor {
    const values = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i + 1));
    for (let i = 0; i < 24; i++) {
      if (isPadding(Math.floor(i / 6), Math.floor(i / 2) % 3)) values[i] = value;
    }
    const x = tensor(values, { shape: [4, 3, 2] });
    x.requiresGrad = true;
    return x;
  }

  test.each([
    ['RNN', () => new nn.RNN(2, 3, { numLayers: 2, bidirectional: true })],
    ['LSTM', () => new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true, projSize: 2 })],
    ['GRU', () => new nn.GRU(2, 3, { numLayers: 2, bidirectional: true })],
  ] as const)('of %s are neither read nor trained', (_, make) => {
    scope(() => {
      const layer: nn.RNN | nn.LSTM | nn.GRU = make();
      const run = (value: number) => {
        const x = padded(value);
        const [output] = layer.forward(x, null, { lengths });
        const found = grad(sum(output.square()), [x, ...layer.parameters()]);
        return [output, ...found.map((g) => g ?? zeros([1]))].map((y) => y.dataSync());
      };
      const [withNaN, withZeros] = [run(Number.NaN), run(0)];
      for (const [i, values] of withZeros.entries()) expect(withNaN[i]).toEqual(values);
      const [output, dx] = withNaN;
      for (const [values, features] of [
        [output, (output?.length ?? 0) / 12],
        [dx, 2],
      ] as const) {
        const tails = Array.from(values ?? []).filter((_, i) =>
          isPadding(Math.floor(i / (3 * features)), Math.floor(i / features) % 3),
        );
        expect(tails.every((value) => value === 0)).toBe(true);
      }
    });
  });
});

describe('start', () => {
  test('is uniform on ±1/√hiddenSize, for weights and biases', () => {
    const layer = new nn.LSTM(30, 25, { projSize: 10 });
    for (const [, parameter] of layer.namedParameters()) {
      const largest = Math.max(...Array.from(parameter.dataSync(), Math.abs));
      expect(largest).toBeLessThanOrEqual(0.2);
      expect(largest).toBeGreaterThan(0.17);
    }
  });

  test('tells its options', () => {
    const options = { numLayers: 2, bias: false, batchFirst: true, bidirectional: true };
    expect(`${new nn.LSTM(3, 4, { ...options, projSize: 2 })}`).toBe(
      'LSTM(3, 4, projSize=2, numLayers=2, bias=false, batchFirst=true, bidirectional=true)',
    );
    expect(`${new nn.RNN(3, 4, { nonlinearity: 'relu', dropout: 0.5, residual: true })}`).toBe(
      'RNN(3, 4, dropout=0.5, residual=true, nonlinearity=relu)',
    );
    expect(`${new nn.GRUCell(3, 4, { bias: false })}`).toBe('GRUCell(3, 4, bias=false)');
  });
});

test('dropout acts between layers, while training only', () => {
  scope(() => {
    const layer = new nn.GRU(3, 8, { numLayers: 2, dropout: 1 });
    const x = randn([5, 2, 3]);
    // All that the second layer sees is dropped: it does not depend on x.
    const [dropped] = layer.forward(x);
    const [other] = layer.forward(randn([5, 2, 3]));
    expectClose(dropped, other.dataSync(), { rtol: 0, atol: 0 }, 'output');
    layer.eval();
    const [kept] = layer.forward(x);
    expect(kept.dataSync()).not.toEqual(dropped.dataSync());
  });
});

test('a chunk continues from the state of the one before', () => {
  scope(() => {
    const layer = new nn.LSTM(3, 5, { numLayers: 2 });
    const x = randn([7, 2, 3]);
    const [whole, [h, c]] = layer.forward(x);
    const [, middle] = layer.forward(x.slice([0, 4]));
    const [rest, [lastH, lastC]] = layer.forward(x.slice([4, 7]), middle);
    const exact = { rtol: 1e-6, atol: 1e-6 };
    expectClose(rest, whole.slice([4, 7]).dataSync(), exact, 'output');
    expectClose(lastH, h.dataSync(), exact, 'h');
    expectClose(lastC, c.dataSync(), exact, 'c');
  });
});

test('a sequence trained in chunks takes the memory of one chunk', async () => {
  const layer = new nn.LSTM(4, 16);
  const optimizer = new Adam(layer.parameters());
  const x = ones([50, 1, 4]);
  const live: number[] = [];
  let state: nn.LstmState | null = null;
  for (let chunk = 0; chunk < 200; chunk++) {
    const [output, next]: [Tensor, nn.LstmState] = layer.forward(x, state);
    const loss = output.square().mean();
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    const detached = next.map((each) => each.detach().keep());
    for (const each of state ?? []) each.dispose();
    state = [detached[0] ?? loss, detached[1] ?? loss];
    await loss.item();
    live.push(memoryInfo().live);
  }
  expect(Math.max(...live.slice(100))).toBeLessThanOrEqual(Math.max(...live.slice(10, 50)));
  for (const each of state ?? []) each.dispose();
});

describe('what is kept for the gradient', () => {
  // docs/recurrent.md has this table: floats for each sequence, step and unit, besides input and output.
  const [steps, batch, hidden] = [64, 8, 32];
  test.each([
    ['LSTM', () => new nn.LSTM(hidden, hidden), 5],
    ['GRU', () => new nn.GRU(hidden, hidden), 4],
    ['RNN', () => new nn.RNN(hidden, hidden), 0],
  ] as const)('%s', (_, make, floats) => {
    scope(() => {
      const layer: nn.RNN | nn.LSTM | nn.GRU = make();
      const x = randn([steps, batch, hidden]);
      const before = memoryInfo().live;
      const [output] = layer.forward(x);
      const kept = (memoryInfo().live - before) / (4 * steps * batch * hidden);
      expect(output.requiresGrad).toBe(true);
      expect(kept).toBeGreaterThanOrEqual(floats + 1);
      // Sizes of storage are rounded up.
      expect(kept).toBeLessThan((floats + 1) * 1.3 + 0.2);
    });
  });
});

describe('second derivatives', () => {
  test.each([
    ['rnn', 'RNNCell', () => new nn.RNN(2, 3)],
    ['lstm', 'LSTMCell', () => new nn.LSTM(2, 3)],
    ['gru', 'GRUCell', () => new nn.GRU(2, 3)],
  ] as const)('%s says by name that it has none', (op, cell, make) => {
    const layer: nn.RNN | nn.LSTM | nn.GRU = make();
    const error = errorOf(() => {
      const [output] = layer.forward(ones([2, 1, 2]));
      grad(sum(output), layer.parameters(), { createGraph: true });
    });
    expect(error).toBeInstanceOf(AutogradError);
    expect(error.message).toContain(`${op}: this fused op has no second derivative`);
    expect(error.message).toContain(`nn.${cell}`);
  });
});

describe('bad input is a typed error that names it', () => {
  const lstm = new nn.LSTM(3, 4, { numLayers: 2 });
  const gru = new nn.GRU(3, 4, { batchFirst: true });
  const x = ones([5, 2, 3]).keep();
  const cases: readonly [
    string,
    () => unknown,
    typeof ShapeError | typeof ArgumentError,
    string,
  ][] = [
    ['wrong input size', () => lstm.forward(ones([5, 2, 4])), ShapeError, '[5, 2, 4]'],
    ['too many axes', () => lstm.forward(ones([5, 2, 3, 1])), ShapeError, '[5, 2, 3, 1]'],
    ['no time steps', () => lstm.forward(ones([0, 2, 3])), ShapeError, '[0, 2, 3]'],
    ['no sequences', () => gru.forward(ones([0, 2, 3])), ShapeError, '[0, 2, 3]'],
    [
      'a length beyond the time axis',
      () => lstm.forward(x, null, { lengths: [5, 6] }),
      ArgumentError,
      'lengths[1] is 6, expected an integer from 1 to 5',
    ],
    [
      'a length of zero',
      () => gru.forward(x, null, { lengths: [2, 1, 0, 1, 1] }),
      ArgumentError,
      'lengths[2] is 0, expected an integer from 1 to 2',
    ],
    [
      'a length that is no integer',
      () => lstm.forward(x, null, { lengths: [1, 2.5] }),
      ArgumentError,
      'lengths[1] is 2.5',
    ],
    [
      'too few lengths',
      () => lstm.forward(x, null, { lengths: [5] }),
      ArgumentError,
      '1 lengths, expected one for each of 2 sequences',
    ],
    [
      'a state of the wrong shape',
      () => lstm.forward(x, [zeros([2, 2, 4]), zeros([2, 3, 4])]),
      ShapeError,
      'state[1] [2, 3, 4], expected [2, 2, 4]',
    ],
    [
      'a state with too few layers',
      () => lstm.forward(x, [zeros([1, 2, 4]), zeros([2, 2, 4])]),
      ShapeError,
      'state[0] [1, 2, 4], expected [2, 2, 4]',
    ],
    [
      'a state of the wrong shape, batch first',
      () => gru.forward(x, zeros([1, 2, 4])),
      ShapeError,
      'state [1, 2, 4], expected [1, 5, 4]',
    ],
    [
      'a state of the wrong shape for a cell',
      () => new nn.LSTMCell(3, 4).forward(ones([2, 3]), [zeros([2, 4]), zeros([1, 4])]),
      ShapeError,
      'state[1] [1, 4], expected [2, 4]',
    ],
    [
      'wrong input size for a cell',
      () => new nn.GRUCell(3, 4).forward(ones([2, 4])),
      ShapeError,
      'GRUCell: input [2, 4], expected [batch, 3] or [3]',
    ],
    [
      'a projection that is not smaller',
      () => new nn.LSTM(3, 4, { projSize: 4 }),
      ArgumentError,
      'projSize is 4',
    ],
    [
      'no layers',
      () => new nn.GRU(3, 4, { numLayers: 0 }),
      ArgumentError,
      'GRU: numLayers is 0, expected an integer ≥ 1',
    ],
    ['dropout of 2', () => new nn.RNN(3, 4, { dropout: 2 }), ArgumentError, 'RNN: dropout is 2'],
  ];
  test.each(cases)('%s', (_, call, type, message) => {
    const error = errorOf(call);
    expect(error).toBeInstanceOf(type);
    expect(error.message).toContain(message);
  });
});

describe('Embedding', () => {
  test('an index out of range is an error, at the next synchronisation at the latest', () => {
    const table = new nn.Embedding(5, 3);
    expect(() => {
      table.forward(tensor([0, 5], { dtype: 'int32' }));
      synchronizeSync();
    }).toThrow(IndexFaultError);
  });

  test('the padding row has no gradient and stays zero through training', () => {
    const table = new nn.Embedding(4, 2, { paddingIndex: 1 });
    const optimizer = new Adam(table.parameters(), { lr: 0.1 });
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      const loss = table
        .forward(tensor([0, 1, 1, 3], { dtype: 'int32' }))
        .sub(1)
        .square()
        .sum();
      backward(loss);
      expect(Array.from(table.weight.grad?.dataSync().slice(2, 4) ?? [])).toEqual([0, 0]);
      optimizer.step();
    }
    expect(Array.from(table.weight.dataSync().slice(2, 4))).toEqual([0, 0]);
  });
});
