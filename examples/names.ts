// Names of different lengths in one batch: a model learns how names sound, and makes up new ones
import { crossEntropy, data, manualSeed, models, optim } from 'axonode';
import { epochs, hidden, oneOf, positive, readFlags, seed, text } from './support/flags.js';
import { NAMES } from './support/texts.js';

const flags = readFlags('npm run example -- names', {
  text: text('FILE', undefined, 'your own names, one a line'),
  epochs: epochs(40),
  cell: oneOf(['lstm', 'gru', 'rnn'], 'gru', 'kind of layer'),
  hidden: hidden(64),
  temperature: positive(0.8, 'of the names that are made up'),
  seed: seed(),
});
const own = flags.text === undefined ? null : await data.loadText(flags.text);
const names = own === null ? NAMES : own.split('\n').filter((name) => name !== '');
const vocabulary = data.CharVocabulary.of('\n', ...names);
console.log(`${names.length} names, ${vocabulary.size} characters`);

manualSeed(flags.seed);
// A line break begins and ends each name: the model learns where names end, too.
const dataset = new data.SequenceDataset(names.map((name) => vocabulary.encode(`\n${name}\n`)));
const loader = new data.DataLoader(dataset, { batchSize: 32, shuffle: true, seed: flags.seed });
const model = models.charRnn(vocabulary.size, {
  cell: flags.cell,
  embeddingSize: 16,
  hiddenSize: flags.hidden,
  numLayers: 1,
});
const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });

for (let epoch = 1; epoch <= flags.epochs; epoch++) {
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
  if (epoch === 1 || epoch % Math.ceil(flags.epochs / 8) === 0) {
    const mean = sum / loader.length;
    const sample = await model.generate(vocabulary, {
      stop: '\n',
      seed: flags.seed + epoch,
      length: 20,
    });
    console.log(`epoch ${epoch}  loss ${mean.toFixed(3)} nats a character  "${sample}"`);
  }
}

const known = new Set(names);
const made: string[] = [];
for (let i = 0; made.length < 20 && i < 400; i++) {
  const name = await model.generate(vocabulary, {
    stop: '\n',
    length: 20,
    temperature: flags.temperature,
    topK: 10,
    seed: 1000 * (flags.seed + 1) + i,
  });
  if (name !== '' && !known.has(name)) made.push(name);
}
console.log(`new names: ${made.join(', ')}`);
