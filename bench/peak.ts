// Peak memory of one workload in a process of its own, in MB: tsx bench/peak.ts WORKLOAD BACKEND
import { existsSync, readFileSync } from 'node:fs';
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
// A process inherits the largest size of the one that started it as its maxRSS; Linux has its own in VmHWM.
const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
console.log(kilobytes / 1024);
