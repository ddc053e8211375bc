// Names of different lengths in one batch: a model learns how names sound, and makes up new ones
import { parseArgs } from 'node:util';
import {
  CharVocabulary,
  crossEntropy,
  DataLoader,
  loadText,
  manualSeed,
  models,
  optim,
  SequenceDataset,
} from 'axonode';
import { oneOf, positive } from './support/flags.js';
import { NAMES } from './support/texts.js';

const { values: flags } = parseArgs({
  options: {
    text: { type: 'string' },
    epochs: { type: 'string', default: '40' },
    cell: { type: 'string', default: 'gru' },
    hidden: { type: 'string', default: '64' },
    temperature: { type: 'string', default: '0.8' },
    seed: { type: 'string', default: '0' },
  },
});
const epochs = positive('epochs', flags.epochs);
const seed = Number(flags.seed);
const text = flags.text === undefined ? null : await loadText(flags.text);
const names = text === null ? NAMES : text.split('\n').filter((name) => name !== '');
const vocabulary = CharVocabulary.of('\n', ...names);
console.log(`${names.length} names, ${vocabulary.size} characters`);

manualSeed(seed);
const cell = oneOf('cell', flags.cell, ['lstm', 'gru', 'rnn']);
// A line break begins and ends each name: the model learns where names end, too.
const data = new SequenceDataset(names.map((name) => vocabulary.encode(`\n${name}\n`)));
const loader = new DataLoader(data, { batchSize: 32, shuffle: true, seed });
const model = models.charRnn(vocabulary.size, {
  cell,
  embeddingSize: 16,
  hiddenSize: positive('hidden', flags.hidden),
  numLayers: 1,
});
const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });

for (let epoch = 1; epoch <= epochs; epoch++) {
  let sum = 0;
  for await (const { input, target, lengths } of loader) {
    optimizer.zeroGrad();
    const [logits] = model.forward(input, null, { lengths });
    // What pads a target is ignored by the loss, what pads an input is not read.
    const loss = crossEntropy(logits.reshape([-1, vocabulary.size]), target.reshape([-1]));
    loss.backward();
    optim.clipGradNorm(model.parameters(), 1);
    optimizer.step();
    sum += await loss.item();
  }
  if (epoch === 1 || epoch % Math.ceil(epochs / 8) === 0) {
    const mean = sum / loader.length;
    const sample = await model.generate(vocabulary, { stop: '\n', seed: seed + epoch, length: 20 });
    console.log(`epoch ${epoch}  loss ${mean.toFixed(3)} nats a character  "${sample}"`);
  }
}

const known = new Set(names);
const made: string[] = [];
for (let i = 0; made.length < 20 && i < 400; i++) {
  const name = await model.generate(vocabulary, {
    stop: '\n',
    length: 20,
    temperature: positive('temperature', flags.temperature, { fraction: true }),
    topK: 10,
    seed: 1000 * (seed + 1) + i,
  });
  if (name !== '' && !known.has(name)) made.push(name);
}
console.log(`new names: ${made.join(', ')}`);
