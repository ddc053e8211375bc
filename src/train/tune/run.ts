import { clearTimeout, setTimeout } from 'node:timers';
import { pathToFileURL, URL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { codeFile } from '../../installed.js';
import type { TrialContext, TrialOrder } from './trial.js';

/** How a trial has ended. */
export type Outcome = { readonly score: number } | { readonly error: string } | 'aborted';

/** How long a trial may go on after an abort. */
const GRACE_MS = 2000;

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
  const isUrl = typeof file !== 'string' || file.startsWith('file:');
  const url = isUrl ? new URL(file) : pathToFileURL(file);
  const workerData: TrialOrder = { url: url.href, name, context };
  return new Promise((resolve) => {
    const worker = new Worker(codeFile('train/tune/worker.js', 'search'), { workerData });
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
