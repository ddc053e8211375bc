import { isInt32Array } from 'node:util/types';
import { ShapeError } from '../errors.js';
import { checkTensor } from '../ops/kit/define.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { ImageStack } from './grid.js';

/**
 * The images of a tensor, for {@link imageGrid}.
 * @param images [count, channels, height, width], uint8 or floats from 0 to 1
 */
export async function imagesOf(images: Tensor): Promise<ImageStack> {
  checkTensor(images, 'imagesOf', 'the images');
  const data = await images.data();
  if (images.shape.length !== 4 || isInt32Array(data)) {
    throw new ShapeError(
      `imagesOf: ${images.dtype} ${formatShape(images.shape)}, expected float or uint8 images ` +
        '[count, channels, height, width]',
    );
  }
  return { shape: images.shape, data };
}
