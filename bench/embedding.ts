// Training steps of an embedding, 2,000 indices each, whose gradient is sparse or dense, by the size of the table and
// against PyTorch: npm run bench:embedding -- [--torch-python PATH] [--threads N] [--rounds N] [--rows 10000,1000000]
//
// A step drops the gradients, looks the rows up, goes back and updates. Its memory is what is alive before the update
// besides the table and the optimiser's states.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  backendInfo,
  manualSeed,
  memoryInfo,
  nn,
  ones,
  optim,
  randint,
  setBackend,
  setNumThreads,
  synchronize,
  type Tensor,
  trimPool,
} from 'axonode';
import { torchEmbeddingPeer } from './peer.js';

const { values: flags } = parseArgs({
  options: {
    'torch-python': { type: 'string', default: 'python3' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '10000,100000,1000000' },
  },
});

const FEATURES = 64;
const INDICES = 2000;
const TURN_SECONDS = 0.2;
/** Lets the threads of the other side go to sleep before the next turn. */
const PAUSE_MS = 60;
/** Batches of indices, in turn: rows that a momentum has seen are theirs. */
const BATCHES = 8;

type Make = (params: Iterable<Tensor>) => optim.Optimizer;
/** Named as in `embedding_torch.py`. */
const OPTIMIZERS: readonly (readonly [name: string, sparse: boolean, make: Make])[] = [
  ['sgd', true, (params) => new optim.SGD(params, { lr: 0.01 })],
  ['momentum', true, (params) => new optim.SGD(params, { lr: 0.01, momentum: 0.9 })],
  ['adagrad', true, (params) => new optim.Adagrad(params)],
  ['adam', true, (params) => new optim.SparseAdam(params)],
  ['sgd', false, (params) => new optim.SGD(params, { lr: 0.01 })],
  ['adam', false, (params) => new optim.Adam(params)],
];

interface Side {
  readonly name: string;
  readonly times: number[];
  readonly time: () => Promise<number>;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Milliseconds of a step, and the bytes that it holds besides table and states. */
function measureOf(rows: number, sparse: boolean, make: Make) {
  manualSeed(0);
  const layer = new nn.Embedding(rows, FEATURES, { sparse });
  const optimizer = make(layer.parameters());
  const batches = Array.from({ length: BATCHES }, () => randint(0, rows, [INDICES]).keep());
  const gradient = ones([INDICES, FEATURES]).keep();
  let count = 0;
  const step = (): void => {
    optimizer.zeroGrad();
    const index = batches[count++ % BATCHES];
    if (index !== undefined) layer.forward(index).backward({ gradient });
    optimizer.step();
  };
  for (let i = 0; i < BATCHES; i++) step();
  const full = memoryInfo().live;
  optimizer.zeroGrad();
  const bytes = full - memoryInfo().live;
  return {
    bytes,
    async time(): Promise<number> {
      const start = performance.now();
      for (let steps = 1; ; steps++) {
        step();
        await synchronize();
        const elapsed = performance.now() - start;
        if (elapsed >= TURN_SECONDS * 1e3) return elapsed / steps;
      }
    },
    dispose(): void {
      optimizer.zeroGrad();
      const states = optimizer.stateDict().tensors.values();
      for (const tensor of [...layer.parameters(), ...states, ...batches, gradient])
        tensor.dispose();
      trimPool();
    },
  };
}

await setBackend('native');
if (flags.threads !== undefined) setNumThreads(Number(flags.threads));
const { threads } = backendInfo();
const torch = torchEmbeddingPeer(flags['torch-python'], threads);
console.log(`${INDICES} indices a step, ${FEATURES} features, ${threads} threads`);
for (const rows of flags.rows.split(',').map(Number)) {
  for (const [name, sparse, make] of OPTIMIZERS) {
    const own = measureOf(rows, sparse, make);
    const workload = `${name}_${sparse ? 'sparse' : 'dense'}_${rows}`;
    const sides: Side[] = [{ name: 'axonode', times: [], time: own.time }];
    if (torch) {
      sides.push({ name: 'torch', times: [], time: () => torch.time(workload, TURN_SECONDS) });
    }
    // The first turn of each is its warm-up.
    for (let round = 0; round <= Number(flags.rounds); round++) {
      for (const { times, time } of sides) {
        await sleep(PAUSE_MS);
        const ms = await time();
        if (round > 0) times.push(ms);
      }
    }
    const texts = sides.map((side) => `${side.name} ${median(side.times).toFixed(3)} ms`);
    const size = `${(own.bytes / 1e6).toFixed(2)} MB a step`;
    console.log(`${workload}: ${texts.join(', ')}; ${size}`);
    own.dispose();
  }
}
torch?.close();
