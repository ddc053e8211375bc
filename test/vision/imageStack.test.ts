import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { tensor } from '../../src/ops/creation.js';
import { imagesOf } from '../../src/vision/imageStack.js';

describe('imagesOf', () => {
  it('takes the images of a tensor', async () => {
    const data = Float32Array.of(0, 0.5, 1, 0.25);
    const images = await imagesOf(tensor(data, { shape: [2, 1, 1, 2] }));
    expect(images).toEqual({ shape: [2, 1, 1, 2], data });
  });

  it('refuses what is no stack of images', async () => {
    await expect(imagesOf(tensor([1, 2]))).rejects.toThrow(ShapeError);
    const integers = tensor(Int32Array.of(1), { shape: [1, 1, 1, 1] });
    await expect(imagesOf(integers)).rejects.toThrow(
      /int32 \[1, 1, 1, 1\], expected float or uint8/,
    );
  });
});
