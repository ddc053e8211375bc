// One loop in a process of its own, as lines of JSON: tsx bench/memoryRun.ts LOOP SECONDS BACKEND
import { readFileSync } from 'node:fs';
import { manualSeed, memoryInfo, setBackend, synchronizeSync } from 'axonode';
import { LOOPS } from './memoryLoops.js';

const POINTS = 20;
const WARM_UP = 30;

/** Now, and at most so far, in MB; Linux only knows the second. */
function resident(): { rss: number; peak: number } {
  const read = (name: string): number => {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) / 1024;
  };
  return { rss: read('VmRSS'), peak: read('VmHWM') };
}

const [name = '', seconds = '', backend = ''] = process.argv.slice(2);
const make = LOOPS[name];
if (make === undefined || (backend !== 'native' && backend !== 'ts'))
  throw new Error('usage: tsx bench/memoryRun.ts LOOP SECONDS native|ts');
setBackend(backend);
manualSeed(0);
const turn = make();
for (let i = 0; i < WARM_UP; i++) await turn();
synchronizeSync();
const start = performance.now();
let turns = 0;
for (let point = 1; point <= POINTS; point++) {
  const end = start + (Number(seconds) * 1e3 * point) / POINTS;
  // Only what the loop awaits itself gives the event loop a turn.
  do {
    const awaited = turn();
    if (awaited !== undefined) await awaited;
    turns++;
  } while (performance.now() < end);
  const { live, pooled } = memoryInfo();
  console.log(
    JSON.stringify({ turns, ...resident(), live: live / 2 ** 20, pooled: pooled / 2 ** 20 }),
  );
}
synchronizeSync();
console.log(JSON.stringify({ ms: (performance.now() - start) / turns, ...resident() }));
