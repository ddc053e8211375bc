import { describe, expect, it, test } from 'vitest';
import { CharVocabulary } from '../../src/data/vocabulary.js';
import { ArgumentError, ShapeError, VocabularyError } from '../../src/errors.js';
import { type CharRnn, type CharRnnOptions, charRnn } from '../../src/models/charRnn.js';
import { copyFrom, tensor } from '../../src/ops/creation.js';
import { narrow } from '../../src/ops/slice.js';
import { manualSeed } from '../../src/tensor/random.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import { expectClose } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

const vocabulary = CharVocabulary.of('\nabcdefgh');

function small(options: CharRnnOptions = {}): CharRnn {
  manualSeed(2);
  return charRnn(vocabulary.size, { embeddingSize: 4, hiddenSize: 6, ...options });
}

/** A model that says the next character of the alphabet, then a line break, whatever came before. */
function alphabet(): CharRnn {
  const model = charRnn(vocabulary.size, {
    cell: 'rnn',
    embeddingSize: 9,
    hiddenSize: 9,
    numLayers: 1,
  });
  const eye = (scale: number, shift = 0): Float32Array =>
    Float32Array.from({ length: 81 }, (_, i) =>
      Math.floor(i / 9) === ((i % 9) + shift) % 9 ? scale : 0,
    );
  const zeros = new Float32Array(81);
  const state: Record<string, Float32Array> = {
    'e.weight': eye(1),
    'r.weight_ih_l0': eye(5),
    'r.weight_hh_l0': zeros,
    'r.bias_ih_l0': zeros.subarray(0, 9),
    'r.bias_hh_l0': zeros.subarray(0, 9),
    'o.weight': eye(30, 1),
    'o.bias': zeros.subarray(0, 9),
  };
  for (const [name, parameter] of model.namedParameters()) {
    copyFrom(parameter, state[name] ?? zeros);
  }
  return model;
}

describe('charRnn', () => {
  it('has the names and shapes of PyTorch', () => {
    const shapes = [...small({ cell: 'gru' }).stateDict()].map(([name, { shape }]) => [
      name,
      ...shape,
    ]);
    expect(shapes).toEqual([
      ['e.weight', 9, 4],
      ['r.weight_ih_l0', 18, 4],
      ['r.weight_hh_l0', 18, 6],
      ['r.bias_ih_l0', 18],
      ['r.bias_hh_l0', 18],
      ['r.weight_ih_l1', 18, 6],
      ['r.weight_hh_l1', 18, 6],
      ['r.bias_ih_l1', 18],
      ['r.bias_hh_l1', 18],
      ['o.weight', 9, 6],
      ['o.bias', 9],
    ]);
  });

  test.each([
    { cell: 'lstm' },
    { cell: 'gru' },
    { cell: 'rnn', nonlinearity: 'relu', residual: true, numLayers: 3 },
  ] as const)('runs in parts as it does at once: %o', (options) => {
    noGrad(() => {
      const model = small(options);
      const x = tensor(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), { shape: [2, 4] });
      const [whole] = model.forward(x);
      expect(whole.shape).toEqual([2, 4, 9]);
      const [first, state] = model.forward(narrow(x, 1, 0, 3));
      const [last] = model.forward(narrow(x, 1, 3, 1), state);
      expectClose(first, narrow(whole, 1, 0, 3));
      expectClose(last, narrow(whole, 1, 3, 1));
      const [short] = model.forward(x, null, { lengths: [2, 4] });
      expectClose(narrow(short, 0, 1, 1), narrow(whole, 0, 1, 1));
    });
  });

  it('refuses what it cannot be made of', () => {
    expect(() => charRnn(0)).toThrow(/characters is 0/);
    expect(() => charRnn(5, { cell: 'cnn' as 'gru' })).toThrow(
      /expected one of 'lstm', 'gru', 'rnn'/,
    );
    const wrong = tensor(new Float32Array(6), { shape: [1, 1, 6] });
    const x = tensor(Int32Array.of(1), { shape: [1, 1] });
    expect(() => small({ cell: 'gru' }).forward(x, wrong)).toThrow(ShapeError);
  });
});

