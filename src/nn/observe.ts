import { checkFunction } from '../arguments.js';
import { watchForward } from './forward.js';
import { Module } from './module.js';

/**
 * Is told of every forward that ends well, inner ones first, while its tensors are alive: keep() or detach()
 * what has to outlive it.
 */
export type ForwardObserver = (module: Module, inputs: readonly unknown[], output: unknown) => void;

/** Lets `seen` observe every module's forward while `fn`, which is synchronous, runs; returns what it returns. */
export function observeForward<T>(seen: ForwardObserver, fn: () => T): T {
  checkFunction('observeForward', 'seen', seen);
  checkFunction('observeForward', 'fn', fn);
  return watchForward((module, inputs, output) => {
    if (module instanceof Module) seen(module, inputs, output);
  }, fn);
}
