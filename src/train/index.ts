export * from './metrics.js';
export * from './progress.js';
