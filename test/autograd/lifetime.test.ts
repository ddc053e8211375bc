import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import { DisposedError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { enableGrad, isRecording, noGrad, scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';

const { add, matmul, mean, mul, relu, square, sub, sum, tensor } = ops;

function leaf(data: ops.NestedNumbers): Tensor {
  return tensor(data, { requiresGrad: true });
}

// Readings with nothing awaited between them are compared for equality, so that memory given back twice shows, too.
// Across an await the collector may let go of what earlier tests left behind.

describe('a graph', () => {
  it('can be read after backward, until the next step begins', () => {
    const w = leaf([2]);
    const logits = mul(w, 3);
    const loss = sum(square(logits));
    backward(loss);
    expect(logits.itemSync()).toBe(6);
    expect(ops.argmax(logits).itemSync()).toBe(0);
    const next = mul(w, 1);
    expect(logits.isDisposed).toBe(true);
    expect(() => logits.itemSync()).toThrow(DisposedError);
    expect(next.itemSync()).toBe(2);
  });

  it('leaves its loss readable for one step longer, and no more', () => {
    const w = leaf([2]);
    const losses = [3, 4, 5].map((factor) => {
      const loss = sum(mul(w, factor));
      backward(loss);
      return loss;
    });
    expect(losses.map((loss) => loss.isDisposed)).toEqual([true, false, false]);
    expect(losses[1]?.itemSync()).toBe(8);
    expect(losses[2]?.itemSync()).toBe(10);
  });

  it('says how a released tensor could have been kept', () => {
    const w = leaf([2]);
    const y = mul(w, 3);
    backward(sum(y));
    mul(w, 1);
    expect(() => add(y, 1)).toThrow(
      /shape \[1\] was used after its memory was given back.*keep\(\).*detach\(\)/s,
    );
  });

  it('spares what is kept or detached', () => {
    const w = leaf([2]);
    const kept = mul(w, 3).keep();
    const middle = square(kept);
    const detached = middle.detach();
    backward(sum(middle));
    mul(w, 1);
    expect(middle.isDisposed).toBe(true);
    expect(kept.itemSync()).toBe(6);
    expect(detached.itemSync()).toBe(36);
  });

  it('holds no more memory after many steps than after one', () => {
    const w = leaf(
      Array.from({ length: 64 }, (_, i) => Array.from({ length: 64 }, (_, j) => (i - j) / 640)),
    );
    const x = ops.ones([32, 64]);
    const step = (): void => {
      const hidden = relu(matmul(x, w));
      const loss = mean(square(sub(matmul(hidden, w), 1)));
      backward(loss);
    };
    step();
    step();
    const steady = memoryInfo().live;
    for (let i = 0; i < 20; i++) step();
    expect(memoryInfo().live).toBe(steady);
  });

  it('gives everything back in the end', () => {
    const start = memoryInfo().live;
    const w = leaf([1, 2, 3]);
    const losses = [0, 1, 2, 3, 4].map((i) => {
      const loss = sum(square(mul(w, i)));
      backward(loss);
      return loss;
    });
    const last = mul(w, 1);
    last.dispose();
    w.grad?.dispose();
    w.dispose();
    // The last op's graph holds nothing, since mul by a number saves nothing, but the loss before.
    losses.at(-1)?.dispose();
    expect(memoryInfo().live).toBe(start);
  });

  it('waits with another that shares its leaves', () => {
    const w = leaf([2]);
    const [one, two] = [square(w), mul(w, 3)];
    backward(sum(one));
    backward(sum(two));
    expect([one, two].map((y) => y.itemSync())).toEqual([4, 6]);
    expect(w.grad?.itemSync()).toBe(7);
    mul(w, 1);
    expect([one, two].map((y) => y.isDisposed)).toEqual([true, true]);
  });

  it('is released when only grad() ran through it', () => {
    const w = leaf([2]);
    const x = leaf([3]);
    const y = sum(mul(w, x));
    grad(y, [x]);
    mul(w, 1);
    expect(y.isDisposed).toBe(true);
  });

  it('of a generator outlives the step of the discriminator', () => {
    const g = leaf([0.5]);
    const d = leaf([2]);
    const noise = tensor([3]);
    for (let step = 0; step < 3; step++) {
      const fake = mul(g, noise);
      const judged = square(mul(d, fake.detach()));
      backward(sum(judged));
      const gradOfD = d.grad?.itemSync();
      expect(fake.isDisposed).toBe(false);
      const fooled = square(mul(d, fake));
      expect(judged.isDisposed).toBe(true);
      expect(fake.isDisposed).toBe(false);
      backward(sum(fooled));
      expect(gradOfD).toBe(2 * 2 * 1.5 ** 2);
      expect(g.grad?.itemSync()).toBe(2 * 3 * 2 * 3);
      d.grad = null;
      g.grad = null;
    }
  });

  it('keeps recurrent state across steps by detaching it', () => {
    const w = leaf([0.5]);
    let state = tensor([1]);
    for (let step = 0; step < 4; step++) {
      const next = mul(w, state);
      backward(sum(next));
      state = next.detach();
    }
    expect(state.itemSync()).toBe(0.5 ** 4);
    expect(w.grad?.itemSync()).toBe(1 + 0.5 + 0.25 + 0.125);
  });
});

describe('noGrad', () => {
  it('records nothing and frees what it does not return', () => {
    const w = leaf([2]);
    let inner: Tensor | null = null;
    const y = noGrad(() => {
      inner = mul(w, 3);
      return add(inner, 1);
    });
    expect(y.requiresGrad).toBe(false);
    expect((inner as Tensor | null)?.isDisposed).toBe(true);
    expect(y.itemSync()).toBe(7);
  });

  it('can be async, and does not leak into what runs meanwhile', async () => {
    const w = leaf([2]);
    const inside = noGrad(async () => {
      await setTimeout(5);
      expect(isRecording()).toBe(false);
      const y = mul(w, 3);
      await setTimeout(5);
      return y;
    });
    await setTimeout(7);
    expect(isRecording()).toBe(true);
    const outside = mul(w, 4);
    expect(outside.requiresGrad).toBe(true);
    const y = await inside;
    expect(y.requiresGrad).toBe(false);
    expect(y.itemSync()).toBe(6);
    expect(outside.isDisposed).toBe(false);
  });

  it('nests with enableGrad', () => {
    const w = leaf([2]);
    noGrad(() => {
      expect(enableGrad(() => mul(w, 3)).requiresGrad).toBe(true);
      expect(mul(w, 3).requiresGrad).toBe(false);
    });
    expect(isRecording()).toBe(true);
  });

  it('ends when its function throws', async () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    await expect(
      noGrad(async () => {
        await setTimeout(1);
        throw new Error('later');
      }),
    ).rejects.toThrow('later');
    expect(isRecording()).toBe(true);
  });

  it('holds no memory over many inferences', () => {
    const w = leaf([
      [1, 2],
      [3, 4],
    ]);
    const x = ops.ones([8, 2]);
    const start = memoryInfo().live;
    for (let i = 0; i < 10; i++) noGrad(() => relu(matmul(x, w))).dispose();
    expect(memoryInfo().live).toBe(start);
  });
});

describe('scope', () => {
  it('frees what it does not return', () => {
    const x = tensor([1, 2, 3]);
    const start = memoryInfo().live;
    const result = scope(() => {
      const centered = sub(x, mean(x));
      return { variance: mean(square(centered)), all: [centered], by: new Map([['x', x]]) };
    });
    expect(result.variance.itemSync()).toBeCloseTo(2 / 3);
    expect(Array.from(result.all[0]?.dataSync() ?? [])).toEqual([-1, 0, 1]);
    result.variance.dispose();
    for (const tensor of result.all) tensor.dispose();
    expect(memoryInfo().live).toBe(start);
    expect(x.isDisposed).toBe(false);
  });

  it('keeps what the tape saved', () => {
    const w = leaf([3]);
    const loss = scope(() => sum(square(mul(w, 2))));
    backward(loss);
    expect(w.grad?.itemSync()).toBe(24);
  });

  it('spares what is kept, and what was there before', () => {
    const x = tensor([1]);
    let kept: Tensor | null = null;
    scope(() => {
      kept = add(x, 1).keep();
    });
    expect((kept as Tensor | null)?.itemSync()).toBe(2);
    expect(x.itemSync()).toBe(1);
  });

  it('hands inner results to the outer one', () => {
    const start = memoryInfo().live;
    const x = tensor([1]);
    scope(() => {
      const inner = scope(() => add(x, 1));
      expect(inner.itemSync()).toBe(2);
    });
    x.dispose();
    expect(memoryInfo().live).toBe(start);
  });

  it('follows an async function, beside others', async () => {
    const start = memoryInfo().live;
    const run = (value: number): Promise<number> =>
      scope(async () => {
        const x = tensor([value]);
        await setTimeout(value);
        const y = add(x, 1);
        await setTimeout(4 - value);
        const z = mul(y, 2);
        expect(x.isDisposed).toBe(false);
        return await z.item();
      });
    expect(await Promise.all([run(1), run(2), run(3)])).toEqual([4, 6, 8]);
    expect(memoryInfo().live).toBeLessThanOrEqual(start);
  });

  it('frees what an async function leaves behind when it fails', async () => {
    const start = memoryInfo().live;
    await expect(
      scope(async () => {
        const x = tensor([1]);
        await setTimeout(1);
        add(x, 1);
        throw new Error('half-way');
      }),
    ).rejects.toThrow('half-way');
    expect(memoryInfo().live).toBeLessThanOrEqual(start);
  });

  it('may hold whole training steps', () => {
    const w = leaf([2]);
    const step = (): void => scope(() => backward(sum(square(mul(w, 2)))));
    step();
    const start = memoryInfo().live;
    for (let i = 0; i < 5; i++) step();
    expect(memoryInfo().live).toBe(start);
    expect(w.grad?.itemSync()).toBe(6 * 16);
  });
});

describe('dispose', () => {
  it('gives memory back once, and its views keep it', () => {
    const x = ops.ones([100]);
    const view = ops.reshape(x, [10, 10]);
    const start = memoryInfo().live;
    x.dispose();
    x.dispose();
    expect(memoryInfo().live).toBe(start);
    expect(sum(view).itemSync()).toBe(100);
    view.dispose();
    expect(memoryInfo().live).toBeLessThan(start);
  });

  it('works with using', () => {
    const start = memoryInfo().live;
    {
      using x = ops.ones([100]);
      expect(x.isDisposed).toBe(false);
    }
    expect(memoryInfo().live).toBe(start);
  });

  it('of an input before backward does no harm', () => {
    const w = leaf([3]);
    const x = tensor([2]);
    const y = sum(mul(w, x));
    x.dispose();
    backward(y);
    expect(w.grad?.itemSync()).toBe(2);
  });
});
