import { StepError } from './run.mjs';

/** Throws unless Node.js is new enough; as src/node.ts, for code that runs before that is compiled. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new StepError(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
}
