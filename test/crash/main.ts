// npm run test:crash -- [--kills 200]: no run is lost to a crash, whenever it comes
import { parseArgs } from 'node:util';
import { type CrashResult, crash } from './crash.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    epochs: { type: 'string', default: '40' },
    lives: { type: 'string', default: '20' },
  },
});

function tell({ kills, killsWhileWriting, runs, wrong }: CrashResult): void {
  console.log(
    `${kills} kills (${killsWhileWriting} while a checkpoint was being written), ${runs} runs: ` +
      `${runs - wrong} ended with the weights of the uninterrupted run, bit for bit, ${wrong} did not`,
  );
}

const result = await crash({
  kills: Number(values.kills),
  epochs: Number(values.epochs),
  lives: Number(values.lives),
  report: tell,
});
process.exitCode = result.wrong === 0 && result.runs > 0 ? 0 : 1;
