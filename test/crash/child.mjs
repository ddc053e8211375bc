// The process that the crash test kills: trains a small network and saves a checkpoint after every step.
// node child.mjs DIR OUT: goes on in DIR, and writes the trained weights to OUT.
import {
  add,
  crossEntropy,
  data,
  io,
  manualSeed,
  nn,
  optim,
  randint,
  randn,
  train,
} from '../../dist/index.js';

const [dir, out] = process.argv.slice(2);
manualSeed(11);
const set = new data.TensorDataset(randn([90, 1, 8, 8]).keep(), randint(0, 3, [90]).keep());
const model = new nn.Sequential(
  new nn.Conv2d(1, 4, 3, { padding: 1 }),
  new nn.BatchNorm2d(4),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Dropout(0.3),
  new nn.Linear(64, 3),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
// Whoever counts on a time to be killed at counts from here.
process.stdout.write('ready\n');
await train.fit({
  model,
  data: new data.DataLoader(set, {
    batchSize: 16,
    shuffle: true,
    transform: ([x, y]) => [add(x, randn(x.shape).mul(0.1)), y],
  }),
  validation: new data.DataLoader(set, { batchSize: 64 }),
  loss: crossEntropy,
  optimizer,
  schedule: new optim.StepLR(optimizer, 10, { gamma: 0.7 }),
  metrics: { accuracy: new train.Accuracy() },
  callbacks: [new train.EarlyStopping({ patience: 12 })],
  epochs: Number(process.env.CRASH_EPOCHS ?? 40),
  checkpoint: new train.ModelCheckpoint(dir, { everySteps: 1, keep: 2 }),
  resume: true,
  progress: false,
});
await io.saveSafetensors(out, model.stateDict());
