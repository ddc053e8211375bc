// All optimisers on one problem: a small network that tells two spirals apart, the loss of each as a curve
import { mkdir } from 'node:fs/promises';
import { bceWithLogitsLoss, io, manualSeed, nn, optim, plot, tensor } from 'axonode';

const POINTS = 200;
const STEPS = 400;

/** Two spirals, one turned by half a circle. */
const inputs: number[][] = [];
const targets: number[][] = [];
for (let i = 0; i < POINTS; i++) {
  const side = i % 2;
  const radius = 0.1 + 0.9 * (i / POINTS);
  const angle = 9 * radius + side * Math.PI;
  inputs.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
  targets.push([side]);
}
const x = tensor(inputs);
const y = tensor(targets);

type Make = (params: Iterable<nn.Parameter>) => optim.Optimizer;

/** Rates that suit each of them here. */
const OPTIMIZERS: Record<string, Make> = {
  SGD: (params) => new optim.SGD(params, { lr: 2 }),
  'SGD, momentum': (params) => new optim.SGD(params, { lr: 0.3, momentum: 0.9 }),
  Adagrad: (params) => new optim.Adagrad(params, { lr: 0.05 }),
  Adadelta: (params) => new optim.Adadelta(params, { lr: 5 }),
  RMSprop: (params) => new optim.RMSprop(params, { lr: 5e-3 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.01 }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.01 }),
  NAdam: (params) => new optim.NAdam(params, { lr: 0.01 }),
  Adamax: (params) => new optim.Adamax(params, { lr: 0.02 }),
  RAdam: (params) => new optim.RAdam(params, { lr: 0.02 }),
  Lion: (params) => new optim.Lion(params, { lr: 5e-3 }),
};

async function lossesOf(make: Make): Promise<number[]> {
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Linear(2, 32),
    new nn.Tanh(),
    new nn.Linear(32, 32),
    new nn.Tanh(),
    new nn.Linear(32, 1),
  );
  const optimizer = make(model.parameters());
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    const loss = bceWithLogitsLoss(model.forward(x), y);
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}

const series: plot.Series[] = [];
for (const [name, make] of Object.entries(OPTIMIZERS)) {
  const losses = await lossesOf(make);
  series.push({ name, y: losses });
  const first = losses[0]?.toFixed(3);
  console.log(`${name.padEnd(14)} ${first} -> ${losses.at(-1)?.toExponential(2)}`);
}

const picture = plot.lineChart(series, {
  title: 'Two spirals: the loss by optimiser',
  width: 760,
  height: 480,
  x: { label: 'step' },
  y: { label: 'loss', scale: 'log' },
});
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/optimizers.svg', picture);
console.log('picture: out/optimizers.svg');
