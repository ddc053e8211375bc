import { activation } from './activation.js';
import type { OpCase } from './case.js';
import { conv } from './conv.js';
import { creation } from './creation.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { loss } from './loss.js';
import { matmul } from './matmul.js';
import { norm } from './norm.js';
import { pool } from './pool.js';
import { random } from './random.js';
import { recurrent } from './recurrent.js';
import { reduce } from './reduce.js';
import { resize } from './resize.js';
import { softmax } from './softmax.js';
import { view } from './view.js';

/** All cases, by the family of ops that they belong to; the fixtures have the same names. */
export const FAMILIES: Readonly<Record<string, readonly OpCase[]>> = {
  elementwise,
  activation,
  creation,
  reduce,
  matmul,
  view,
  random,
  softmax,
  indexing,
  conv,
  pool,
  resize,
  norm,
  recurrent,
  loss,
};
