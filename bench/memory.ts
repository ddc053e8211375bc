// Memory of loops that let go of nothing by hand, beside PyTorch:
// npm run bench:memory -- --loop forget_sync,elementwise_4mb --seconds 10 --curve --torch-python python3
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LOOPS } from './memoryLoops.js';

const { values: flags } = parseArgs({
  options: {
    loop: { type: 'string', default: Object.keys(LOOPS).join(',') },
    seconds: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'native' },
    curve: { type: 'boolean', default: false },
    'torch-python': { type: 'string' },
  },
});

interface Point {
  readonly turns?: number;
  readonly ms?: number;
  readonly rss: number;
  readonly peak: number;
  readonly live?: number;
  readonly pooled?: number;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function run(command: string, args: readonly string[]): Point[] {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Point);
}

function show(name: string, side: string, points: readonly Point[]): void {
  const last = points.at(-1);
  const first = points[0];
  if (last === undefined || first === undefined) throw new Error(`${name}: no figures`);
  if (flags.curve) {
    for (const { turns, rss, live, pooled } of points.slice(0, -1)) {
      const own =
        live === undefined ? '' : `, live ${live.toFixed(0)}, pooled ${pooled?.toFixed(0)}`;
      console.log(`  turn ${turns}: rss ${rss.toFixed(0)} MB${own}`);
    }
  }
  const growth = (last.peak / first.peak - 1) * 100;
  console.log(
    `${name.padEnd(18)} ${side.padEnd(8)} ${last.ms?.toFixed(3).padStart(9)} ms a turn, ` +
      `peak ${last.peak.toFixed(0)} MB, ${growth.toFixed(0)} % above the first twentieth`,
  );
}

for (const name of flags.loop.split(',')) {
  if (LOOPS[name] === undefined) {
    throw new Error(`--loop ${name}: expected ${Object.keys(LOOPS).join(', ')}`);
  }
  const args = ['--import', 'tsx', here('memoryRun.ts'), name, flags.seconds, flags.backend];
  show(name, flags.backend, run(process.execPath, args));
  const python = flags['torch-python'];
  if (python) show(name, 'torch', run(python, [here('memory_torch.py'), name, flags.seconds]));
}
