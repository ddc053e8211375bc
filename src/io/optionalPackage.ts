import { DependencyError } from '../tensor/errors.js';

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
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND';
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DependencyError(
      isMissing
        ? `${user}: the package ${name} is not installed. Install it with: npm install ${name}`
        : `${user}: the package ${name} cannot be loaded (${reason}). Try: npm install ${name}`,
      { cause },
    );
  }
}
