/** Files of weights, and how files are written. */
export { type AtomicFileOptions, writeFileAtomic } from './atomicFile.js';
export type { Json, JsonObject } from './json.js';
export * from './safetensors.js';
