import { ActivationLayer } from '../../src/nn/activationLayer.js';
import * as nn from '../../src/nn/index.js';

/** The names of all activation layers. */
export const ACTIVATIONS: readonly string[] = Object.entries(nn).flatMap(([name, value]) =>
  typeof value === 'function' && value.prototype instanceof ActivationLayer ? [name] : [],
);
