import { clearTimeout, setTimeout } from 'node:timers';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { ArgumentError, DataError } from '../../errors.js';
import { codeFile } from '../../installed.js';
import { statOf } from '../../io/folder.js';
import { checkPath, kindOf, reasonOf } from '../../io/path.js';
import { isError } from '../../realm.js';
import type { Stop } from './stop.js';
import type { TrialContext, TrialOrder } from './trial.js';

/** How a trial has ended. */
export type Outcome = { readonly score: number } | { readonly error: string } | 'aborted';

/** How long a trial may go on after an abort. */
const GRACE_MS = 2000;

/** Whatever a trial throws or sends, as text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? inspect(value, { depth: 2 }) : String(value);
}

function outcomeOf(message: unknown): Outcome {
  if (typeof message === 'object' && message !== null) {
    if ('error' in message) return { error: textOf(message.error) };
    if ('score' in message) {
      const { score } = message;
      if (typeof score === 'number' && Number.isFinite(score)) return { score };
      return { error: `the score is ${textOf(score)}, expected a finite number` };
    }
  }
  return { error: 'the trial sent a message of its own to the search' };
}

/** Anything can be thrown. */
function errorText(error: unknown): string {
  return isError(error) && typeof error.stack === 'string' ? error.stack : textOf(error);
}

/**
 * The address of a trial's module.
 * @throws ArgumentError if that is no module that can be read: nothing may wait for a pipe
 */
export async function moduleOf(trial: URL | string): Promise<URL> {
  let url: URL;
  let path: string;
  try {
    if (typeof trial === 'string' && !trial.startsWith('file:')) {
      url = pathToFileURL(checkPath('search: trial', trial));
    } else {
      url = new URL(trial);
    }
    if (url.protocol !== 'file:') return url;
    path = fileURLToPath(url);
  } catch (cause) {
    if (cause instanceof ArgumentError) throw cause;
    throw new ArgumentError(`search: trial is no path or URL of a module: ${reasonOf(cause)}`);
  }
  const there = await statOf(path, DataError).catch(() => null);
  if (there === null || there.isFile()) return url;
  throw new ArgumentError(`search: trial: ${path} is ${kindOf(there)}, expected a module`);
}

/**
 * Runs a trial in a thread of its own. Never rejects: whatever happens in there is an outcome.
 * @throws DependencyError if the program of that thread is not there
 */
export function runTrial(
  trial: { readonly url: URL; readonly name: string },
  context: Omit<TrialContext, 'signal'>,
  stop: Stop,
): Promise<Outcome> {
  const { url, name } = trial;
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
      outcome ??= { error: errorText(error) };
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
