// The adding problem: two numbers to be remembered over 100 steps. LSTM and GRU can, a plain RNN cannot
import { mkdir } from 'node:fs/promises';
import { io, manualSeed, mseLoss, optim, plot, scope } from 'axonode';
import { Adder, addingProblem, type CellName } from './support/addingProblem.js';
import { batch, hidden, learningRate, readFlags, seed, updates, whole } from './support/flags.js';

const flags = readFlags('npm run example -- adding-problem', {
  length: whole(100, 'time steps'),
  updates: updates(2000),
  hidden: hidden(32),
  batch: batch(64),
  lr: learningRate(0.01),
  seed: seed(1),
});
const { length } = flags;
const cells: readonly CellName[] = ['RNN', 'GRU', 'LSTM'];
/** Updates of which a point of the curve is the mean. */
const POINT = 20;

/** The losses of a cell's training, a mean for each point of its curve. */
async function learn(cell: CellName): Promise<number[]> {
  manualSeed(flags.seed);
  const model = new Adder(cell, flags.hidden);
  const optimizer = new optim.Adam(model.parameters(), { lr: flags.lr });
  const curve: number[] = [];
  let sum = 0;
  for (let update = 1; update <= flags.updates; update++) {
    sum += await scope(async () => {
      const { input, target } = addingProblem(length, flags.batch);
      optimizer.zeroGrad();
      const loss = mseLoss(model.forward(input), target);
      loss.backward();
      optim.clipGradNorm(model.parameters(), 1);
      optimizer.step();
      return loss.item();
    });
    if (update % POINT !== 0) continue;
    curve.push(sum / POINT);
    sum = 0;
  }
  const last = curve.at(-1) ?? Number.NaN;
  console.log(
    `${cell.padEnd(4)}  mean squared error ${last.toFixed(4)}: ${last < 0.02 ? 'solved' : 'not solved'}`,
  );
  return curve;
}

console.log(`${length} steps; who always says 1 has a mean squared error of 0.167`);
const curves: number[][] = [];
for (const cell of cells) curves.push(await learn(cell));
const picture = plot.lineChart(
  curves.map((y, i) => ({
    name: cells[i] ?? '',
    x: y.map((_, point) => (point + 1) * POINT),
    y,
  })),
  {
    title: `The adding problem over ${length} steps`,
    x: { label: 'update' },
    y: { label: 'mean squared error', scale: 'log' },
    marks: [{ y: 1 / 6, label: 'always 1' }],
  },
);
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/adding-problem.svg', picture);
console.log('picture: out/adding-problem.svg');
