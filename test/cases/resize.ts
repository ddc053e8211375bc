import * as ops from '../../src/ops/index.js';
import type { OpCase } from './case.js';

const { reflectionPad2d, interpolate } = ops;

function interpolated(name: string, ...options: ops.InterpolateOptions[]): OpCase {
  return { name, ops: ['interpolate'], fn: (x) => options.map((given) => interpolate(x, given)) };
}

const bilinear = { mode: 'bilinear' } as const;
const corners = { mode: 'bilinear', alignCorners: true } as const;

const IMAGE_TARGETS: readonly ops.InterpolateOptions[] = [
  { scaleFactor: 2 },
  { size: [5, 7] },
  { size: [2, 3] },
  { scaleFactor: [1.5, 2.7] },
  { size: 1 },
];
const SEQUENCE_TARGETS: readonly ops.InterpolateOptions[] = [
  { scaleFactor: 2 },
  { size: 13 },
  { size: [3] },
  { scaleFactor: 1.7 },
  { scaleFactor: [0.6] },
  { size: 1 },
];

function each(
  targets: readonly ops.InterpolateOptions[],
  options: ops.InterpolateOptions,
): ops.InterpolateOptions[] {
  return targets.map((target) => ({ ...target, ...options }));
}

export const resize: readonly OpCase[] = [
  interpolated(
    'interpolate nearest',
    { scaleFactor: 2 },
    { size: [5, 7] },
    { size: [2, 3] },
    { scaleFactor: [1.5, 2.7] },
  ),
  interpolated(
    'interpolate bilinear',
    { ...bilinear, scaleFactor: 2 },
    { ...bilinear, size: [5, 7] },
    { ...bilinear, size: [2, 3] },
    { ...bilinear, scaleFactor: [1.5, 2.7] },
    { ...bilinear, size: 1 },
  ),
  interpolated(
    'interpolate bilinear with aligned corners',
    { ...corners, scaleFactor: 2 },
    { ...corners, size: [5, 1] },
    { ...corners, size: [2, 3] },
  ),
  interpolated(
    'interpolate of one pixel',
    { size: 3 },
    { ...bilinear, size: [2, 3] },
    { ...corners, size: 2 },
  ),
  interpolated(
    'interpolate by recomputed factors',
    { recomputeScaleFactor: true, scaleFactor: [1.5, 2.7] },
    { ...bilinear, recomputeScaleFactor: true, scaleFactor: [1.5, 2.7] },
    { ...corners, recomputeScaleFactor: true, scaleFactor: [1.5, 2.7] },
  ),
  interpolated('interpolate of many channels', { ...bilinear, scaleFactor: 2 }),
  interpolated('interpolate of NaN', { scaleFactor: 2 }),
  interpolated('interpolate of no images', { scaleFactor: 2 }),
  interpolated('interpolate nearest-exact', ...each(IMAGE_TARGETS, { mode: 'nearest-exact' })),
  interpolated('interpolate bicubic', ...each(IMAGE_TARGETS, { mode: 'bicubic' })),
  interpolated(
    'interpolate bicubic with aligned corners',
    ...each(IMAGE_TARGETS, { mode: 'bicubic', alignCorners: true }),
  ),
  {
    name: 'interpolate bicubic of few pixels',
    ops: ['interpolate'],
    fn: (x, y) => [
      interpolate(x, { mode: 'bicubic', size: [3, 2] }),
      ...each(IMAGE_TARGETS.slice(0, 3), { mode: 'bicubic', alignCorners: true }).map((options) =>
        interpolate(y, options),
      ),
    ],
  },
  interpolated(
    'interpolate bicubic, smaller',
    { mode: 'bicubic', size: [3, 2] },
    { mode: 'bicubic', scaleFactor: 0.4 },
  ),
  interpolated('interpolate bicubic by recomputed factors', {
    mode: 'bicubic',
    scaleFactor: [1.5, 2.7],
    recomputeScaleFactor: true,
  }),
  interpolated(
    'interpolate sequences',
    ...(['nearest', 'nearest-exact', 'linear'] as const).flatMap((mode) =>
      each(SEQUENCE_TARGETS, { mode }),
    ),
  ),
  interpolated(
    'interpolate sequences with aligned ends',
    ...each(SEQUENCE_TARGETS, { mode: 'linear', alignCorners: true }),
  ),
  {
    name: 'interpolate by areas',
    ops: ['interpolate'],
    fn: (x, y) => [
      ...IMAGE_TARGETS.map((target) => interpolate(x, { ...target, mode: 'area' })),
      ...SEQUENCE_TARGETS.map((target) => interpolate(y, { ...target, mode: 'area' })),
    ],
  },
  {
    name: 'reflectionPad2d',
    ops: ['reflectionPad2d'],
    fn: (x) => [
      reflectionPad2d(x, 1),
      reflectionPad2d(x, [
        [2, 1],
        [3, 0],
      ]),
      reflectionPad2d(x, 0),
    ],
  },
  {
    name: 'reflectionPad2d without a batch axis',
    ops: ['reflectionPad2d'],
    fn: (x) =>
      reflectionPad2d(x, [
        [2, 1],
        [3, 0],
      ]),
  },
];
