/** Pictures of what goes on. */
export { type GridOptions, type ImageStack, imageGrid, renderGrid } from './grid.js';
export { imagesOf } from './imageStack.js';
export { encodePng, type Raster } from './png.js';
