// What regularisation does to a network that learns its few samples by heart: a picture of each method's effect
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crossEntropy, data, io, manualSeed, nn, optim, plot, train, vision } from 'axonode';
import { readFlags, text, whole } from './support/flags.js';
import { withWrongLabels } from './support/labels.js';

const flags = readFlags('npm run example -- regularisation', {
  epochs: whole(60, 'passes over the data; a curve needs 2', 2),
  samples: whole(400, 'digits to learn from'),
  out: text('FILE', 'out/regularisation.svg', 'where the picture goes'),
});
const { epochs } = flags;

// Few digits, one in seven of them mislabelled: to learn those by heart is to forget what a digit looks like.
const scale = { mean: 0.13, std: 0.31 };
const few: data.LabelledImages = withWrongLabels(
  data.syntheticDigits(flags.samples, { seed: 1 }),
  7,
);
const training = new data.ImageDataset(few, scale);
const test = new data.ImageDataset(data.syntheticDigits(1000, { seed: 2 }), scale);

interface Method {
  readonly name: string;
  /** Of the hidden layers. */
  readonly dropout?: number;
  readonly batchNorm?: boolean;
  /** Of the optimiser. */
  readonly weightDecay?: number;
  readonly l1?: number;
  readonly labelSmoothing?: number;
  readonly shift?: number;
  readonly clipGradNorm?: number;
  readonly maxNorm?: number;
  readonly patience?: number;
}

const methods: Method[] = [
  { name: 'nothing' },
  { name: 'weight decay', weightDecay: 0.03 },
  { name: 'L1 penalty', l1: 0.0003 },
  { name: 'max-norm', maxNorm: 0.6 },
  { name: 'dropout', dropout: 0.5 },
  { name: 'label smoothing', labelSmoothing: 0.3 },
  { name: 'early stopping', patience: 5 },
  { name: 'shifted images', shift: 3 },
  { name: 'batch norm', batchNorm: true },
  { name: 'gradient clipping', clipGradNorm: 0.2 },
  { name: 'four together', shift: 3, dropout: 0.25, weightDecay: 0.005, labelSmoothing: 0.1 },
];

function network({ dropout = 0, batchNorm = false }: Method): nn.Sequential {
  const hidden = (inputs: number) => [
    new nn.Linear(inputs, 256),
    ...(batchNorm ? [new nn.BatchNorm1d(256)] : []),
    new nn.ReLU(),
    ...(dropout > 0 ? [new nn.Dropout(dropout)] : []),
  ];
  return new nn.Sequential(
    new nn.Flatten(),
    ...hidden(784),
    ...hidden(256),
    new nn.Linear(256, 10),
  );
}

/** Moves each image by up to so many pixels, differently every time; what comes in is as black as the paper. */
function shifted(pixels: number) {
  const black = -scale.mean / scale.std;
  return vision.onImages(new vision.RandomCrop(28, { padding: pixels, fill: black }));
}

async function run(method: Method): Promise<train.History> {
  manualSeed(1);
  const model = network(method);
  const { weightDecay = 0, l1 = 0, labelSmoothing = 0, shift = 0, maxNorm, patience } = method;
  const callbacks: train.Callback[] = [];
  if (maxNorm !== undefined) callbacks.push(new train.MaxNorm(maxNorm));
  if (patience !== undefined) callbacks.push(new train.EarlyStopping({ patience }));
  return train.fit({
    model,
    data: new data.DataLoader(training, {
      batchSize: 32,
      shuffle: true,
      ...(shift > 0 ? { transform: shifted(shift) } : {}),
    }),
    validation: new data.DataLoader(test, { batchSize: 500 }),
    // Labels are smoothed for training only, so that all methods are judged by the same loss.
    step([images, labels], { training: learns }) {
      const output = model.forward(images);
      const loss = crossEntropy(output, labels, learns ? { labelSmoothing } : {});
      return { loss, output, target: labels };
    },
    optimizer: new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.9, weightDecay, l1 }),
    metrics: { accuracy: new train.Accuracy() },
    epochs,
    callbacks,
    ...(method.clipGradNorm === undefined ? {} : { clipGradNorm: method.clipGradNorm }),
    progress: false,
  });
}

/** The name, and the number where it is only one. */
function titleOf({ name, ...settings }: Method): string {
  const numbers = Object.values(settings).filter((value) => typeof value === 'number');
  return numbers.length === 1 ? `${name} ${numbers[0]}` : name;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const charts: string[] = [];
const accuracies: number[] = [];
let reference: train.History | undefined;
for (const method of methods) {
  const history = await run(method);
  reference ??= history;
  // Early stopping goes back to its best epoch; the others end where they end.
  const best = history.best('valLoss').epoch;
  const end = method.patience === undefined ? history.epochs.length : best;
  const loss = history.values('valLoss')[end - 1] ?? Number.NaN;
  const accuracy = history.values('valAccuracy')[end - 1] ?? Number.NaN;
  accuracies.push(accuracy);
  console.log(
    `${method.name.padEnd(22)} test loss ${loss.toFixed(3)}  accuracy ${percent(accuracy)}  ` +
      `training loss ${(history.values('loss')[end - 1] ?? Number.NaN).toFixed(3)}`,
  );
  const x = history.epochs.map(({ epoch }) => epoch);
  const before = reference.values('valLoss');
  charts.push(
    plot.lineChart(
      [
        ...(history === reference
          ? []
          : [{ name: 'test, nothing', x: before.map((_, i) => i + 1), y: before, color: '#aaa' }]),
        { name: 'training', x, y: history.values('loss'), color: '#0072B2' },
        { name: 'test', x, y: history.values('valLoss'), color: '#D55E00' },
      ],
      {
        title: `${titleOf(method)}: ${percent(accuracy)} right`,
        width: 420,
        height: 280,
        x: { label: 'epoch', range: [1, epochs] },
        y: { label: 'loss', range: [0, 2.5] },
        marks: method.patience === undefined ? [] : [{ x: best, label: 'weights restored' }],
      },
    ),
  );
}
charts.push(
  plot.barChart(
    methods.map(({ name }) => name),
    [{ values: accuracies }],
    { title: 'Right on test digits', width: 420, height: 280, y: { range: [0, 1] } },
  ),
);
await mkdir(dirname(flags.out), { recursive: true });
const title = `Regularisation: ${few.count} digits, one in seven mislabelled`;
await io.writeFileAtomic(flags.out, plot.panels(charts, { title, columns: 3 }));
console.log(`picture: ${flags.out}`);
