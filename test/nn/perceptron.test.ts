import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import { Adaline, Linear, Perceptron, Sequential, Sigmoid, Tanh } from '../../src/nn/index.js';
import { tensor, zeros } from '../../src/ops/creation.js';
import { bceWithLogitsLoss, mseLoss } from '../../src/ops/loss.js';
import { SGD } from '../../src/optim/index.js';
import { manualSeed } from '../../src/tensor/random.js';
import { expectClose } from '../support/close.js';

const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;
const XOR = [0, 1, 1, 0];

/** Uniform on [0, 1), the same at each run. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Separable {
  readonly samples: number[][];
  readonly labels: number[];
  /** Length of the longest sample, and least distance from the plane, of samples with a 1 appended. */
  readonly radius: number;
  readonly margin: number;
}

/** Points of a cube, those too close to a plane left out, labelled by their side of it. */
function separable(features: number, count: number, gap: number, seed: number): Separable {
  const draw = draws(seed);
  const plane = Array.from({ length: features + 1 }, () => 2 * draw() - 1);
  const length = Math.hypot(...plane);
  const samples: number[][] = [];
  const labels: number[] = [];
  let radius = 0;
  let margin = Number.POSITIVE_INFINITY;
  while (samples.length < count) {
    const sample = Array.from({ length: features }, () => 4 * draw() - 2);
    const extended = [...sample, 1];
    const side = extended.reduce((dot, value, i) => dot + value * (plane[i] ?? 0), 0) / length;
    if (Math.abs(side) < gap) continue;
    samples.push(sample);
    labels.push(side > 0 ? 1 : -1);
    radius = Math.max(radius, Math.hypot(...extended));
    margin = Math.min(margin, Math.abs(side));
  }
  return { samples, labels, radius, margin };
}

describe('the perceptron', () => {
  test.each([
    [2, 50, 0.3],
    [2, 200, 0.02],
    [5, 100, 0.1],
    [20, 100, 0.1],
  ])(
    'stops on separable data (%d features, %d samples), within (R/γ)² updates',
    (features, count, gap) => {
      for (let seed = 1; seed <= 5; seed++) {
        const { samples, labels, radius, margin } = separable(features, count, gap, seed);
        const unit = new Perceptron(features);
        const fit = unit.fit(samples, labels, { maxEpochs: 100_000 });
        expect(fit.converged).toBe(true);
        expect(fit.updates).toBeGreaterThan(0);
        expect(fit.updates).toBeLessThanOrEqual((radius / margin) ** 2);
        expect([...unit.predict(samples)]).toEqual(labels);
        expect(unit.fit(samples, labels)).toEqual({ converged: true, epochs: 1, updates: 0 });
      }
    },
  );

  test('never stops on XOR', () => {
    const unit = new Perceptron(2);
    const fit = unit.fit(CORNERS, XOR, { maxEpochs: 10_000 });
    expect(fit.converged).toBe(false);
    expect(fit.epochs).toBe(10_000);
    expect(fit.updates).toBeGreaterThanOrEqual(10_000);
    expect([...unit.predict(CORNERS)]).not.toEqual(XOR);
  });

  test('changes weights after mistakes only, by ± learningRate·x', () => {
    const unit = new Perceptron(2);
    const first = unit.fit([[1, 2]], [-1], { maxEpochs: 1, learningRate: 0.5 });
    expect(first).toEqual({ converged: false, epochs: 1, updates: 1 });
    expectClose(unit.weight, tensor([[-0.5, -1]]));
    expectClose(unit.bias, [-0.5]);
    unit.fit([[-1, -1]], [1], { maxEpochs: 1 });
    expectClose(unit.weight, tensor([[-0.5, -1]]));
  });

  test('learns AND and OR, with labels 1 and 0 or ±1, from rows, arrays and tensors', () => {
    const flat = Float32Array.from(CORNERS.flat());
    for (const samples of [CORNERS, flat, tensor(flat, { shape: [4, 2] })]) {
      const [and, or] = [new Perceptron(2), new Perceptron(2)];
      expect(and.fit(samples, [0, 0, 0, 1]).converged).toBe(true);
      expect([...and.predict(samples)]).toEqual([0, 0, 0, 1]);
      expect(or.fit(samples, tensor([-1, 1, 1, 1])).converged).toBe(true);
      expect([...or.predict(samples)]).toEqual([-1, 1, 1, 1]);
    }
  });

  test('is a module: its outputs are those of forward, and its weights load', () => {
    const { samples, labels } = separable(3, 20, 0.2, 9);
    const unit = new Perceptron(3);
    unit.fit(samples, labels);
    const copy = new Perceptron(3);
    copy.loadStateDict(unit.stateDict());
    expectClose(copy.forward(tensor(samples)), Float64Array.from(unit.outputs(samples)));
    expect([...copy.stateDict().keys()]).toEqual(['weight', 'bias']);
    expect(String(copy)).toBe('Perceptron(3)');
  });

  test('refuses what it cannot learn from', () => {
    const unit = new Perceptron(2);
    expect(() => new Perceptron(0)).toThrow(ArgumentError);
    expect(() => unit.fit(CORNERS, [1, 2, 1, 1])).toThrow(/label 1 is 2/);
    expect(() => unit.fit(CORNERS, [1, 0, -1, 1])).toThrow(/label 2 is -1/);
    expect(() => unit.fit(CORNERS, [1])).toThrow(/4 samples and 1 targets/);
    expect(() => unit.fit([], [])).toThrow(ShapeError);
    expect(() => unit.fit([[1, Number.NaN]], [1])).toThrow(/number 1 is NaN/);
    expect(() => unit.fit([[1, 2], [3]], [1, 1])).toThrow(/sample 1 has 1 features, expected 2/);
    expect(() => unit.predict(zeros([2, 3]))).toThrow(/\[2, 3\], expected \[samples, 2\]/);
    expect(() => unit.predict(Float32Array.of(1, 2, 3))).toThrow(/no whole samples of 2/);
    expect(() => unit.fit(CORNERS, XOR, { maxEpochs: 0 })).toThrow(/maxEpochs is 0/);
    expect(() => unit.fit(CORNERS, XOR, { learningRate: 0 })).toThrow(/learningRate is 0/);
  });
});