describe('generate', () => {
  it('goes on with a prime, up to a length or a stop', async () => {
    const model = alphabet();
    const greedy = { greedy: true, length: 6 };
    expect(await model.generate(vocabulary, { ...greedy, prime: 'ab' })).toBe('cdefgh');
    expect(await model.generate(vocabulary, { ...greedy, prime: 'f' })).toBe('gh\nabc');
    expect(await model.generate(vocabulary, { ...greedy, prime: 'f', stop: '\n' })).toBe('gh');
    expect(
      await model.generate(vocabulary, { ...greedy, stop: (text) => text.endsWith('cd') }),
    ).toBe('abcd');
    expect(await model.generate(vocabulary, { length: 0 })).toBe('');
    expect((await model.generate(vocabulary, { greedy: true })).length).toBe(200);
  });

  it('reads a prime of any length', async () => {
    const model = small();
    const prime = 'abcdefgh\n'.repeat(100);
    const ids = tensor(vocabulary.encode(prime), { shape: [1, prime.length] });
    const expected = noGrad(() => {
      const logits = narrow(model.forward(ids)[0], 1, prime.length - 1, 1).dataSync();
      return logits.indexOf(Math.max(...logits));
    });
    const said = await model.generate(vocabulary, { prime, greedy: true, length: 1 });
    expect(vocabulary.encode(said)).toEqual(Int32Array.of(expected));
  });

  it('draws the same text for a seed, whatever the mode, and leaves the mode alone', async () => {
    const model = small({ dropout: 0.5 });
    const options = { seed: 4, length: 80, temperature: 1.3, topK: 6 };
    const text = await model.generate(vocabulary, options);
    expect(model.training).toBe(true);
    expect(model.r.training).toBe(true);
    expect(await model.eval().generate(vocabulary, options)).toBe(text);
    expect(model.training).toBe(false);
    expect(await model.generate(vocabulary, { ...options, seed: 5 })).not.toBe(text);
  });

  it('streams for ever in memory that does not grow, also inside of a scope', async () => {
    const model = small();
    const run = async (): Promise<void> => {
      let count = 0;
      let live = 0;
      for await (const character of model.characters(vocabulary, {
        length: Number.POSITIVE_INFINITY,
        seed: 1,
      })) {
        expect(vocabulary.has(character)).toBe(true);
        if (++count === 20) live = memoryInfo().live;
        if (count === 400) {
          expect(memoryInfo().live).toBeLessThanOrEqual(live);
          break;
        }
      }
    };
    const before = memoryInfo().live;
    await run();
    expect(memoryInfo().live).toBeLessThanOrEqual(before);
    await scope(run);
    expect(memoryInfo().live).toBeLessThanOrEqual(before);
  });

  it('lets timers run', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await small().generate(vocabulary, { length: 3000, seed: 1 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  it('names what is wrong', async () => {
    const model = small();
    await expect(model.generate(vocabulary, { prime: 'abx' })).rejects.toThrow(VocabularyError);
    await expect(model.generate(vocabulary, { prime: 'abx' })).rejects.toThrow(/"x".* position 2/);
    await expect(model.generate(vocabulary, { prime: '' })).rejects.toThrow(/the prime is empty/);
    await expect(model.generate(CharVocabulary.of('ab\n'))).rejects.toThrow(
      /the vocabulary has 3 characters, the model 9/,
    );
    await expect(model.generate(vocabulary, { length: -1 })).rejects.toThrow(ArgumentError);
    const before = memoryInfo().live;
    copyFrom(model.o.bias ?? model.o.weight, new Float32Array(9).fill(Number.NaN));
    await expect(model.generate(vocabulary)).rejects.toThrow(/logit 0 is NaN/);
    expect(memoryInfo().live).toBeLessThanOrEqual(before);
  });
});
