import { clearTimeout, setTimeout } from 'node:timers';
import { pathToFileURL, URL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { codeFile } from '../../installed.js';
import type { Stop } from './stop.js';
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

/**
 * Runs a trial in a thread of its own. Never rejects: whatever happens in there is an outcome.
 * @throws DependencyError if the program of that thread is not there
 */
export function runTrial(
  trial: { readonly file: URL | string; readonly name: string },
  context: Omit<TrialContext, 'signal'>,
  stop: Stop,
): Promise<Outcome> {
  const { file, name } = trial;
  const isUrl = typeof file !== 'string' || file.startsWith('file:');
  const url = isUrl ? new URL(file) : pathToFileURL(file);
  const workerData: TrialOrder = { url: url.href, name, context };
  const program = codeFile('train/tune/worker.js', 'search');
  return new Promise((resolve) => {
    const worker = new Worker(program, { workerData });
    let outcome: Outcome | undefined;
    let grace: NodeJS.Timeout | undefined;
    const abort = (): void => {
      worker.postMessage('abort');
      grace = setTimeout(() => void worker.terminate(), GRACE_MS);
    };
    const unlisten = stop.listen(abort);
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
      unlisten();
      // What an aborted trial says is no result.
      if (stop.isSet) resolve('aborted');
      else resolve(outcome ?? { error: `the trial ended its thread with exit code ${code}` });
    });
  });
}
