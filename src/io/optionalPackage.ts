import { createRequire } from 'node:module';
import { DataError, DependencyError } from '../errors.js';
import { readTextFile } from './regularFile.js';

/**
 * Loads an optional peer dependency at its first use.
 *
 * @param name of the package; a variable, so that nothing is looked up before
 * @param user what wants it, for messages
 * @returns the module, to be looked at before use
 * @throws DependencyError that says how to install it
 */
export async function importOptional(name: string, user: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (cause) {
    throw unavailable(name, user, cause);
  }
}

/**
 * Reads a file of an optional peer dependency as text.
 *
 * @param file within the package, such as `dist/it.min.js`
 * @param resolve finds the path of `name/file`; default: as `require` does
 * @throws DependencyError that says how to install it
 */
export async function readOptional(
  name: string,
  file: string,
  user: string,
  resolve: (path: string) => string = createRequire(import.meta.url).resolve,
): Promise<string> {
  try {
    return await readTextFile(resolve(`${name}/${file}`), DataError);
  } catch (cause) {
    throw unavailable(name, user, cause);
  }
}

function unavailable(name: string, user: string, cause: unknown): DependencyError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DependencyError(
    isMissing
      ? `${user}: the package ${name} is not installed. Install it with: npm install ${name}`
      : `${user}: the package ${name} cannot be loaded (${reason}). Try: npm install ${name}`,
    { cause },
  );
}
