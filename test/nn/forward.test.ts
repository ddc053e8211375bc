import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { relu } from '../../src/ops/activation.js';
import { full, zeros } from '../../src/ops/creation.js';
import { add, mul } from '../../src/ops/elementwise.js';
import { sum } from '../../src/ops/reduce.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectSame } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

/** Keeps hold of what it makes on the way, so that tests can look at it. */
class Steps extends nn.Module {
  readonly #made: Tensor[] = [];

  override forward(x: Tensor): { result: Tensor; parts: Tensor[] } {
    const doubled = mul(x, 2);
    const sum = add(doubled, 1);
    this.#made.push(doubled, sum);
    return { result: mul(sum, 10), parts: [sum] };
  }

  get made(): readonly Tensor[] {
    return this.#made;
  }
}

class Block extends nn.Module {
  readonly conv1 = new nn.Conv2d(3, 4, 3);
  override forward(x: Tensor): Tensor {
    return this.conv1.forward(x);
  }
}

class Net extends nn.Module {
  readonly layer1 = new nn.Sequential(new Block());
  override forward(x: Tensor): Tensor {
    return this.layer1.forward(x);
  }
}

function messageOf(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected an error');
}

describe('forward is a scope', () => {
  test('that lets go of what is not returned', () => {
    const steps = new Steps();
    const { result, parts } = steps.forward(full([2], 3));
    expect(steps.made.map((t) => t.isDisposed)).toEqual([true, false]);
    expectSame(result, [70, 70]);
    expectSame(parts[0] ?? [], [7, 7]);
  });

  test('that gives back all memory but the output, with and without gradients', () => {
    const model = new nn.Sequential(
      new nn.Linear(8, 32),
      new nn.Tanh(),
      new nn.Linear(32, 32),
      new nn.ReLU(),
      new nn.Linear(32, 1),
    );
    const x = full([16, 8], 1);
    noGrad(() => model.forward(x)).dispose();
    const before = memoryInfo().live;
    noGrad(() => model.forward(x)).dispose();
    expect(memoryInfo().live).toBe(before);
    const step = (): void => {
      scope(() => {
        backward(sum(model.forward(x)));
        model.zeroGrad();
      });
    };
    step();
    expect(memoryInfo().live).toBe(before);
  });

  test('whose training loop, without any bookkeeping, holds its memory', () => {
    const model = new nn.Sequential(new nn.Linear(8, 32), new nn.Tanh(), new nn.Linear(32, 1));
    const x = full([16, 8], 1);
    const live: number[] = [];
    for (let i = 0; i < 20; i++) {
      model.zeroGrad();
      const loss = sum(model.forward(x));
      backward(loss);
      expect(loss.isDisposed).toBe(false);
      live.push(memoryInfo().live);
    }
    expect(new Set(live.slice(2))).toEqual(new Set([live[2]]));
  });

  test('that hands an input through', () => {
    const x = full([2], 1);
    expect(new nn.Identity().forward(x)).toBe(x);
    expect(new nn.Sequential(new nn.Identity(), new nn.Dropout(0)).forward(x)).toBe(x);
    expectSame(x, [1, 1]);
  });

  test('once, even where it calls super.forward', () => {
    class Base extends nn.Module {
      override forward(x: Tensor): Tensor {
        return relu(x);
      }
    }
    class Derived extends Base {
      override forward(x: Tensor): Tensor {
        return super.forward(mul(x, -1));
      }
    }
    const seen: nn.Module[] = [];
    const derived = new Derived();
    const y = nn.observeForward(
      (module) => seen.push(module),
      () => derived.forward(full([1], -2)),
    );
    expectSame(y, [2]);
    expect(seen).toEqual([derived]);
    expectSame(new Base().forward(full([1], -2)), [0]);
  });

  test('that does not wait: an async forward is an error', () => {
    class Later extends nn.Module {
      override async forward(x: Tensor): Promise<Tensor> {
        return x;
      }
    }
    expect(() => new Later().forward(zeros([1]))).toThrow(ArgumentError);
  });
});

describe('an error inside', () => {
  test('says the path of the module once, and keeps its class and code', () => {
    const error = messageOf(() => new Net().forward(zeros([1, 2, 8, 8])));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toHaveProperty('code', 'ERR_SHAPE');
    expect(error.message).toMatch(/^layer1\.0\.conv1: conv2d: input \[1, 2, 8, 8\] has 2 channels/);
    expect(error.stack).toContain('layer1.0.conv1: conv2d');
  });

  test('has no path where the module that fails was called by itself', () => {
    const error = messageOf(() => new nn.Conv2d(3, 4, 3).forward(zeros([1, 2, 8, 8])));
    expect(error.message).toMatch(/^conv2d: /);
  });

  test('names the nearest module that is part of the model', () => {
    class Hidden extends nn.Module {
      readonly #inner = new Block();
      override forward(x: Tensor): Tensor {
        return this.#inner.forward(x);
      }
    }
    const model = new nn.Sequential({ hidden: new Hidden() });
    const error = messageOf(() => model.forward(zeros([1, 2, 8, 8])));
    expect(error.message).toMatch(/^hidden: conv2d: /);
  });

  test('leaves no trace: the module works afterwards', () => {
    const net = new Net();
    messageOf(() => net.forward(zeros([1, 2, 8, 8])));
    const before = memoryInfo().live;
    messageOf(() => net.forward(zeros([1, 2, 8, 8]))); // its input stays alive
    expect(net.forward(zeros([1, 3, 8, 8])).shape).toEqual([1, 4, 6, 6]);
    expect(memoryInfo().live).toBeGreaterThan(before);
  });

  test('that is no library error says its path, too', () => {
    class Broken extends nn.Module {
      override forward(_: Tensor): Tensor {
        throw new RangeError('too far');
      }
    }
    const error = messageOf(() => new nn.Sequential(new Broken()).forward(zeros([1])));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('0: too far');
  });
});

describe('observeForward', () => {
  test('sees modules, inputs and outputs, inner ones first, while they are alive', () => {
    const model = new nn.Sequential(new nn.ReLU(), new nn.Flatten());
    const x = full([1, 2, 2], 3);
    const seen: [nn.Module, readonly unknown[], unknown][] = [];
    const kept: Tensor[] = [];
    const y = nn.observeForward(
      (module, inputs, output) => {
        seen.push([module, inputs, output]);
        if (module instanceof nn.ReLU) kept.push((output as Tensor).detach().keep());
      },
      () => model.forward(x),
    );
    expect(seen.map(([module]) => module)).toEqual([model.at(0), model.at(1), model]);
    expect(seen[0]?.[1]).toEqual([x]);
    expect(seen[2]?.[2]).toBe(y);
    expectSame(kept[0] ?? [], x);
  });

  test('ends with its function, and nests', () => {
    const model = new nn.ReLU();
    const counts = { outer: 0, inner: 0 };
    nn.observeForward(
      () => counts.outer++,
      () => {
        nn.observeForward(
          () => counts.inner++,
          () => model.forward(zeros([1])),
        );
        expect(() =>
          nn.observeForward(
            () => counts.inner++,
            () => {
              throw new Error('stop');
            },
          ),
        ).toThrow('stop');
        model.forward(zeros([1]));
      },
    );
    model.forward(zeros([1]));
    expect(counts).toEqual({ outer: 2, inner: 1 });
  });
});
