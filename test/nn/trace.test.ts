import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { resnet18 } from '../../src/models/resnet.js';
import * as nn from '../../src/nn/index.js';
import { type Trace, traceForward } from '../../src/nn/trace.js';
import * as ops from '../../src/ops/index.js';
import { Generator } from '../../src/tensor/random.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';
import { replay } from '../support/replay.js';

class Tagger extends nn.Module {
  readonly lstm = new nn.LSTM(5, 7, { numLayers: 2, bidirectional: true, batchFirst: true });
  readonly head = new nn.Linear(14, 3);

  override forward(
    x: Tensor,
    options: { lengths?: readonly number[] } = {},
  ): { scores: Tensor; state: readonly [Tensor, Tensor] } {
    const [hidden, state] = this.lstm.forward(x, null, options);
    return { scores: this.head.forward(hidden), state };
  }
}

class Returning extends nn.Module {
  readonly value: unknown;

  constructor(value: unknown) {
    super();
    this.value = value;
  }

  override forward(x: Tensor): unknown {
    return { x: ops.mul(x, 2), value: this.value };
  }
}

function drawn(shape: readonly number[], seed: number): Tensor {
  return ops.randn(shape, { generator: new Generator(seed) });
}

function numbers(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Object && 'dataSync' in each && 'shape' in each
        ? { shape: each.shape, data: Array.from((each as Tensor).dataSync()) }
        : each,
    ),
  );
}

function namesOf(trace: Trace): string[] {
  return [...new Set(trace.ops.map((op) => op.name))].sort();
}

/** Buffers as they are now, which training changes. */
function copies(model: nn.Module): Map<string, Tensor> {
  return new Map(model.namedBuffers().map(([name, buffer]) => [name, ops.clone(buffer)]));
}

const MODES: readonly [name: string, (model: nn.Module) => nn.Module, <T>(fn: () => T) => T][] = [
  ['in evaluation without gradients', (model) => model.eval(), noGrad],
  ['in evaluation with gradients', (model) => model.eval(), scope],
  ['in training', (model) => model.train(), scope],
];

/** Statistics that are not those of the start. */
function settled(model: nn.Module): nn.Module {
  noGrad(() => {
    for (const [i, [name, buffer]] of model.namedBuffers().entries()) {
      if (name.endsWith('mean')) ops.copyFrom(buffer, drawn(buffer.shape, i));
      if (name.endsWith('var')) ops.copyFrom(buffer, ops.add(ops.abs(drawn(buffer.shape, i)), 0.5));
    }
  });
  return model;
}

describe.each(MODES)('a trace of ResNet-18 %s', (_, inMode, around) => {
  const shape = [2, 3, 32, 32];
  const model = inMode(settled(resnet18({ numClasses: 10 })));

  it('replays to the numbers of the forward, on any input', () => {
    around(() => {
      const trace = traceForward(model, [drawn(shape, 1)]);
      for (const seed of [1, 2]) {
        const x = drawn(shape, seed);
        const replayed = replay(trace, [x], copies(model));
        const expected = Reflect.apply(model.forward, model, [x]);
        expect(numbers(replayed.output)).toEqual(numbers(expected));
        for (const [name, buffer] of model.namedBuffers()) {
          const own = replayed.buffers.get(name);
          expect(own && numbers(own), name).toEqual(numbers(buffer));
        }
      }
      trace.dispose();
    });
  });

  it('names what the model learns and remembers', () => {
    around(() => {
      const trace = traceForward(model, [drawn(shape, 1)]);
      expect([...trace.parameters]).toEqual(model.namedParameters());
      const remembered = model
        .namedBuffers()
        .filter(([name]) => model.training || !name.endsWith('num_batches_tracked'));
      expect([...trace.buffers]).toEqual(remembered);
      expect(trace.constants.size).toBe(0);
      expect(trace.inputs).toEqual(['%x']);
      expect(trace.values.get('%x')).toEqual({ shape, dtype: 'float32' });
    });
  });

  it('has attributes that are plain values', () => {
    around(() => {
      const trace = traceForward(model, [drawn(shape, 1)]);
      for (const { attrs } of trace.ops) expect(JSON.parse(JSON.stringify(attrs))).toEqual(attrs);
    });
  });
});

