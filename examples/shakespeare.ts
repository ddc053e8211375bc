// A character model learns a text with truncated back-propagation, and writes on
import { mkdir } from 'node:fs/promises';
import {
  crossEntropy,
  data,
  io,
  manualSeed,
  models,
  type nn,
  noGrad,
  optim,
  plot,
  type Tensor,
  train,
} from 'axonode';
import {
  hidden,
  learningRate,
  oneOf,
  positive,
  readFlags,
  seed,
  share,
  text,
  whole,
} from './support/flags.js';
import { SONNETS } from './support/texts.js';

const flags = readFlags('npm run example -- shakespeare', {
  text: text('FILE', undefined, 'a text in UTF-8 (twelve sonnets)'),
  cell: oneOf(['lstm', 'gru', 'rnn'], 'lstm', 'kind of layer'),
  hidden: hidden(128),
  layers: whole(2, 'layers'),
  dropout: share(0.3, 'dropout between them'),
  steps: whole(undefined, 'updates (400, of a long text 2000)'),
  chunk: whole(48, 'characters of a chunk'),
  batch: whole(16, 'streams side by side'),
  lr: learningRate(0.003),
  temperature: positive(0.7, 'of the sample'),
  prime: text('TEXT', 'Shall I ', 'what the sample goes on with'),
  seed: seed(),
  out: text('DIR', 'out/shakespeare', 'where the picture, weights and vocabulary go'),
});
const { chunk } = flags;

const book = flags.text === undefined ? SONNETS : await data.loadText(flags.text);
const vocabulary = data.CharVocabulary.of(book);
const ids = vocabulary.encode(book);
const held = Math.floor(0.9 * ids.length);
const isShort = ids.length < 50_000;
const steps = flags.steps ?? (isShort ? 400 : 2000);
console.log(`${ids.length} characters, ${vocabulary.size} of them distinct`);
if (isShort) console.log('so short a text is soon learnt by heart: give a longer one with --text');

manualSeed(flags.seed);
const model = models.charRnn(vocabulary.size, {
  cell: flags.cell,
  hiddenSize: flags.hidden,
  numLayers: flags.layers,
  embeddingSize: 64,
  dropout: flags.dropout,
});
const optimizer = new optim.Adam(model.parameters(), { lr: flags.lr });
const lossOf = (logits: Tensor, target: Tensor): Tensor =>
  crossEntropy(logits.reshape([-1, vocabulary.size]), target.reshape([-1]));

/** The loss on the last tenth of the text, or as much of it as is soon read, the state carried along. */
async function validate(): Promise<number> {
  const unseen = ids.subarray(held, held + 40_000);
  const stream = new data.StreamBatches(unseen, chunk, { batchSize: isShort ? 4 : 16 });
  model.eval();
  return noGrad(async () => {
    let state: nn.RecurrentState | null = null;
    let sum = 0;
    let characters = 0;
    for (const { input, target } of stream) {
      const [logits, next]: [Tensor, nn.RecurrentState] = model.forward(input, state);
      state = next;
      sum += (await lossOf(logits, target).item()) * target.size;
      characters += target.size;
    }
    model.train();
    return sum / characters;
  });
}

const stream = new data.StreamBatches(ids.subarray(0, held), chunk, {
  batchSize: flags.batch,
  epochs: Number.POSITIVE_INFINITY,
});
const [losses, norms]: [number[], number[]] = [[], []];
const [checkedAt, validation]: [number[], number[]] = [[], []];
const options = { optimizer, loss: lossOf, batchFirst: true, clipGradNorm: 1 };
for await (const { loss, gradNorm, updates } of train.truncatedBptt(model, stream, options)) {
  losses.push(await loss.item());
  norms.push((await gradNorm?.item()) ?? Number.NaN);
  if (updates % Math.ceil(steps / 6) === 0 || updates === steps) {
    checkedAt.push(updates - 1);
    validation.push(await validate());
    const [seen, unseen] = [losses.at(-1), validation.at(-1)];
    console.log(
      `update ${updates}  loss ${seen?.toFixed(3)}  validation ${unseen?.toFixed(3)} nats`,
    );
    const sample = await model.generate(vocabulary, {
      prime: flags.prime,
      length: 60,
      seed: flags.seed,
      temperature: 0.7,
    });
    console.log(`  ${JSON.stringify(flags.prime + sample)}`);
  }
  if (updates === steps) break;
}

console.log('');
process.stdout.write(flags.prime);
const said = model.characters(vocabulary, {
  prime: flags.prime,
  length: 400,
  temperature: flags.temperature,
  seed: flags.seed,
});
for await (const character of said) process.stdout.write(character);
console.log('\n');

await mkdir(flags.out, { recursive: true });
const picture = plot.panels([
  plot.lineChart(
    [
      { name: 'training', y: losses },
      { name: 'unseen text', x: checkedAt, y: validation, draw: 'both' },
    ],
    { title: 'Loss of the next character', x: { label: 'update' }, y: { label: 'nats' } },
  ),
  plot.lineChart([{ y: norms }], {
    title: 'Gradient norm before clipping to 1',
    x: { label: 'update' },
    y: { label: 'norm', scale: 'log' },
    marks: [{ y: 1, label: 'clipped above' }],
  }),
]);
await io.writeFileAtomic(`${flags.out}/training.svg`, picture);
await io.saveSafetensors(`${flags.out}/model.safetensors`, model.stateDict());
await vocabulary.save(`${flags.out}/characters.json`);
console.log(`${flags.out}: training.svg, model.safetensors, characters.json`);
