import { afterAll, expect, it } from 'vitest';
import { backend, setBackend } from '../../src/backend/select.js';
import { CharVocabulary } from '../../src/data/vocabulary.js';
import { charRnn } from '../../src/models/charRnn.js';
import { manualSeed } from '../../src/tensor/random.js';

const present = backend().name;
afterAll(() => setBackend(present));

it('a seed gives the same text on both backends', async () => {
  const vocabulary = CharVocabulary.of('\nabcdefghijklmnopqrstuvwxyz ');
  const texts: string[] = [];
  for (const name of ['native', 'ts'] as const) {
    setBackend(name);
    manualSeed(3);
    const model = charRnn(vocabulary.size, { hiddenSize: 32 });
    texts.push(await model.generate(vocabulary, { seed: 8, length: 400, topK: 20 }));
  }
  expect(texts[0]?.length).toBe(400);
  expect(texts[1]).toBe(texts[0]);
});
