// Optimiser steps over ResNet-50's parameters (25.6 million in 161 tensors) against the bandwidth of memory and
// against PyTorch: npm run bench:optimizer -- [--torch-python PATH] [--threads N] [--rounds N] [--only adam,sgd]
//
// Bytes are counted as the update needs them: a step reads gradients, parameters and states once, and writes
// parameters and states once; Adam moves 7 × 4 bytes an element. The copy moves as many bytes, half of them read and
// half written. What caches fetch besides counts for neither.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { backendInfo, models, optim, randn, setBackend, setNumThreads, synchronize } from 'axonode';
import { copyPeer, torchOptimizerPeer } from './peer.js';

const { values: flags } = parseArgs({
  options: {
    'torch-python': { type: 'string', default: 'python3' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});

const TURN_SECONDS = 0.3;
/** Lets the threads of the other side go to sleep before the next turn. */
const PAUSE_MS = 60;

interface Row {
  readonly name: string;
  /** Tensors of the parameters' size that the rule keeps. */
  readonly states: number;
  readonly make: (params: Iterable<ReturnType<typeof randn>>) => optim.Optimizer;
  /** Of `optimizer_torch.py`. */
  readonly torch: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'adam',
    states: 2,
    make: (params) => new optim.Adam(params),
    torch: ['adam', 'adam_foreach', 'adam_fused'],
  },
  {
    name: 'sgd',
    states: 1,
    make: (params) => new optim.SGD(params, { lr: 0.01, momentum: 0.9 }),
    torch: ['sgd', 'sgd_fused'],
  },
  { name: 'lion', states: 1, make: (params) => new optim.Lion(params), torch: [] },
  { name: 'adagrad', states: 1, make: (params) => new optim.Adagrad(params), torch: [] },
  { name: 'rmsprop', states: 1, make: (params) => new optim.RMSprop(params), torch: [] },
  { name: 'adadelta', states: 2, make: (params) => new optim.Adadelta(params), torch: [] },
  { name: 'adamax', states: 2, make: (params) => new optim.Adamax(params), torch: [] },
  { name: 'nadam', states: 2, make: (params) => new optim.NAdam(params), torch: [] },
  { name: 'radam', states: 2, make: (params) => new optim.RAdam(params), torch: [] },
];

async function perStepMs(step: () => void, seconds: number): Promise<number> {
  const start = performance.now();
  for (let count = 1; ; count++) {
    step();
    await synchronize();
    const elapsed = performance.now() - start;
    if (elapsed >= seconds * 1e3) return elapsed / count;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

await setBackend('native');
if (flags.threads !== undefined) setNumThreads(Number(flags.threads));
const { threads } = backendInfo();
const parameters = models.resnet50().parameters();
const elements = parameters.reduce((sum, { size }) => sum + size, 0);
for (const parameter of parameters) parameter.grad = randn(parameter.shape).keep();

const copy = copyPeer(threads);
const shapes = parameters.map(({ shape }) => shape);
const torch = torchOptimizerPeer(flags['torch-python'], threads, shapes);
const rows = ROWS.filter(
  ({ name }) => flags.only === undefined || flags.only.split(',').includes(name),
);

console.log(`${elements} parameters in ${parameters.length} tensors, ${threads} threads`);
for (const { name, states, make, torch: rivals } of rows) {
  const optimizer = make(parameters);
  const bytes = 4 * elements * (2 * (1 + states) + 1);
  const sides = new Map<string, () => Promise<number>>();
  sides.set('axonode', () => perStepMs(() => optimizer.step(), TURN_SECONDS));
  if (copy) sides.set('copy', () => copy.time(`copy_${bytes}`, TURN_SECONDS));
  for (const rival of rivals) {
    if (torch) sides.set(`torch ${rival}`, () => torch.time(rival, TURN_SECONDS));
  }
  const times = new Map(Array.from(sides.keys(), (side): [string, number[]] => [side, []]));
  // The first turn of each is its warm-up.
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const [side, time] of sides) {
      await sleep(PAUSE_MS);
      const ms = await time();
      if (round > 0) times.get(side)?.push(ms);
    }
  }
  const own = median(times.get('axonode') ?? []);
  const texts = Array.from(times, ([side, list]) => {
    const ms = median(list);
    const rate = side.startsWith('torch') ? '' : `, ${(bytes / ms / 1e6).toFixed(1)} GB/s`;
    const ratio = side === 'axonode' ? '' : ` (${(ms / own).toFixed(2)} × ours)`;
    return `${side} ${ms.toFixed(2)} ms${rate}${ratio}`;
  });
  console.log(`${name}: ${texts.join('; ')}`);
  for (const tensor of optimizer.stateDict().tensors.values()) tensor.dispose();
}
copy?.close();
torch?.close();
