import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  CheckpointError,
  DTypeError,
  ShapeError,
  type Tensor,
  tensor,
  train,
} from '../../../src/index.js';

interface Fixture {
  readonly classes: number;
  readonly logits: number[];
  readonly truth: number[];
  readonly accuracy: number;
  readonly top2: number;
  readonly top3: number;
  readonly confusion: number[][];
  readonly scores: Record<'macro' | 'weighted' | 'micro', [number, number, number]>;
  readonly perClass: [number[], number[], number[]];
  readonly perplexity: number;
  readonly binary: {
    readonly outputs: number[];
    readonly truth: number[];
    readonly accuracy: number;
    readonly scores: [number, number, number];
  };
  readonly regression: {
    readonly targets: number[];
    readonly outputs: number[];
    readonly mae: number;
    readonly mse: number;
    readonly r2: number;
  };
}

const path = new URL('../../fixtures/metrics.json', import.meta.url);
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;
const { classes, logits, truth, binary, regression } = fixture;

/** Pieces of uneven sizes, the last a single sample. */
const CUTS = [0, 40, 41, 90, 102, 103];

function* pieces<T>(make: (from: number, to: number) => T): Generator<T> {
  for (const [i, from] of CUTS.slice(0, -1).entries()) yield make(from, CUTS[i + 1] ?? 0);
}

function logitsOf(from: number, to: number): [Tensor, Tensor] {
  const values = Float32Array.from(logits.slice(from * classes, to * classes));
  return [
    tensor(values, { shape: [to - from, classes] }),
    tensor(Int32Array.from(truth.slice(from, to))),
  ];
}

const singleOf =
  (outputs: number[], targets: number[]) =>
  (from: number, to: number): [Tensor, Tensor] => [
    tensor(Float32Array.from(outputs.slice(from, to)), { shape: [to - from, 1] }),
    tensor(Float32Array.from(targets.slice(from, to))),
  ];

async function measured<M extends train.Metric>(
  metric: M,
  batches: Iterable<[Tensor, Tensor]>,
): Promise<M> {
  for (const [output, target] of batches) metric.update(output, target);
  await metric.compute();
  return metric;
}

const ofClasses = <M extends train.Metric>(metric: M) => measured(metric, pieces(logitsOf));

describe("metrics equal scikit-learn's over uneven batches", () => {
  it('accuracy, top-k and perplexity', async () => {
    expect((await ofClasses(new train.Accuracy())).value).toBeCloseTo(fixture.accuracy, 12);
    expect((await ofClasses(new train.TopKAccuracy(1))).value).toBeCloseTo(fixture.accuracy, 12);
    expect((await ofClasses(new train.TopKAccuracy(2))).value).toBeCloseTo(fixture.top2, 12);
    expect((await ofClasses(new train.TopKAccuracy(3))).value).toBeCloseTo(fixture.top3, 12);
    expect((await ofClasses(new train.TopKAccuracy(classes))).value).toBe(1);
    expect((await ofClasses(new train.Perplexity())).value).toBeCloseTo(fixture.perplexity, 5);
  });

  it('the confusion matrix', async () => {
    const matrix = await ofClasses(new train.ConfusionMatrix(classes));
    expect(matrix.counts.map((row) => Array.from(row))).toEqual(fixture.confusion);
    expect(matrix.total).toBe(truth.length);
    expect(matrix.value).toBeCloseTo(fixture.accuracy, 12);
    expect(String(matrix).split('\n')).toHaveLength(classes + 2);
  });

  it('precision, recall and F1, averaged in every way and for each class', async () => {
    const kinds = [train.Precision, train.Recall, train.F1];
    for (const [i, Kind] of kinds.entries()) {
      for (const average of ['macro', 'weighted', 'micro'] as const) {
        const metric = await ofClasses(new Kind(classes, { average }));
        expect(metric.value).toBeCloseTo(fixture.scores[average][i] ?? 0, 12);
        const each = metric.perClass();
        for (const [c, score] of each.entries()) {
          expect(score).toBeCloseTo(fixture.perClass[i]?.[c] ?? -1, 12);
        }
      }
      const batches = () => pieces(singleOf(binary.outputs, binary.truth));
      const metric = await measured(new Kind(2), batches());
      expect(metric.average).toBe('binary');
      expect(metric.value).toBeCloseTo(binary.scores[i] ?? 0, 12);
      const accuracy = await measured(new train.Accuracy(), batches());
      expect(accuracy.value).toBeCloseTo(binary.accuracy, 12);
    }
  });

  it('MAE, MSE and R²', async () => {
    const batches = () => pieces(singleOf(regression.outputs, regression.targets));
    const { mae, mse, r2 } = regression;
    // Differences of numbers near 1000 in float32.
    expect((await measured(new train.MAE(), batches())).value / mae).toBeCloseTo(1, 3);
    expect((await measured(new train.MSE(), batches())).value / mse).toBeCloseTo(1, 3);
    expect((await measured(new train.R2(), batches())).value).toBeCloseTo(r2, 3);
  });
});

