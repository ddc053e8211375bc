import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { JsonObject } from '../../io/json.js';

/** What a trial is told. */
export interface TrialContext<P = JsonObject> {
  /** The hyper-parameters to try. */
  readonly params: P;
  /** How much to spend, epochs for example; see the strategies. */
  readonly budget: number;
  /** For manualSeed(): the same whenever this trial runs, another for each trial. */
  readonly seed: number;
  /** Number of the trial, from 0. */
  readonly trial: number;
  /** Aborted when the search is; a trial that goes on is ended a little later. */
  readonly signal: AbortSignal;
}

/** A trial: trains with the hyper-parameters, and returns the score to compare by. */
export type Trial<P = JsonObject> = (context: TrialContext<P>) => number | Promise<number>;

/** How a trial has ended. */
export type Outcome = { readonly score: number } | { readonly error: string } | 'aborted';

/** How long a trial may go on after an abort. */
const GRACE_MS = 2000;

// Text, so that it is there however this package was compiled or bundled. It runs as CommonJS.
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const aborter = new AbortController();
parentPort.on('message', () => aborter.abort());
parentPort.unref();
(async () => {
  const module = await import(workerData.url);
  const trial = module[workerData.name];
  if (typeof trial !== 'function') {
    throw new TypeError(workerData.url + ' exports no function ' + workerData.name);
  }
  const score = await trial({ ...workerData.context, signal: aborter.signal });
  parentPort.postMessage({ score });
})().catch((error) => {
  parentPort.postMessage({ error: String((error && error.stack) || error) });
});
`;

function outcomeOf(message: unknown): Outcome {
  if (typeof message === 'object' && message !== null) {
    if ('error' in message) return { error: String(message.error) };
    if ('score' in message) {
      const { score } = message;
      if (typeof score === 'number' && Number.isFinite(score)) return { score };
      return { error: `the score is ${String(score)}, expected a finite number` };
    }
  }
  return { error: 'the trial sent a message of its own to the search' };
}

/** Runs a trial in a thread of its own. Never rejects: whatever happens in there is an outcome. */
export function runTrial(
  trial: { readonly file: URL | string; readonly name: string },
  context: Omit<TrialContext, 'signal'>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { file, name } = trial;
  const isUrl = file instanceof URL || file.startsWith('file:');
  const url = isUrl ? new URL(file) : pathToFileURL(file);
  const workerData = { url: url.href, name, context };
  return new Promise((resolve) => {
    const worker = new Worker(WORKER, { eval: true, workerData });
    let outcome: Outcome | undefined;
    let grace: NodeJS.Timeout | undefined;
    const abort = (): void => {
      worker.postMessage('abort');
      grace = setTimeout(() => void worker.terminate(), GRACE_MS);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    worker.once('message', (message) => {
      outcome = outcomeOf(message);
      // A handle that a trial has left open shall not hold up the next.
      void worker.terminate();
    });
    worker.once('error', (error) => {
      outcome ??= { error: String(error.stack ?? error) };
    });
    worker.once('exit', (code) => {
      clearTimeout(grace);
      signal.removeEventListener('abort', abort);
      // What an aborted trial says is no result.
      if (signal.aborted) resolve('aborted');
      else resolve(outcome ?? { error: `the trial ended its thread with exit code ${code}` });
    });
  });
}
