import { DataError, DependencyError } from '../errors.js';
import { requireFrom, resolvePackage } from '../installed.js';
import { isError } from '../realm.js';
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
    // Not for bundlers to look for.
    return await import(
      /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name
    );
  } catch (cause) {
    // A vm context, as Jest's, may know no import(); and the program may be a bundle, away from its packages.
    try {
      const path = resolvePackage(name);
      return { default: requireFrom(path)(path) };
    } catch {
      throw unavailable(name, user, cause);
    }
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
  resolve: (path: string) => string = resolvePackage,
): Promise<string> {
  try {
    return await readTextFile(resolve(`${name}/${file}`), DataError);
  } catch (cause) {
    throw unavailable(name, user, cause);
  }
}

function unavailable(name: string, user: string, cause: unknown): DependencyError {
  const code = isError(cause) && 'code' in cause ? cause.code : undefined;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  const reason = isError(cause) ? cause.message : String(cause);
  return new DependencyError(
    isMissing
      ? `${user}: the package ${name} is not installed. Install it with: npm install ${name}`
      : `${user}: the package ${name} cannot be loaded (${reason}). Try: npm install ${name}`,
    { cause },
  );
}
