import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as axonode from '../../../src/index.js';
import { nn, optim, type Tensor, tensor, train } from '../../../src/index.js';
import { type Case, cases, samplesFor } from './cases.js';
import { batchOf, cut, Draws } from './data.js';

/** Cuts in all. `CUTS=10000 npx vitest run test/train/cuts` tries more. */
const RUNS = Number(process.env.CUTS ?? 300);
const TOLERANCE = 1e-5;

/** Each feature by a weight and a bias of its own, so that no sample knows of the others. */
class Model extends nn.Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #case: Case;

  constructor(of: Case) {
    super();
    this.#case = of;
    const shape = of.layout === 'sequences' ? [of.outputs, 1] : [of.outputs];
    const values = [0.8, -0.6, 1.1].slice(0, of.outputs);
    const biases = values.map((value) => value / 3);
    this.weight = new nn.Parameter(tensor(values, { shape }));
    this.bias = new nn.Parameter(tensor(biases, { shape }));
  }

  override forward(x: Tensor): Tensor {
    const y = x.mul(this.weight).add(this.bias);
    const { head } = this.#case;
    return head === 'none' ? y : head === 'sigmoid' ? y.sigmoid() : y.logSoftmax(1);
  }
}

/** What a run came to. */
interface Figures {
  readonly values: Readonly<Record<string, number>>;
  readonly gradNorm: number | undefined;
  readonly stepLoss: number;
  readonly weights: readonly number[];
  readonly counts: readonly number[];
}

type Batches = (readonly [Tensor, Tensor])[];

/** Trains for an epoch of one update, and validates. */
async function figuresOf(of: Case, batches: Batches, clip: boolean): Promise<Figures> {
  const model = new Model(of);
  const metrics = of.metrics();
  const steps: train.StepValues[] = [];
  const history = await train.fit({
    model,
    data: batches,
    validation: batches,
    loss: of.loss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.5 }),
    metrics,
    accumulate: batches.length,
    batchAxis: of.layout === 'timeFirst' ? 1 : 0,
    ...(clip ? { clipGradNorm: 0.1 } : {}),
    progress: false,
    callbacks: [{ onStepValues: (_, values) => void steps.push(values) }],
  });
  const { confusion } = metrics;
  const weights = await Promise.all(model.parameters().map((p) => p.data()));
  return {
    values: history.last?.values ?? {},
    gradNorm: steps[0]?.gradNorm,
    stepLoss: steps[0]?.loss ?? Number.NaN,
    weights: weights.flatMap((values) => Array.from(values)),
    counts:
      confusion instanceof train.ConfusionMatrix
        ? confusion.counts.flatMap((row) => Array.from(row))
        : [],
  };
}

function expectNear(actual: number | undefined, expected: number | undefined, what: string): void {
  if (Object.is(actual, expected)) return;
  const [a, b] = [actual ?? Number.NaN, expected ?? Number.NaN];
  const isNear = Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
  if (!isNear) throw new Error(`${what}: ${a} in pieces, ${b} in one`);
}

function expectSameFigures(actual: Figures, expected: Figures): void {
  expect(Object.keys(actual.values)).toEqual(Object.keys(expected.values));
  for (const [name, value] of Object.entries(expected.values)) {
    expectNear(actual.values[name], value, name);
  }
  expectNear(actual.gradNorm, expected.gradNorm, 'the norm of the gradients');
  expectNear(actual.stepLoss, expected.stepLoss, 'the loss of the step');
  for (const [i, value] of expected.weights.entries()) {
    expectNear(actual.weights[i], value, `weight ${i}`);
  }
  expect(actual.counts).toEqual(expected.counts);
}

/** A case, and data in pieces. */
const cutting = fc.record({
  seed: fc.nat(),
  sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
  clip: fc.boolean(),
});

const perCase = Math.ceil(RUNS / cases.length);

describe('figures and updates do not depend on how data are cut', () => {
  it.each(cases.map((of) => [of.name, of] as const))('%s', async (_, of) => {
    const property = fc.asyncProperty(cutting, async ({ seed, sizes, clip }) => {
      const count = sizes.reduce((a, b) => a + b);
      const samples = samplesFor(of, new Draws(seed), count);
      const areClasses = of.kind === 'classes';
      const whole: Batches = [batchOf(samples, of.layout, areClasses)];
      const pieces = cut(samples, sizes).map((part) => batchOf(part, of.layout, areClasses));
      const expected = await figuresOf(of, whole, clip);
      expectSameFigures(await figuresOf(of, pieces, clip), expected);
      for (const batch of [...whole, ...pieces]) for (const part of batch) part.dispose();
    });
    await fc.assert(property, { numRuns: perCase });
  });
});

describe('the cases', () => {
  const named = (name: string): boolean =>
    cases.some((of) => of.name === name || of.name.startsWith(`${name},`));

  it('have every loss', () => {
    const losses = Object.keys(axonode).filter((name) => /Loss$|^crossEntropy$/.test(name));
    expect(losses.length).toBeGreaterThan(8);
    expect(losses.filter((name) => !named(name))).toEqual([]);
    const layers = Object.keys(nn).filter((name) => name.endsWith('Loss'));
    expect(layers.length).toBeGreaterThan(8);
    expect(layers.filter((name) => !named(name))).toEqual([]);
  });

  it('have every metric', () => {
    const used = new Set<unknown>();
    for (const of of cases) {
      for (const metric of Object.values(of.metrics())) {
        used.add(typeof metric === 'function' ? train.Mean : metric.constructor);
      }
    }
    const kinds = Object.entries(train).filter(
      ([, value]) => typeof value === 'function' && value.prototype instanceof train.Metric,
    );
    expect(kinds.length).toBeGreaterThan(9);
    expect(kinds.filter(([, kind]) => !used.has(kind)).map(([name]) => name)).toEqual([]);
  });
});
