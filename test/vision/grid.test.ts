import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { imageGrid, renderGrid } from '../../src/vision/grid.js';
import type { Raster } from '../../src/vision/png.js';

const BACKGROUND = [24, 26, 32];
const TEXT = [235, 235, 235];

function pixel({ data, width }: Raster, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

describe('imageGrid', () => {
  it('lays images out in rows, scaled, with padding', () => {
    const shape = [3, 1, 1, 2];
    const picture = renderGrid(
      { shape, data: Uint8Array.of(10, 20, 30, 40, 50, 60) },
      { columns: 2, padding: 1, scale: 2 },
    );
    expect([picture.width, picture.height]).toEqual([2 * 5 + 1, 2 * 3 + 1]);
    expect(pixel(picture, 0, 0)).toEqual(BACKGROUND);
    expect(pixel(picture, 1, 1)).toEqual([10, 10, 10]);
    expect(pixel(picture, 2, 2)).toEqual([10, 10, 10]);
    expect(pixel(picture, 3, 1)).toEqual([20, 20, 20]);
    expect(pixel(picture, 5, 1)).toEqual(BACKGROUND);
    expect(pixel(picture, 6, 1)).toEqual([30, 30, 30]);
    expect(pixel(picture, 1, 4)).toEqual([50, 50, 50]);
    expect(pixel(picture, 6, 4)).toEqual(BACKGROUND);
  });

  it('shows colour, and clips floats to 0 to 1', () => {
    const data = Float32Array.of(0.5, 2, -1);
    const picture = renderGrid({ shape: [1, 3, 1, 1], data }, { padding: 0, scale: 1 });
    expect(pixel(picture, 0, 0)).toEqual([128, 255, 0]);
  });

  it('writes labels under the images, in the middle, and cuts what is too long', () => {
    const width = 11;
    const draw = (label: string) =>
      renderGrid(
        { shape: [1, 1, 1, width], data: new Uint8Array(width) },
        { padding: 0, scale: 1, labels: [label] },
      );
    const rows = (picture: Raster) =>
      Array.from({ length: 7 }, (_, y) =>
        Array.from({ length: width }, (_, x) =>
          pixel(picture, x, 3 + y)[0] === TEXT[0] ? '#' : '.',
        ).join(''),
      );
    expect(rows(draw('1'))).toEqual([
      '.....#.....',
      '....##.....',
      '.....#.....',
      '.....#.....',
      '.....#.....',
      '.....#.....',
      '....###....',
    ]);
    expect(draw('abc')).toEqual(draw('AB'));
    expect(draw('€')).toEqual(draw('?'));
    expect(rows(draw(' ')).join('')).not.toContain('#');
    expect(draw('').height).toBe(10);
  });

  it('refuses what does not fit together', () => {
    const data = new Uint8Array(4);
    expect(() => imageGrid({ shape: [1, 2, 1, 2], data })).toThrow(ArgumentError);
    expect(() => imageGrid({ shape: [2, 2], data })).toThrow(
      /shape \[2, 2\], expected \[count, 1 or 3/,
    );
    expect(() => imageGrid({ shape: [0, 1, 2, 2], data: new Uint8Array(0) })).toThrow(
      ArgumentError,
    );
    expect(() => imageGrid({ shape: [1, 1, 2, 3], data })).toThrow(/needs 6 values, there are 4/);
    expect(() => imageGrid({ shape: [1, 1, 2, 2], data }, { labels: [] })).toThrow(
      /1 images and 0 labels/,
    );
    expect(() => imageGrid({ shape: [1, 1, 2, 2], data }, { scale: 0 })).toThrow(/scale is 0/);
  });
});
