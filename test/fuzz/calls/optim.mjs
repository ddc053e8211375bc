// Clipping and optimiser steps.
import { copied, f32, flag, i32, numbers, small } from '../arguments.mjs';

function optimizerLists(random) {
  const sizes = Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 40));
  return {
    sizes: copied(Int32Array.from(sizes)),
    list: () => ({ list: sizes }),
    count: sizes.length,
  };
}

export const optimCalls = {
  gradNorms: (r) => {
    const { sizes, list, count } = optimizerLists(r);
    return [f32(1), f32(count), list(), sizes, ...numbers(r.pick([1, 2, 3, Infinity]))];
  },
  clipGradNorm: (r) => {
    const { sizes, list } = optimizerLists(r);
    return [list(), f32(1), sizes, ...numbers(0.5)];
  },
  clipGradValue: (r) => {
    const { sizes, list } = optimizerLists(r);
    return [list(), sizes, ...numbers(0.5)];
  },
  optimizerStep: (r, addon) => {
    const { sizes, list, count } = optimizerLists(r);
    const rule = r.integer(0, addon.ruleShapes.length - 1);
    const { states, factors, scalars } = addon.ruleShapes[rule];
    const stateLists = { list: Array.from({ length: states }, () => list().list).flat() };
    const half = (length) => copied(new Float64Array(length).fill(0.5));
    const tail = [half(count * factors), half(4 + scalars), sizes, ...numbers(rule)];
    return [list(), stateLists, list(), ...tail];
  },
  optimizerStepRows: (r, addon) => {
    const [count, inner, limit] = [small(r), small(r), small(r)];
    const rule = r.integer(0, addon.ruleShapes.length - 1);
    const { states, factors, scalars } = addon.ruleShapes[rule];
    const half = (length) => copied(new Float64Array(length).fill(0.5));
    const lists = { list: new Array(states).fill(limit * inner) };
    const arrays = [f32(limit * inner), lists, f32(count * inner), i32(count, limit)];
    const tail = [half(factors), half(4 + scalars), ...numbers(count, inner, limit, rule)];
    return [...arrays, ...tail];
  },
  momentumStepRows: (r) => {
    const [count, inner, limit] = [small(r), small(r), small(r)];
    const seen = i32(1 + 2 * limit, r.pick([limit, undefined]));
    const arrays = [f32(limit * inner), f32(limit * inner), seen, f32(count * inner)];
    const step = copied(Float64Array.of(0.1, 0.9, 1, r.integer(0, 1), 0.9));
    return [...arrays, i32(count, limit), ...numbers(count, inner, limit), step, flag(r)];
  },
};