describe('a trace of ResNet-18', () => {
  const model = resnet18({ numClasses: 10 }).eval();
  const x = drawn([1, 3, 32, 32], 1).keep();

  it('shows fused convolutions where they run, and their parts where they do not', () => {
    const fused = noGrad(() => traceForward(model, [x]));
    expect(namesOf(fused)).toEqual(['avgPool2d', 'fusedConv2d', 'linear', 'maxPool2d', 'reshape']);
    const parts = traceForward(model, [x]);
    expect(namesOf(parts)).toEqual([
      'avgPool2d',
      'batchNorm',
      'conv2d',
      'linear',
      'maxPool2d',
      'reshape',
    ]);
  });

  it('reads as a list of ops', () => {
    const lines = `${traceForward(model, [x])}`.split('\n');
    expect(lines[0]).toBe('ResNet(%x: [1, 3, 32, 32] float32)');
    expect(lines[1]).toBe(
      '%0 = conv2d(%x, conv1.weight, null) { kernelSize: [7, 7], stride: [2, 2], ' +
        'padding: [[3, 3], [3, 3]], dilation: [1, 1], groups: 1 }',
    );
    expect(lines[2]).toBe(
      '%1 = batchNorm(%0, bn1.running_mean, bn1.running_var, bn1.weight, bn1.bias, null) ' +
        '{ training: false, momentum: 0, eps: 0.00001, relu: true }',
    );
    expect(lines[3]).toMatch(/^%2, %3 = maxPool2d\(%1\) \{ kernelSize: \[3, 3\]/);
    expect(lines.at(-2)).toMatch(/^%\d+ = linear\(%\d+, fc\.weight, fc\.bias\)$/);
    expect(lines.at(-1)).toMatch(/^return %\d+$/);
  });

  it('keeps no memory but its constants', () => {
    noGrad(() => {
      traceForward(model, [x]);
      const before = memoryInfo().live;
      const trace = traceForward(model, [x]);
      expect(memoryInfo().live).toBeLessThanOrEqual(before);
      trace.dispose();
      expect(x.isDisposed).toBe(false);
    });
  });
});

describe.each(MODES)('a trace of an LSTM %s', (_, inMode, around) => {
  const model = new Tagger();
  inMode(model);
  const shape = [3, 6, 5];

  it.each([
    ['of one length', {}, 0],
    ['of several lengths', { lengths: [4, 6, 2] }, 2],
  ])('replays sequences %s', (_, options, constants) => {
    around(() => {
      const trace = traceForward(model, [drawn(shape, 1), options]);
      expect([...trace.parameters]).toEqual(model.namedParameters());
      expect(trace.constants.size).toBe(constants);
      expect(trace.ops.filter((op) => op.name === 'lstm').length).toBe(4);
      for (const seed of [1, 2]) {
        const x = drawn(shape, seed);
        expect(numbers(replay(trace, [x]).output)).toEqual(numbers(model.forward(x, options)));
      }
      trace.dispose();
    });
  });

  it('names the operands that are missing', () => {
    around(() => {
      const trace = traceForward(model, [drawn(shape, 1)]);
      const [first] = trace.ops.filter((op) => op.name === 'lstm');
      const names = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'];
      const weights = names.map((name) => `lstm.${name}_l0`);
      expect(first?.inputs.slice(1)).toEqual([...weights, null, null, null]);
      expect(first?.attrs).toEqual({
        hiddenSize: 7,
        batchSizes: [3, 3, 3, 3, 3, 3],
        reverse: false,
      });
      expect(trace.output).toEqual({
        scores: expect.any(String),
        state: [expect.any(String), expect.any(String)],
      });
    });
  });
});

describe('values of a trace', () => {
  it('are known by their memory where a handle is new', () => {
    class Detaching extends nn.Module {
      override forward(x: Tensor, pair: readonly Tensor[]): Tensor[] {
        return [ops.add(ops.exp(x).detach(), pair[0] ?? x), x.detach()];
      }
    }
    const trace = traceForward(new Detaching(), [ops.ones([2]), [ops.zeros([2])]]);
    expect(`${trace}`).toBe(
      'Detaching(%x0: [2] float32, %x1: [2] float32)\n' +
        '%0 = exp(%x0)\n%1 = add(%0, %x1)\nreturn [%1, %x0]',
    );
  });

  it('refuse outputs that are no tensors, and free what was held', () => {
    const x = ops.ones([2]);
    const before = memoryInfo().live;
    expect(() => traceForward(new Returning(3), [x])).toThrow(ArgumentError);
    expect(() => traceForward(new Returning(3), [x])).toThrow(
      /forward returned 3, expected tensors/,
    );
    expect(memoryInfo().live).toBeLessThanOrEqual(before);
    expect(traceForward(new Returning(null), [x]).output).toEqual({ x: '%0', value: null });
  });
});
