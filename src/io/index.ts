/** Files of weights, and how files are written. */
export { writeFileAtomic } from './atomicFile.js';
export * from './safetensors.js';
