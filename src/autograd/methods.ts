import { Tensor } from '../tensor/tensor.js';
import { type BackwardOptions, backward } from './backward.js';

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** See {@link backward}. */
    backward(options?: BackwardOptions): void;
  }
}

Object.defineProperty(Tensor.prototype, 'backward', {
  value(this: Tensor, options?: BackwardOptions): void {
    backward(this, options);
  },
  configurable: true,
  writable: true,
});
