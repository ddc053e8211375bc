// A process of the storm: node stormChild.mjs SEED ENDS LAST [PROGRAMS]
// Starts worker_threads and ends them at random moments, ENDS of them, then itself, in the way that LAST says, while
// others compute. Prints how many ended, by program. Nothing that it does may crash.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const [seed, ends, last] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const PROGRAMS = process.argv[5]?.split(',') ?? [
  'products',
  'productsForever',
  'allocations',
  'allocationsThatEnd',
  'training',
  'trainingWithItem',
  'trainingWithItemSync',
  'waits',
  'fit',
  'recurrent',
  'foreignMemory',
  'wrongCalls',
  'everyFunction',
  'synchronize',
  'faults',
  'taken',
  'heap',
  'exit',
  'exitAtOnce',
  'error',
  'rejection',
  'end',
];
/** Worker threads at a time. */
const SIDE_BY_SIDE = 6;
/** Of the time between a worker's start and its program's. */
const IMPORT_MILLISECONDS = 600;

let state = seed * 2654435761 + 1;
function random() {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
  const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}

const counts = {};

function start(program) {
  const worker = new Worker(new URL('./stormWorker.mjs', import.meta.url), {
    workerData: { program, milliseconds: random() * 60 },
    resourceLimits: program === 'heap' ? { maxOldGenerationSizeMb: 60 } : {},
    stderr: true,
  });
  const wrong = [];
  worker.on('error', (error) => {
    const meant = error?.message === 'on purpose' || error?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    if (!meant) wrong.push(error);
  });
  const ready = new Promise((resolve) => {
    worker.once('message', resolve);
    worker.once('exit', resolve);
  });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  return { worker, ready, ended, wrong };
}

/** Runs a program in a worker, and ends it, if it does not end by itself before. */
async function live(program) {
  const { worker, ready, ended, wrong } = start(program);
  if (random() < 0.25) {
    await Promise.race([sleep(random() * IMPORT_MILLISECONDS), ended]);
  } else {
    await ready;
    // Most crashes come early, some only when the queue is full.
    await Promise.race([sleep(random() ** 2 * 250), ended]);
  }
  await worker.terminate();
  await ended;
  if (wrong.length > 0) throw wrong[0];
  counts[program] = (counts[program] ?? 0) + 1;
}

let left = ends;
let next = Math.floor(random() * PROGRAMS.length);
async function lane() {
  while (left > 0) {
    left--;
    await live(PROGRAMS[next++ % PROGRAMS.length]);
  }
}
await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, ends) }, lane));

// The others go on computing while the process ends, and so does its own thread.
const others = ['productsForever', 'trainingWithItem', 'waits'].map(start);
if (random() < 0.7) await Promise.all(others.map(({ ready }) => ready));
else await sleep(random() * IMPORT_MILLISECONDS);
const { matmul, randn } = await import('../../dist/index.js');
const x = randn([256, 256]).keep();
for (let i = 0; i < 300 * random(); i++) matmul(x, x);
process.stdout.write(`${JSON.stringify(counts)}\n`);
switch (last) {
  case 'exit':
    process.exit(7);
    break;
  case 'exitInHandler':
    process.on('exit', () => {
      for (let i = 0; i < 20; i++) matmul(x, x);
      process.exit(7);
    });
    process.exit(0);
    break;
  case 'error':
    setTimeout(() => {
      throw new Error('on purpose');
    }, random() * 20);
    break;
  case 'rejection':
    void Promise.reject(new Error('on purpose'));
    break;
  default:
    for (const { worker } of others) worker.unref();
}
