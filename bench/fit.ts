// What fit costs over the loop written by hand: npm run bench:fit -- [--seconds N] [--workload NAME,...]
import { parseArgs } from 'node:util';
import {
  backendInfo,
  crossEntropy,
  data,
  manualSeed,
  models,
  nn,
  optim,
  randint,
  randn,
  type Tensor,
  train,
} from 'axonode';
import { lenetModel } from './workloads.js';

interface Task {
  readonly name: string;
  readonly model: () => nn.Module & { forward(x: Tensor): Tensor };
  readonly input: readonly number[];
  readonly batchSize: number;
  /** Steps of one turn. */
  readonly steps: number;
}

const TASKS: readonly Task[] = [
  {
    name: 'resnet20',
    model: () => models.resnet20(),
    input: [3, 32, 32],
    batchSize: 128,
    steps: 6,
  },
  { name: 'lenet', model: lenetModel, input: [1, 28, 28], batchSize: 64, steps: 40 },
  {
    name: 'mlp',
    model: () =>
      new nn.Sequential(
        new nn.Linear(784, 512),
        new nn.ReLU(),
        new nn.Linear(512, 256),
        new nn.ReLU(),
        new nn.Linear(256, 10),
      ),
    input: [784],
    batchSize: 128,
    steps: 250,
  },
];

type Turn = () => Promise<void>;

/** The same training in ways to compare; each turn is an epoch of the same length. */
function turnsOf(task: Task): Map<string, Turn> {
  manualSeed(1);
  const { batchSize, steps } = task;
  const samples = batchSize * steps;
  const set = new data.TensorDataset(
    randn([samples, ...task.input]).keep(),
    randint(0, 10, [samples]).keep(),
  );
  const make = () => {
    const model = task.model();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const loader = new data.DataLoader(set, { batchSize, shuffle: true, seed: 1 });
    return { model, optimizer, data: loader };
  };
  const plain = make();
  const turns = new Map<string, Turn>([
    [
      'plain loop',
      async () => {
        for await (const [x, y] of plain.data) {
          plain.optimizer.zeroGrad();
          const loss = crossEntropy(plain.model.forward(x), y);
          loss.backward();
          plain.optimizer.step();
          await loss.item();
        }
      },
    ],
  ]);
  const fitted = (name: string, extra: () => object): void => {
    const run = make();
    turns.set(name, async () => {
      await train.fit({ ...run, loss: crossEntropy, progress: false, ...extra() });
    });
  };
  fitted('fit', () => ({}));
  fitted('fit, accuracy and progress', () => ({
    metrics: { accuracy: new train.Accuracy() },
    progress: { write() {} },
  }));
  fitted('fit, TerminateOnNaN', () => ({ callbacks: [new train.TerminateOnNaN()] }));
  return turns;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    workload: { type: 'string', default: TASKS.map(({ name }) => name).join(',') },
  },
});
console.log(`${backendInfo().name} backend, ${backendInfo().threads} threads`);
for (const task of TASKS.filter(({ name }) => flags.workload.split(',').includes(name))) {
  const turns = turnsOf(task);
  const times = new Map<string, number[]>();
  for (const turn of turns.values()) await turn();
  const end = performance.now() + Number(flags.seconds) * 1e3;
  for (let round = 0; performance.now() < end; round++) {
    // Every other round the other way about, so that no side always follows the same one.
    const order = round % 2 === 0 ? [...turns] : [...turns].reverse();
    for (const [name, turn] of order) {
      const start = performance.now();
      await turn();
      const list = times.get(name) ?? [];
      times.set(name, [...list, (performance.now() - start) / task.steps]);
    }
  }
  const base = times.get('plain loop') ?? [];
  for (const [name, list] of times) {
    // Neighbours in time are compared, so that a drift of the machine's speed cancels out.
    const ratio = median(list.map((ms, i) => ms / (base[i] ?? Number.NaN)));
    const cost = `${((ratio - 1) * 100).toFixed(1)} %`;
    console.log(
      `${task.name.padEnd(9)} ${name.padEnd(27)} ${median(list).toFixed(3).padStart(8)} ms a step` +
        `${name === 'plain loop' ? '' : `, ${cost} over the plain loop`} (${list.length} turns)`,
    );
  }
}