describe('a metric', () => {
  const sequence = (): [Tensor, Tensor] => {
    // [N = 2, C = 3, 4 steps], the last two of the second sequence padding.
    const output = tensor([
      [
        [9, 0, 0, 0],
        [0, 9, 0, 9],
        [0, 0, 9, 0],
      ],
      [
        [9, 9, 9, 0],
        [0, 0, 0, 9],
        [0, 0, 0, 0],
      ],
    ]);
    const target = tensor(Int32Array.from([0, 1, 2, 0, 0, 1, -1, -1]), { shape: [2, 4] });
    return [output, target];
  };

  it('does not count ignored targets', async () => {
    const ignoreIndex = -1;
    const batch = [sequence()];
    expect((await measured(new train.Accuracy({ ignoreIndex }), batch)).value).toBeCloseTo(4 / 6);
    expect((await measured(new train.TopKAccuracy(1, { ignoreIndex }), batch)).value).toBeCloseTo(
      // Of the one wrong target and its equals, the target counts as the larger: 0, 9, 0 against 0.
      4 / 6,
    );
    const matrix = await measured(new train.ConfusionMatrix(3, { ignoreIndex }), batch);
    expect(matrix.total).toBe(6);
    expect(matrix.counts.map((row) => Array.from(row))).toEqual([
      [2, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const perplexity = await measured(new train.Perplexity({ ignoreIndex }), batch);
    const sure = Math.log(Math.exp(9) + 2) - 9;
    expect(perplexity.value).toBeCloseTo(Math.exp((6 * sure + 2 * 9) / 6), 3);
  });

  it('never counts NaN as a hit', async () => {
    const output = tensor([[Number.NaN, Number.NaN]]);
    const batch: [Tensor, Tensor] = [output, tensor(Int32Array.of(1))];
    expect((await measured(new train.TopKAccuracy(1), [batch])).value).toBe(0);
  });

  it('of your own is a function of the mean, weighted by samples', async () => {
    const metric = new train.Mean((output: Tensor) => output.mean());
    metric.update(tensor([1, 2, 3]), tensor([0, 0, 0]));
    metric.update(tensor([10]), tensor([0]));
    expect(await metric.compute()).toBe(4);
    metric.reset();
    expect(await metric.compute()).toBeNaN();
    metric.update(tensor([8]), tensor([0]));
    expect(await metric.compute()).toBe(8);
    const vector = new train.Mean((output: Tensor) => output);
    expect(() => vector.update(tensor([1, 2]), tensor([1, 2]))).toThrow(ShapeError);
  });

  it('goes on from a saved state', async () => {
    const first = await measured(new train.R2(), [
      singleOf(regression.outputs, regression.targets)(0, 50),
    ]);
    const second = new train.R2();
    second.loadStateDict(first.stateDict());
    const rest = singleOf(regression.outputs, regression.targets)(50, 103);
    await measured(second, [rest]);
    await measured(first, [rest]);
    expect(second.value).toBe(first.value);
    expect(() => second.loadStateDict({ sums: ['x'], count: 1 })).toThrow(CheckpointError);
    expect(() => second.loadStateDict({ sums: [1] })).toThrow(CheckpointError);
    expect(second.value).toBe(first.value);
  });

  it('of equal targets is 1 without an error, else 0', async () => {
    const batch = (output: number): [Tensor, Tensor] => [tensor([output, 2]), tensor([2, 2])];
    expect((await measured(new train.R2(), [batch(2)])).value).toBe(1);
    expect((await measured(new train.R2(), [batch(3)])).value).toBe(0);
  });

  it('says what does not fit', () => {
    const output = tensor([[1, 2]]);
    expect(() => new train.Accuracy().update(output, tensor(Int32Array.of(0, 1)))).toThrow(
      /Accuracy: target \[2\] does not fit output \[1, 2\]/,
    );
    expect(() => new train.Accuracy().update(output, tensor([1]))).toThrow(DTypeError);
    expect(() => new train.MSE().update(output, tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(() => new train.TopKAccuracy(0)).toThrow(ArgumentError);
    expect(() => new train.ConfusionMatrix(0)).toThrow(/ConfusionMatrix: 0 classes/);
    expect(() => new train.F1(3, { average: 'binary' })).toThrow(/binary with 3 classes/);
  });
});
