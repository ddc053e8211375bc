/**
 * Gives classes their names back. Bundlers rename (`_SGD`, `Mean2`, or `a` from a minifier), but names are part of
 * checkpoints, where they say of which optimiser, schedule or callback a state is, and of messages. Names of exports
 * survive.
 */
import * as data from './data/index.js';
import * as errors from './errors.js';
import * as io from './io/index.js';
import * as models from './models/index.js';
import * as nn from './nn/index.js';
import * as optim from './optim/index.js';
import { Tensor } from './tensor/tensor.js';
import * as train from './train/index.js';
import * as tune from './train/tune/index.js';
import * as vision from './vision/index.js';

for (const room of [errors, { Tensor }, nn, optim, data, io, models, vision, train, tune]) {
  for (const [name, value] of Object.entries<unknown>(room)) {
    // Functions of this library begin with small letters.
    if (typeof value !== 'function' || !/^[A-Z]/.test(name) || value.name === name) continue;
    Object.defineProperty(value, 'name', { value: name, configurable: true });
  }
}
