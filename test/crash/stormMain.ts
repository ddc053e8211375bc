// npm run test:storm -- [--ends 2000] [--node PATH]: no end of a thread or a process, at whatever moment, is a crash
import { parseArgs } from 'node:util';
import { type StormResult, storm } from './storm.js';

const { values } = parseArgs({
  options: {
    ends: { type: 'string', default: '2000' },
    'of-process': { type: 'string', default: '24' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    processes: { type: 'string', default: '1' },
    node: { type: 'string', default: process.execPath },
  },
});

function tell({ ends, processes, crashes }: StormResult): void {
  console.log(`${ends} ends in ${processes} processes, ${crashes.length} crashes`);
}

console.log(`${values.node}, seed ${values.seed}`);
const result = await storm({
  ends: Number(values.ends),
  endsOfProcess: Number(values['of-process']),
  seed: Number(values.seed),
  sideBySide: Number(values.processes),
  node: values.node,
  report: tell,
});
for (const crash of result.crashes) console.log(JSON.stringify(crash, null, 2));
console.log(JSON.stringify(result.programs));
process.exitCode = result.crashes.length === 0 && result.ends > 0 ? 0 : 1;
