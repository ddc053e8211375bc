/**
 * The greatest of some numbers, NaN if one is, and at least `least`. `Math.max(...values)` overflows the stack where there
 * are more than about 100,000.
 */
export function greatest(values: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let found = least;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** The least of some numbers, NaN if one is; see {@link greatest}. */
export function smallest(values: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let found = most;
  for (const value of values) found = Math.min(found, value);
  return found;
}