describe('the delta rule', () => {
  /** A plane with noise, and the least squares fit, by the normal equations. */
  function regression(): { samples: number[][]; targets: number[]; solution: number[] } {
    const draw = draws(3);
    const samples = Array.from({ length: 40 }, () => [2 * draw() - 1, 2 * draw() - 1]);
    const targets = samples.map(([x = 0, y = 0]) => 1.5 * x - 0.7 * y + 0.3 + 0.4 * (draw() - 0.5));
    return { samples, targets, solution: leastSquares(samples, targets) };
  }

  /** Solves AᵀA·w = Aᵀb by Gauss and Jordan, A being the samples with a 1 appended. */
  function leastSquares(samples: readonly number[][], targets: readonly number[]): number[] {
    const rows = samples.map((sample) => [...sample, 1]);
    const n = rows[0]?.length ?? 0;
    const at = (i: number, j: number): number =>
      rows.reduce(
        (total, row, k) => total + (row[i] ?? 0) * (j < n ? (row[j] ?? 0) : (targets[k] ?? 0)),
        0,
      );
    let system = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n + 1 }, (_, j) => at(i, j)),
    );
    for (let i = 0; i < n; i++) {
      const pivot = (system[i] ?? []).map((value) => value / (system[i]?.[i] ?? 1));
      system = system.map((row, r) =>
        r === i ? pivot : row.map((value, j) => value - (row[i] ?? 0) * (pivot[j] ?? 0)),
      );
    }
    return system.map((row) => row[n] ?? Number.NaN);
  }

  test('in batches ends at the least squares solution', () => {
    const { samples, targets, solution } = regression();
    const unit = new Adaline(2);
    const fit = unit.fit(samples, targets, {
      mode: 'batch',
      learningRate: 0.5,
      maxEpochs: 2000,
      tolerance: 1e-12,
    });
    expect(fit.converged).toBe(true);
    expectClose([...unit.weight.dataSync(), ...unit.bias.dataSync()], solution, { rtol: 1e-4 });
    const falls = fit.losses.slice(1).every((loss, i) => loss <= (fit.losses[i] ?? 0) * (1 + 1e-6));
    expect(falls).toBe(true);
  });

  test('online ends near it, the nearer the smaller the steps', () => {
    const { samples, targets, solution } = regression();
    const distances = [0.1, 0.001].map((learningRate) => {
      const unit = new Adaline(2);
      unit.fit(samples, targets, { learningRate, maxEpochs: 4000, tolerance: 1e-12 });
      const found = [...unit.weight.dataSync(), ...unit.bias.dataSync()];
      return Math.hypot(...found.map((value, i) => value - (solution[i] ?? 0)));
    });
    expect(distances[0]).toBeLessThan(0.1);
    expect(distances[1]).toBeLessThan(0.002);
  });

  test('settles on XOR, but cannot solve it: the best line says ½ everywhere', () => {
    const unit = new Adaline(2);
    const fit = unit.fit(CORNERS, XOR, { mode: 'batch', learningRate: 0.5, tolerance: 1e-9 });
    expect(fit.converged).toBe(true);
    expectClose(unit.predict(CORNERS), [0.5, 0.5, 0.5, 0.5], { atol: 1e-2 });
    expect(fit.losses.at(-1)).toBeCloseTo(0.25, 4);
  });

  test('says that a learning rate is too large, and keeps its weights', () => {
    const { samples, targets } = regression();
    const unit = new Adaline(2);
    expect(() => unit.fit(samples, targets, { mode: 'batch', learningRate: 100 })).toThrow(
      /learningRate 100 is too large/,
    );
    expectClose(unit.weight, zeros([1, 2]));
    expect(() => unit.fit(samples, targets, { mode: 'all' as 'batch' })).toThrow(/mode is all/);
  });

  test('is the gradient descent that autograd does', () => {
    const { samples, targets } = regression();
    const unit = new Adaline(2);
    unit.fit(samples, targets, { mode: 'batch', learningRate: 0.2, maxEpochs: 3 });
    const layer = new Linear(2, 1);
    layer.loadStateDict(new Adaline(2).stateDict());
    // The rule leaves out the factor 2 of the square's derivative.
    const optimizer = new SGD(layer.parameters(), { lr: 0.1 });
    const [x, y] = [tensor(samples), tensor(targets.map((target) => [target]))];
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      backward(mseLoss(layer.forward(x), y));
      optimizer.step();
    }
    expectClose(unit.weight, layer.weight);
  });
});

test('a network with a hidden layer solves XOR, which neither of them can', () => {
  manualSeed(3);
  const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1));
  const optimizer = new SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  const x = tensor(CORNERS);
  const y = tensor(XOR.map((label) => [label]));
  for (let i = 0; i < 300; i++) {
    optimizer.zeroGrad();
    backward(bceWithLogitsLoss(model.forward(x), y));
    optimizer.step();
  }
  const probabilities = new Sigmoid().forward(model.forward(x));
  expectClose(probabilities, y, { atol: 0.05 });
});
