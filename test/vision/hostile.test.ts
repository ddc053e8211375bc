import { expect, it } from 'vitest';
import { encodePng, imageGrid, renderGrid } from '../../src/vision/index.js';
import { HOSTILE_TEXTS, HOSTILE_VALUES } from '../support/hostile.js';
import { outputOf, pathsOf, replaced } from '../support/inert.js';

const STACK = [
  { shape: [1, 1, 2, 2], data: Uint8Array.of(1, 2, 3, 4) },
  { columns: 1, padding: 1, scale: 1, labels: ['a'] },
] as const;
const RASTER = [{ width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 2) }] as const;

it.each([
  ['imageGrid', STACK, imageGrid],
  ['renderGrid', STACK, renderGrid],
  ['encodePng', RASTER, encodePng],
])('%s draws, or says in an error of ours what it cannot', (_, args, draw) => {
  expect(outputOf(() => Reflect.apply(draw, undefined, args))).not.toBeNull();
  for (const path of pathsOf(args).filter(({ length }) => length > 0)) {
    for (const value of [...HOSTILE_VALUES, ...HOSTILE_TEXTS, 100_000]) {
      const changed = replaced(args, path, value);
      outputOf(() => Reflect.apply(draw as never, undefined, changed as unknown[]));
    }
  }
});
