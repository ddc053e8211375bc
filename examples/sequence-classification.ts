// Waveforms of different lengths told apart by a GRU that reads them from both ends
import { mkdir } from 'node:fs/promises';
import {
  concat,
  crossEntropy,
  DataError,
  data,
  io,
  manualSeed,
  nn,
  noGrad,
  optim,
  plot,
  rand,
  randn,
  type Tensor,
  tensor,
  train,
} from 'axonode';
import { epochs, hidden, readFlags, seed, text, whole } from './support/flags.js';

const flags = readFlags('npm run example -- sequence-classification', {
  data: text(
    'FILE',
    undefined,
    'your own sequences, a line each: a label and numbers, commas between',
  ),
  count: whole(2000, 'waves to draw without'),
  epochs: epochs(10),
  hidden: hidden(32),
  seed: seed(),
});
manualSeed(flags.seed);

/** A sequence and what it is. */
interface Sample {
  readonly values: Float32Array;
  readonly label: string;
}

/** Shapes of a wave, from the part of its period that has passed, on [0, 1). */
const WAVES: Readonly<Record<string, (phase: number) => number>> = {
  sine: (phase) => Math.sin(2 * Math.PI * phase),
  square: (phase) => (phase < 0.5 ? 1 : -1),
  triangle: (phase) => 1 - 4 * Math.abs(phase - 0.5),
  sawtooth: (phase) => 2 * phase - 1,
};

/** Waves of random frequency, phase, loudness and length, with noise. */
function waves(count: number): Sample[] {
  const names = Object.keys(WAVES);
  const draws = rand([count, 4]).dataSync();
  return Array.from({ length: count }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = draws.subarray(4 * i, 4 * i + 4);
    const label = names[i % names.length] ?? '';
    const wave = WAVES[label] ?? Math.sin;
    const noise = randn([24 + Math.floor(40 * a)]).dataSync();
    const values = Float32Array.from(noise, (error, t) => {
      const phase = b + t * (0.04 + 0.06 * c);
      return (0.6 + 0.8 * d) * wave(phase % 1) + 0.1 * error;
    });
    return { values, label };
  });
}

/** Lines of a label and its numbers, with commas between. */
async function read(path: string): Promise<Sample[]> {
  const lines = (await data.loadText(path)).split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => {
    const [label = '', ...numbers] = line.split(',');
    const values = Float32Array.from(numbers, Number);
    if (values.length === 0 || !values.every(Number.isFinite)) {
      throw new DataError(`${path}: line ${i + 1}, expected a label and numbers`);
    }
    return { values, label: label.trim() };
  });
}

/** A GRU from both ends, and a class from where each end has come to. */
class Classifier extends nn.Module {
  readonly rnn: nn.GRU;
  readonly head: nn.Linear;

  constructor(hidden: number, classes: number) {
    super();
    this.rnn = new nn.GRU(1, hidden, { batchFirst: true, bidirectional: true });
    this.head = new nn.Linear(2 * hidden, classes);
  }

  override forward(x: Tensor, lengths: readonly number[]): Tensor {
    const [, state] = this.rnn.forward(x, null, { lengths });
    return this.head.forward(concat([state.select(0, 0), state.select(0, 1)], 1));
  }
}

const samples = flags.data === undefined ? waves(flags.count) : await read(flags.data);
const classes = [...new Set(samples.map(({ label }) => label))].sort();
const dataset: data.Dataset<Sample> = {
  length: samples.length,
  get: (i) => samples[i] ?? { values: new Float32Array(1), label: '' },
};
const [training, test] = data.randomSplit(dataset, [0.8, 0.2], { seed: 1 });

/** Sequences padded to the longest of the batch, with their lengths. */
const collate = (batch: readonly Sample[]) => {
  const { values, lengths } = data.padSequence(
    batch.map((sample) => sample.values),
    { batchFirst: true },
  );
  const labels = tensor(Int32Array.from(batch, ({ label }) => classes.indexOf(label)));
  return { x: values.unsqueeze(-1), lengths, labels };
};
const loader = new data.DataLoader(training, { batchSize: 32, shuffle: true, collate });

const model = new Classifier(flags.hidden, classes.length);
const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });
let matrix = new train.ConfusionMatrix(classes.length);
for (let epoch = 1; epoch <= flags.epochs; epoch++) {
  let sum = 0;
  for await (const { x, lengths, labels } of loader) {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x, lengths), labels);
    loss.backward();
    optim.clipGradNorm(model.parameters(), 1);
    optimizer.step();
    sum += await loss.item();
  }
  matrix = new train.ConfusionMatrix(classes.length);
  for await (const { x, lengths, labels } of new data.DataLoader(test, {
    batchSize: 100,
    collate,
  })) {
    noGrad(() => matrix.update(model.forward(x, lengths), labels));
  }
  const share = (100 * (await matrix.compute())).toFixed(1);
  console.log(
    `epoch ${epoch}  loss ${(sum / loader.length).toFixed(4)}  unseen waves told apart: ${share} %`,
  );
}
console.log(matrix.toString(classes));

const first = classes.map((name) => samples.find(({ label }) => label === name));
const picture = plot.panels(
  first.map((sample) =>
    plot.lineChart([{ y: sample?.values ?? [] }], {
      title: sample?.label ?? '',
      width: 420,
      height: 220,
      x: { label: 'time step' },
    }),
  ),
  { title: 'One sequence of each class' },
);
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/sequence-classification.svg', picture);
console.log('picture: out/sequence-classification.svg');
