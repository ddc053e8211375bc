import { createHash } from 'node:crypto';
import { parseExact, stringifyExact } from '../../src/io/json.js';
import { layOut, parseSafetensors, type SafetensorsEntry } from '../../src/io/safetensorsFile.js';

// Wrong checkpoints that are whole: what is in them is changed, then lengths and checksum are made to fit.

/** Random numbers, the same for the same seed: mulberry32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** On [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

/** What is in a checkpoint. */
export interface Content {
  state: unknown;
  tensors: Map<string, SafetensorsEntry>;
}

const BEGIN = '{"__metadata__":{"format":"axonode.checkpoint.1","sha256":"';
const CHECKSUM_AT = 8 + BEGIN.length;
const NO_CHECKSUM = '0'.repeat(64);

/** Puts the checksum of a file where it belongs. */
function seal(bytes: Buffer): Buffer {
  if (bytes.length < CHECKSUM_AT + NO_CHECKSUM.length) return bytes;
  bytes.write(NO_CHECKSUM, CHECKSUM_AT);
  bytes.write(createHash('sha256').update(bytes).digest('hex'), CHECKSUM_AT);
  return bytes;
}

function encode(stateText: string, tensors: ReadonlyMap<string, SafetensorsEntry>): Buffer {
  const metadata = {
    format: 'axonode.checkpoint.1',
    sha256: NO_CHECKSUM,
    state: stateText,
  };
  return seal(Buffer.concat(layOut(tensors, metadata)));
}

const NUMBERS: readonly number[] = [
  -1,
  0,
  -0,
  0.5,
  1,
  2,
  7,
  1e9,
  2 ** 31,
  2 ** 52,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const WORDS: readonly string[] = ['', 'x', 'loss', 'Adam', '__proto__', '\u001b[31m', '1', '../x'];

function anything(dice: Dice): unknown {
  const kind = dice.below(10);
  if (kind < 4) return dice.pick(NUMBERS);
  if (kind < 5) return dice.pick(WORDS);
  if (kind < 6) return dice.pick([null, true, false]);
  if (kind < 7) return [];
  if (kind < 8) return {};
  if (kind < 9) return { toString: 1, valueOf: null, length: 2 };
  return Array.from({ length: dice.below(5) }, () => dice.pick(NUMBERS));
}

/** A place in a tree: `holder[key]`. */
interface Place {
  readonly holder: object;
  readonly key: string;
}

function placesIn(tree: unknown): Place[] {
  const places: Place[] = [];
  const visit = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null) return;
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key });
      visit(value);
    }
  };
  visit(tree);
  return places;
}

const get = ({ holder, key }: Place): unknown => Reflect.get(holder, key);

