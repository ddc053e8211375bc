import { describe, expect, it } from 'vitest';
import { AxonodeError, mseLoss, nn, optim, randn, train, tune } from '../../src/index.js';

/** What no function here takes, of every kind that JavaScript has. */
const HOSTILE: readonly unknown[] = [
  undefined,
  null,
  3,
  -1,
  Number.NaN,
  '',
  true,
  Symbol('none'),
  3n,
  [],
  [{ toString: 1 }],
  {},
  { toString: 1 },
  { toString: 1, valueOf: 1, [Symbol.toPrimitive]: 1 },
  Object.create(null),
  () => undefined,
];

/** First arguments that most take, before a hostile second one. */
const FIRST: readonly unknown[] = [3, 'runs', [], new nn.Linear(2, 2)];

type Callable = (...args: unknown[]) => unknown;

function isClass(value: unknown): value is new (...args: unknown[]) => unknown {
  return typeof value === 'function' && String(value).startsWith('class');
}

const everything: Readonly<Record<string, unknown>> = { ...train, ...tune };
const exported = Object.entries(everything).filter(
  (entry): entry is [string, Callable] => typeof entry[1] === 'function',
);

async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    const made = run();
    const isIterator = typeof made === 'object' && made !== null && 'next' in made;
    if (isIterator && typeof made.next === 'function') await made.next();
    await made;
    return null;
  } catch (error) {
    return error;
  }
}

describe('a wrong argument is an error of ours, whatever it is', () => {
  it.each(exported)('%s', async (_, value) => {
    const lists: unknown[][] = [[], ...HOSTILE.map((first) => [first])];
    for (const first of FIRST) for (const second of HOSTILE) lists.push([first, second]);
    for (const args of lists) {
      const error = await outcomeOf(() =>
        isClass(value) ? Reflect.construct(value, args) : value(...args),
      );
      if (error !== null) expect(error, String(error)).toBeInstanceOf(AxonodeError);
    }
  });

  it('is told by name', () => {
    const kinds: Readonly<Record<string, unknown>> = train;
    const { F1 } = kinds;
    if (!isClass(F1)) throw new Error('F1 is no class');
    expect(() => new F1()).toThrow(/F1: undefined classes, expected an integer/);
  });
});

const model = new nn.Linear(4, 2);
const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
const data = [[randn([3, 4]).keep(), randn([3, 2]).keep()]];
const common = { model, data, loss: mseLoss, metrics: {}, batchAxis: 0 };
const lstm = new nn.LSTM(2, 2);

/** What takes options, and all of them as they should be. */
const TAKERS: readonly [string, Record<string, unknown>, (options: never) => unknown][] = [
  [
    'fit',
    {
      ...common,
      validation: data,
      optimizer,
      step: undefined,
      epochs: 1,
      schedule: new optim.StepLR(optimizer, 2),
      monitor: 'loss',
      callbacks: [],
      accumulate: 1,
      clipGradNorm: 1,
      signal: undefined,
      resume: undefined,
      progress: false,
      logger: undefined,
    },
    train.fit,
  ],
  ['evaluate', common, train.evaluate],
  [
    'findLearningRate',
    { model, data, optimizer, loss: mseLoss, step: undefined, minLr: 0.1, maxLr: 1, steps: 2 },
    train.findLearningRate,
  ],
  [
    'truncatedBptt',
    { optimizer, loss: mseLoss, chunk: 1, detachEvery: 1, clipGradNorm: 1 },
    (options) => train.truncatedBptt(lstm, [], options),
  ],
];

describe('a wrong option, too', () => {
  it.each(TAKERS)('of %s', async (_, options, run) => {
    expect(await outcomeOf(() => run(options as never))).toBeNull();
    for (const name of Object.keys(options)) {
      for (const wrong of HOSTILE) {
        const given: unknown = { ...options, [name]: wrong };
        const error = await outcomeOf(() => run(given as never));
        if (error !== null) expect(error, `${name}: ${error}`).toBeInstanceOf(AxonodeError);
      }
    }
  });
});
