// Losses, clipping and optimiser steps.
import { copied, f32, i32, numbers, orNull, size, small } from '../arguments.mjs';

/** States and numbers for each tensor, and scalars, of each rule. */
const updateRules = [
  ...[
    [0, 0, 1],
    [1, 2, 1],
    [1, 2, 2],
    [1, 1, 1],
    [2, 0, 3],
    [1, 0, 3],
    [2, 0, 4],
    [2, 0, 3],
  ],
  ...[
    [3, 0, 4],
    [2, 3, 2],
    [3, 3, 2],
    [2, 3, 3],
    [2, 1, 3],
    [1, 0, 3],
    [0, 0, 1],
  ],
];

function optimizerLists(random) {
  const sizes = Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 40));
  return {
    sizes: copied(Int32Array.from(sizes)),
    list: () => ({ list: sizes }),
    count: sizes.length,
  };
}

export const trainingCalls = {
  crossEntropy: (r) => {
    const [rows, classes] = [small(r), small(r)];
    const n = rows * classes;
    const arrays = [f32(rows), f32(rows), f32(n), f32(n), i32(rows, classes)];
    const weight = orNull(r, f32(classes));
    return [...arrays, weight, ...numbers(rows, classes, -100, r.pick([0, 0.1]))];
  },
  crossEntropyGrad: (r) => {
    const [rows, classes] = [small(r), small(r)];
    const n = rows * classes;
    const arrays = [f32(n), f32(rows), f32(n), i32(rows, classes)];
    const weight = orNull(r, f32(classes));
    return [...arrays, weight, ...numbers(rows, classes, -100, r.pick([0, 0.1]))];
  },
  bceWithLogits: (r) => {
    const [n, inner] = [size(r), r.integer(1, 9)];
    return [f32(n), f32(n), f32(n), orNull(r, f32(inner)), ...numbers(n, inner)];
  },
  bceWithLogitsGrad: (r) => {
    const [n, inner] = [size(r), r.integer(1, 9)];
    return [f32(n), f32(n), f32(n), f32(n), orNull(r, f32(inner)), ...numbers(n, inner)];
  },
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
  optimizerStep: (r) => {
    const { sizes, list, count } = optimizerLists(r);
    const rule = r.integer(0, updateRules.length - 1);
    const [states, factors, scalars] = updateRules[rule];
    const stateLists = { list: Array.from({ length: states }, () => list().list).flat() };
    const half = (length) => copied(new Float64Array(length).fill(0.5));
    const tail = [half(count * factors), half(4 + scalars), sizes, ...numbers(rule)];
    return [list(), stateLists, list(), ...tail];
  },
  optimizerStepRows: (r) => {
    const [count, inner, limit] = [small(r), small(r), small(r)];
    const rule = r.integer(0, updateRules.length - 1);
    const [states, factors, scalars] = updateRules[rule];
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
    const tail = numbers(count, inner, limit, 0.1, 0.9, 1, r.integer(0, 1), 0.9, r.integer(0, 1));
    return [...arrays, i32(count, limit), ...tail];
  },
};
