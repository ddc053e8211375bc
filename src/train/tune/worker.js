/**
 * A thread that runs one trial of a search. JavaScript, so that it starts wherever this package runs: compiled, or
 * from its sources.
 */
import { isNativeError } from 'node:util/types';
import { parentPort, workerData } from 'node:worker_threads';

/** @import { Trial, TrialOrder, TrialReport } from './trial.js' */

/** @type {TrialOrder} */
const { url, name, context } = workerData;
const aborter = new AbortController();
parentPort?.on('message', () => aborter.abort());
// A trial that has nothing left to do, and no score, ends its thread.
parentPort?.unref();

/** @param {TrialReport} report */
function tell(report) {
  parentPort?.postMessage(report);
}

async function run() {
  /** @type {Readonly<Record<string, unknown>>} */
  const module = await import(url);
  const found = module[name];
  if (typeof found !== 'function') throw new TypeError(`${url} exports no function ${name}`);
  const trial = /** @type {Trial} */ (found);
  tell({ score: await trial({ ...context, signal: aborter.signal }) });
}

run().catch((/** @type {unknown} */ error) => {
  tell({ error: isNativeError(error) && error.stack ? error.stack : String(error) });
});
