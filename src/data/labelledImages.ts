/** The part of a data set that is learnt from, or the one that is kept to judge the result. */
export type Split = 'train' | 'test';

export const SPLITS: readonly Split[] = ['train', 'test'];

/** Images of one size with a class each, on the host. */
export interface LabelledImages {
  /** [count, channels, rows, cols], row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** [count]. */
  readonly labels: Uint8Array | Int32Array;
  readonly count: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: number;
  readonly rows: number;
  readonly cols: number;
  /** Names of the classes, where they are known. */
  readonly classes?: readonly string[];
}
