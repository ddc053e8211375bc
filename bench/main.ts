// Benchmarks: npm run bench -- --workload mlp,lenet --backend native,ts --json
import { parseArgs } from 'node:util';
import { type BackendName, backendInfo, manualSeed, setBackend, setNumThreads } from 'axonode';
import { formatTable, type Measurement, measure } from './measure.js';
import { backendPeak, blasPeer, limitPeer, type Peer, torchPeak, torchPeer } from './peer.js';
import type { Workload } from './workload.js';
import { WORKLOADS } from './workloads.js';

const USAGE = `usage: npm run bench -- [options]
  --workload a,b       of: ${WORKLOADS.map((w) => w.name).join(' ')} (default: all)
  --backend native,ts  what to run (default: native,ts)
  --json               a JSON line per workload and backend instead of a table
  --threads N          threads of the native backend and of PyTorch (default: those of the machine)
  --torch-python PATH  Python with torch, for the PyTorch column (default: python3, if it has torch)
  --rounds N           turns that each side takes; the median counts (default: 7)
  --memory             peak memory, too, each side in a process of its own`;

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

const { values: flags } = parseArgs({
  options: {
    workload: { type: 'string' },
    backend: { type: 'string', default: 'native,ts' },
    json: { type: 'boolean', default: false },
    threads: { type: 'string' },
    'torch-python': { type: 'string' },
    rounds: { type: 'string', default: '7' },
    memory: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(USAGE);
  process.exit(0);
}

const names = flags.workload?.split(',') ?? WORKLOADS.map((w) => w.name);
const workloads = names.map(
  (name) => WORKLOADS.find((w) => w.name === name) ?? fail(`unknown workload ${name}`),
);
const backends = flags.backend.split(',').map((name): BackendName => {
  if (name === 'native' || name === 'ts') return name;
  return fail(`unknown backend ${name}`);
});
const rounds = Number(flags.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  fail(`--rounds ${flags.rounds}: expected an integer ≥ 1`);

if (backends.includes('native')) await setBackend('native');
if (flags.threads !== undefined) {
  const threads = Number(flags.threads);
  if (!Number.isInteger(threads) || threads < 1)
    fail(`--threads ${flags.threads}: expected an integer ≥ 1`);
  setNumThreads(threads);
}
const threads = backendInfo().threads;

const python = flags['torch-python'] ?? 'python3';
const torch = flags.json && flags['torch-python'] === undefined ? null : torchPeer(python, threads);
if (flags['torch-python'] !== undefined && torch === null) fail(`${python} cannot import torch`);
// What the products of a row would take at the machine's limit: the ratio to it is the share that is reached.
const measures = flags.json ? [] : [blasPeer(threads), limitPeer(threads)];
const peers = [torch, ...measures].filter((peer): peer is Peer => peer !== null);

/** Of whole steps; products and convolutions alone have none of interest. */
function peakMemory(workload: Workload, side: string): number | undefined {
  if (workload.flops !== undefined || side === 'blas' || side === 'limit') return undefined;
  const peak =
    side === 'torch'
      ? torchPeak(python, workload.name, threads)
      : backendPeak(side, workload.name, threads);
  return Math.round(peak);
}

const table: Measurement[][] = [];
for (const workload of workloads) {
  manualSeed(0);
  const row: Measurement[] = [];
  table.push(row);
  for (const timed of await measure(workload, backends, peers, rounds, threads)) {
    const peakMB = flags.memory ? peakMemory(workload, timed.backend) : undefined;
    const result = peakMB === undefined ? timed : { ...timed, peakMB };
    row.push(result);
    if (flags.json) console.log(JSON.stringify(result));
  }
}
for (const peer of peers) peer.close();
if (!flags.json)
  console.log(formatTable(table, workloads, [...backends, ...peers.map((peer) => peer.name)]));
