import { unobserved } from '../../tape/observe.js';
import { isRecording, runInContext } from '../../tensor/scope.js';

/**
 * Runs the ops that another op is made of: what they make on the way is let go of (what the tape saved stays
 * with the tape), and what is returned goes to the caller.
 */
export function composite<T>(fn: () => T): T {
  return runInContext(isRecording(), fn);
}

/** As {@link composite}, not recorded and not observed: for the inside of an op that has a gradient rule of its own. */
export function unrecorded<T>(fn: () => T): T {
  return unobserved(() => runInContext(false, fn));
}
