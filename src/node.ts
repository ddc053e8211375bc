/** Refuses a Node.js that is too old, before anything else of the package runs. */
import process from 'node:process';
import { DependencyError } from './errors.js';

/** The oldest that is supported, as `engines` of package.json says. */
export const OLDEST_NODE: readonly [number, number] = [20, 19];

/**
 * What is wrong with a version of Node.js; null if nothing is.
 * @param version such as '20.19.0'; undefined in a runtime that is no Node.js
 */
export function tooOld(version: string | undefined): string | null {
  if (version === undefined) return null;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = OLDEST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null;
  return `axonode needs Node.js ${leastMajor}.${leastMinor} or newer, this is Node.js ${version}`;
}

const fault = tooOld(process.versions.node);
if (fault !== null) throw new DependencyError(fault);
