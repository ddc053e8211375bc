/** Images in, pictures out. */
export { type DecodeOptions, decodeImage } from './decode.js';
export { type GridOptions, type ImageStack, imageGrid, renderGrid } from './grid.js';
export { imagesOf } from './imageStack.js';
export { encodePng, type Raster } from './png.js';
export {
  Compose,
  ImageTransform,
  Normalize,
  onImages,
  RandomCrop,
  type RandomCropOptions,
  RandomHorizontalFlip,
  type RandomHorizontalFlipOptions,
  type TransformOptions,
} from './transforms.js';
