export * from './lenet.js';