function set({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function remove({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
}

/** Changes something of the state that is no tensor. */
function mutateState(content: Content, dice: Dice): void {
  const places = placesIn(content.state);
  if (places.length === 0) return;
  // Few places are near the root, and they matter most.
  const shallow = placesIn(content.state).filter(({ holder }) => holder === content.state);
  const place = dice.pick(dice.next() < 0.1 && shallow.length > 0 ? shallow : places);
  const value = get(place);
  const way = dice.below(9);
  if (way === 0) remove(place);
  else if (way === 1 && Array.isArray(place.holder)) place.holder.push(structuredClone(value));
  else if (way === 1) set({ ...place, key: dice.pick(WORDS) }, structuredClone(value));
  else if (way === 2 && !Array.isArray(place.holder)) {
    remove(place);
    set({ ...place, key: `${place.key}${dice.pick(['x', '.', '#2'])}` }, value);
  } else if (way === 3) {
    const other = dice.pick(places);
    const there = structuredClone(get(other));
    set(other, structuredClone(value));
    if (places.includes(place)) set(place, there);
  } else if (way === 4) set(place, [structuredClone(value)]);
  else if (way === 5 && typeof value === 'number') {
    set(place, dice.pick([value + 1, value - 1, value * 2, -value, value + 0.5]));
  } else if (way === 6 && typeof value === 'number') set(place, dice.pick(NUMBERS));
  else set(place, anything(dice));
}

function changedData(entry: SafetensorsEntry, dice: Dice): SafetensorsEntry {
  const data = entry.data.slice();
  const at = dice.below(Math.max(1, data.length));
  const value = dice.pick(NUMBERS);
  if (dice.next() < 0.5) data.fill(value);
  else data[at] = value;
  return { ...entry, data };
}

function changedDType(entry: SafetensorsEntry, dice: Dice): SafetensorsEntry {
  const { shape, data } = entry;
  const way = dice.below(4);
  if (way === 0) return { shape, dtype: 'float64', data: Float64Array.from(data) };
  if (way === 1) return { shape, dtype: 'float32', data: Float32Array.from(data) };
  if (way === 2) return { shape, dtype: 'int32', data: Int32Array.from(data) };
  return { shape, dtype: 'uint8', data: Uint8Array.from(data) };
}

function changedShape(entry: SafetensorsEntry, dice: Dice): SafetensorsEntry {
  const { shape, dtype, data } = entry;
  const way = dice.below(4);
  if (way === 0) return { dtype, data, shape: [...shape, 1] };
  if (way === 1) return { dtype, data, shape: [data.length] };
  if (way === 2) return { dtype, data, shape: [...shape].reverse() };
  return { dtype, data: data.slice(0, 1), shape: [] };
}

/** Changes a tensor, or which there are. */
function mutateTensors({ tensors }: Content, dice: Dice): void {
  const names = [...tensors.keys()];
  if (names.length === 0) return;
  const name = dice.pick(names);
  const entry = tensors.get(name);
  if (entry === undefined) return;
  const way = dice.below(8);
  if (way === 0) tensors.delete(name);
  else if (way === 1) tensors.set(`${name}${dice.pick(['x', '.x', '#2'])}`, entry);
  else if (way === 2) {
    tensors.delete(name);
    tensors.set(name.replace(/^[^.]*/, dice.pick(['model', 'callback', 'x', ''])), entry);
  } else if (way === 3) {
    const other = dice.pick(names);
    const there = tensors.get(other);
    if (there !== undefined) tensors.set(name, there);
    tensors.set(other, entry);
  } else if (way === 4) tensors.set(name, changedDType(entry, dice));
  else if (way === 5) tensors.set(name, changedShape(entry, dice));
  else tensors.set(name, changedData(entry, dice));
}

/** Changes the text of the state: names given twice, numbers that JSON has no words for. */
function mutateText(text: string, dice: Dice): string {
  const names = [...text.matchAll(/"[A-Za-z]+":/g)];
  const at = dice.pick(names);
  const value = dice.pick(['-1', '1e400', '[]', '{"$number":"abc"}', '{"$number":"NaN"}', '"2"']);
  return `${text.slice(0, at.index)}${at[0]}${value},${text.slice(at.index)}`;
}

/** Changes bytes anywhere; the checksum is made to fit more often than not. */
function mutateBytes(good: Buffer, dice: Dice): Buffer {
  const at = dice.below(good.length);
  const way = dice.below(4);
  let bad = Buffer.from(good);
  if (way === 0) bad = bad.subarray(0, at);
  else if (way === 1) bad = Buffer.concat([bad.subarray(0, at), bad.subarray(at + dice.below(9))]);
  else {
    for (let i = dice.below(8); i >= 0; i--) {
      const place = dice.next() < 0.5 ? dice.below(good.length) : at;
      bad[place] = dice.next() < 0.5 ? dice.below(256) : (bad[place] ?? 0) ^ (1 << dice.below(8));
    }
  }
  return dice.next() < 0.8 ? seal(bad) : bad;
}

/** A checkpoint in which something was changed on purpose. */
export function rewritten(good: Buffer, change: (content: Content) => void): Buffer {
  const { entries, metadata } = parseSafetensors(good, { float64: 'float64' });
  const content: Content = { state: parseExact(metadata.get('state') ?? ''), tensors: entries };
  change(content);
  return encode(stringifyExact(content.state as object), content.tensors);
}

/** A checkpoint with something wrong in it. */
export function mutated(good: Buffer, dice: Dice): Buffer {
  if (dice.next() < 0.15) return mutateBytes(good, dice);
  const { entries, metadata } = parseSafetensors(good, { float64: 'float64' });
  const text = metadata.get('state') ?? '';
  const content: Content = { state: parseExact(text), tensors: entries };
  const count = 1 + (dice.next() < 0.3 ? dice.below(3) : 0);
  for (let i = 0; i < count; i++) {
    if (dice.next() < 0.7) mutateState(content, dice);
    else mutateTensors(content, dice);
  }
  const state = stringifyExact(content.state as object);
  return encode(dice.next() < 0.05 ? mutateText(text, dice) : state, content.tensors);
}
