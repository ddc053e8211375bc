// Memory over many steps, as a curve: npm run bench:memory -- --loop train,keep,infer,forget --steps 5000
import { parseArgs } from 'node:util';
import {
  backendInfo,
  crossEntropy,
  manualSeed,
  memoryInfo,
  noGrad,
  randint,
  randn,
  type Tensor,
} from 'axonode';
import { sgd } from './workload.js';
import { lenetModel } from './workloads.js';

const { values: flags } = parseArgs({
  options: {
    loop: { type: 'string', default: 'train,keep,infer,forget' },
    steps: { type: 'string', default: '5000' },
  },
});
const steps = Number(flags.steps);
const BATCH = 64;

/** The plain loop of a PyTorch user: no scope, no dispose. */
function trainLoop(kept: number): () => Promise<void> {
  const model = lenetModel();
  const optimizer = sgd(model);
  const input = randn([BATCH, 1, 28, 28]);
  const target = randint(0, 10, [BATCH]);
  const recent: Tensor[] = [];
  return async () => {
    optimizer.zeroGrad();
    const logits = model.forward(input);
    const loss = crossEntropy(logits, target);
    loss.backward();
    optimizer.step();
    if (kept > 0) {
      recent.push(logits.detach());
      if (recent.length > kept) recent.shift();
    }
    await loss.item();
  };
}

/** Inference that never ends, letting go of nothing; without noGrad its graphs are left to the collector. */
function inferLoop(recorded: boolean): () => Promise<void> {
  const model = lenetModel();
  model.eval();
  const input = randn([BATCH, 1, 28, 28]);
  const predict = (): Tensor => model.forward(input).argmax(1);
  return async () => {
    await (recorded ? predict() : noGrad(predict)).data();
  };
}

/**
 * Makes V8 use all of its young generation, as any program of some size has: it grows to 16 MB and more before V8
 * collects it for the first time, which has nothing to do with what the loop holds.
 */
function growYoungGeneration(): void {
  let previous: unknown[] = [];
  for (let i = 0; i < 4e6; i++) previous = [i, previous.length];
}

const LOOPS: Record<string, () => () => Promise<void>> = {
  train: () => trainLoop(0),
  keep: () => trainLoop(5),
  infer: () => inferLoop(false),
  forget: () => inferLoop(true),
};

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

for (const name of flags.loop.split(',')) {
  const make = LOOPS[name];
  if (make === undefined)
    throw new Error(`--loop ${name}: expected ${Object.keys(LOOPS).join(', ')}`);
  manualSeed(0);
  const step = make();
  growYoungGeneration();
  console.log(`\n${name}, ${backendInfo().name} backend\n step     rss MB    live MB  pooled MB`);
  const rss: number[] = [];
  for (let i = 1; i <= steps; i++) {
    await step();
    if (i === 1 || i % Math.max(1, Math.floor(steps / 20)) === 0 || i === 100) {
      const { live, pooled } = memoryInfo();
      const now = process.memoryUsage.rss();
      if (i >= 100) rss.push(now);
      console.log(
        `${String(i).padStart(5)} ${megabytes(now).padStart(10)} ${megabytes(live).padStart(10)} ${megabytes(pooled).padStart(10)}`,
      );
    }
  }
  const [first = Number.NaN] = rss;
  const growth = (Math.max(...rss) / first - 1) * 100;
  console.log(`largest growth after the first hundred steps: ${growth.toFixed(1)} %`);
}
