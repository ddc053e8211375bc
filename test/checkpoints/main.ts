// npm run test:checkpoints -- [--count 100000 --seed 1 --seconds 1200]: no wrong checkpoint is half loaded
import { parseArgs } from 'node:util';
import '../support/setup.js';
import { checkpoints, type Result } from './checkpoints.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
  },
});

const began = performance.now();

function tell({ tried, refused, trained, wrong }: Result): void {
  const seconds = Math.round((performance.now() - began) / 1e3);
  console.log(
    `${tried} wrong checkpoints in ${seconds} s: ${refused} refused with nothing changed, ` +
      `${trained} trained on to the end, ${wrong.length} neither`,
  );
}

const result = await checkpoints({
  count: Number(values.count),
  seed: Number(values.seed),
  seconds: Number(values.seconds),
  report: tell,
});
tell(result);
for (const line of result.wrong.slice(0, 50)) console.log(line);
process.exitCode = result.wrong.length === 0 && result.tried > 0 ? 0 : 1;
