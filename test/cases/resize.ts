import * as ops from '../../src/ops/index.js';
import type { OpCase } from './case.js';

const { reflectionPad2d, upsample2d } = ops;

function upsampled(name: string, ...options: ops.UpsampleOptions[]): OpCase {
  return { name, ops: ['upsample2d'], fn: (x) => options.map((each) => upsample2d(x, each)) };
}

const bilinear = { mode: 'bilinear' } as const;
const corners = { mode: 'bilinear', alignCorners: true } as const;

export const resize: readonly OpCase[] = [
  upsampled(
    'upsample2d nearest',
    { scaleFactor: 2 },
    { size: [5, 7] },
    { size: [2, 3] },
    { scaleFactor: [1.5, 2.7] },
  ),
  upsampled(
    'upsample2d bilinear',
    { ...bilinear, scaleFactor: 2 },
    { ...bilinear, size: [5, 7] },
    { ...bilinear, size: [2, 3] },
    { ...bilinear, scaleFactor: [1.5, 2.7] },
    { ...bilinear, size: 1 },
  ),
  upsampled(
    'upsample2d bilinear with aligned corners',
    { ...corners, scaleFactor: 2 },
    { ...corners, size: [5, 1] },
    { ...corners, size: [2, 3] },
  ),
  upsampled(
    'upsample2d of one pixel',
    { size: 3 },
    { ...bilinear, size: [2, 3] },
    { ...corners, size: 2 },
  ),
  upsampled(
    'upsample2d by recomputed factors',
    { recomputeScaleFactor: true, scaleFactor: [1.5, 2.7] },
    { ...bilinear, recomputeScaleFactor: true, scaleFactor: [1.5, 2.7] },
    { ...corners, recomputeScaleFactor: true, scaleFactor: [1.5, 2.7] },
  ),
  upsampled('upsample2d of many channels', { ...bilinear, scaleFactor: 2 }),
  upsampled('upsample2d of NaN', { scaleFactor: 2 }),
  upsampled('upsample2d of no images', { scaleFactor: 2 }),
  {
    name: 'reflectionPad2d',
    ops: ['reflectionPad2d'],
    fn: (x) => [reflectionPad2d(x, 1), reflectionPad2d(x, [3, 0, 2, 1]), reflectionPad2d(x, 0)],
  },
  {
    name: 'reflectionPad2d without a batch axis',
    ops: ['reflectionPad2d'],
    fn: (x) => reflectionPad2d(x, [3, 0, 2, 1]),
  },
];
