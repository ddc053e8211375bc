import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { terminalText } from './terminal.mjs';

/** A step that failed, with a message fit to be shown as it is. */
export class StepError extends Error {}

/**
 * Progress goes to stderr, so that what a command prints on stdout stays clean. What a compiler says of file names is
 * shown, not obeyed.
 */
export function say(line) {
  process.stderr.write(`axonode: ${terminalText(line)}\n`);
}

/** The full path of a program, or undefined. */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name);
      if (folder !== '' && existsSync(path)) return path;
    }
  }
  return undefined;
}

/**
 * Runs a command with its output appended to a log file. Throws a StepError with the end of that
 * output when the command fails.
 */
export function runLogged(what, command, args, { cwd, log, env = process.env }) {
  mkdirSync(dirname(log), { recursive: true });
  const start = existsSync(log) ? readFileSync(log).length : 0;
  const fd = openSync(log, 'a');
  let result;
  try {
    writeSync(fd, `$ ${[command, ...args].join(' ')}\n`);
    const shell = process.platform === 'win32';
    result = spawnSync(command, args, { cwd, env, shell, stdio: ['ignore', fd, fd] });
  } finally {
    closeSync(fd);
  }
  if (result.status === 0) return;
  const reason = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : undefined);
  const output = readFileSync(log).subarray(start).toString('utf8').trimEnd().split('\n');
  // The cause is mostly at the end, but npm tells it first.
  const shown =
    output.length <= 40 ? output : [...output.slice(0, 10), '...', ...output.slice(-30)];
  const lines = [`${what} failed${reason ? `: ${reason}` : ''}`, ...shown, `whole log: ${log}`];
  throw new StepError(lines.join('\n'));
}

/** Runs main, printing a StepError as a plain message; any other error keeps its stack. */
export function runMain(main) {
  try {
    process.exitCode = main() ?? 0;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
