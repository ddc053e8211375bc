// Peak memory of one workload in a process of its own, in MB: tsx bench/peak.ts WORKLOAD BACKEND
import { manualSeed, setBackend } from 'axonode';
import { WORKLOADS } from './workloads.js';

/** After these the pool has all that a steady loop needs. */
const STEPS = 3;

const [name, backend] = process.argv.slice(2);
const workload = WORKLOADS.find((w) => w.name === name);
if (workload === undefined || (backend !== 'native' && backend !== 'ts'))
  throw new Error('usage: tsx bench/peak.ts WORKLOAD native|ts');
await setBackend(backend);
manualSeed(0);
const step = workload.make();
for (let i = 0; i < STEPS; i++) await step();
console.log(process.resourceUsage().maxRSS / 1024);
