import { formatShape } from '../tensor/shape.js';

/** An option along the spatial axes: one number for all, or one for each. */
export type Sizes = number | readonly number[];

/** `[2, 2]`, or 2 for one axis. */
export function sizesText(sizes: Sizes): string {
  if (typeof sizes === 'number') return String(sizes);
  return sizes.length === 1 ? String(sizes[0]) : formatShape(sizes);
}
