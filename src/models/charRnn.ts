import type { CharVocabulary } from '../data/vocabulary.js';
import { ArgumentError } from '../errors.js';
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  Module,
  type RecurrentForwardOptions,
  type RecurrentModel,
  type RecurrentState,
  RNN,
} from '../nn/index.js';
import { disposeState, mapState } from '../nn/recurrentState.js';
import { tensor } from '../ops/creation.js';
import { checkChoice, checkInteger } from '../ops/kit/options.js';
import { select } from '../ops/slice.js';
import { checkOptions, type OptionNames } from '../options.js';
import { noGrad } from '../tensor/scope.js';
import { dim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { SAMPLING, Sampler, type SamplingOptions } from './sampling.js';

export interface CharRnnOptions {
  /** What the stack is made of. Default: 'lstm'. */
  cell?: 'lstm' | 'gru' | 'rnn';
  /** Of the 'rnn' cell. Default: 'tanh'. */
  nonlinearity?: 'tanh' | 'relu';
  /** Features of a character's embedding. Default: 64. */
  embeddingSize?: number;
  /** Units of a layer. Default: 256. */
  hiddenSize?: number;
  /** Default: 2. */
  numLayers?: number;
  /** Between layers, while training. Default: 0. */
  dropout?: number;
  /** Adds a layer's input to its output, from the second layer on. Default: false. */
  residual?: boolean;
}

export interface GenerateOptions extends SamplingOptions {
  /** What the model reads first; it says what comes next. Default: a line break. */
  prime?: string;
  /** Characters at most. Default: 200; Infinity goes on until it is stopped. */
  length?: number;
  /** Characters any of which ends the text and is no part of it; or what says of the text so far that it is over. */
  stop?: string | ((text: string) => boolean);
}

const NAMES: OptionNames<CharRnnOptions> = {
  cell: true,
  nonlinearity: true,
  embeddingSize: true,
  hiddenSize: true,
  numLayers: true,
  dropout: true,
  residual: true,
};
const GENERATE: OptionNames<GenerateOptions> = {
  prime: true,
  length: true,
  stop: true,
  ...SAMPLING,
};

/** Characters of a long prime that are read at once, so that memory stays bounded. */
const PRIME_CHUNK = 256;

function stackOf(options: CharRnnOptions): LSTM | GRU | RNN {
  const { cell = 'lstm', nonlinearity, embeddingSize = 64, hiddenSize = 256 } = options;
  const { numLayers = 2, dropout = 0, residual = false } = options;
  const common = { numLayers, dropout, residual, batchFirst: true };
  switch (checkChoice(cell, ['lstm', 'gru', 'rnn'], 'cell', 'CharRnn')) {
    case 'lstm':
      return new LSTM(embeddingSize, hiddenSize, common);
    case 'gru':
      return new GRU(embeddingSize, hiddenSize, common);
    case 'rnn':
      return new RNN(embeddingSize, hiddenSize, {
        ...common,
        nonlinearity: nonlinearity ?? 'tanh',
      });
  }
}

/**
 * A character model: an embedding, a stack of recurrent layers, and logits of the next character at each step. State
 * keys are `e.weight`, `r.weight_ih_l0` and so on, `o.weight`, `o.bias`.
 *
 * `forward(x, state)` takes character numbers [batch, steps] and returns logits [batch, steps, characters] and the
 * state, as the recurrent layer has it; see {@link truncatedBptt} for training with the state carried on.
 */
export class CharRnn extends Module {
  /** The embedding. */
  readonly e: Embedding;
  /** The recurrent stack. */
  readonly r: LSTM | GRU | RNN;
  /** The output: logits of the characters. */
  readonly o: Linear;

  /** @param characters how many there are: `vocabulary.size` */
  constructor(characters: number, options: CharRnnOptions = {}) {
    super();
    checkInteger(characters, 'characters', 'CharRnn', 1);
    checkOptions('CharRnn', options, NAMES);
    this.e = new Embedding(characters, options.embeddingSize ?? 64);
    this.r = stackOf(options);
    this.o = new Linear(this.r.outputSize, characters);
  }

  override forward(
    x: Tensor,
    state: RecurrentState | null = null,
    options: RecurrentForwardOptions = {},
  ): [logits: Tensor, state: RecurrentState] {
    const stack: RecurrentModel<RecurrentState, RecurrentForwardOptions> = this.r;
    const [features, last] = stack.forward(this.e.forward(x), state, options);
    return [this.o.forward(features), last];
  }

  /**
   * Goes on with a text, character by character, for ever if asked to: each step waits for its own without blocking
   * the event loop, and memory does not grow. Dropout is off.
   *
   * @throws VocabularyError if the prime has a character that the vocabulary lacks
   * @throws ArgumentError for options out of range, an empty prime, another vocabulary, or a model that has diverged
   */
  async *characters(
    vocabulary: CharVocabulary,
    options: GenerateOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    checkOptions('generate', options, GENERATE);
    const { prime = '\n', length = 200, stop = '', ...sampling } = options;
    if (length !== Number.POSITIVE_INFINITY) checkInteger(length, 'length', 'generate', 0);
    const sampler = new Sampler(sampling);
    const ids = this.#encode(vocabulary, prime);
    let state: RecurrentState | null = null;
    let text = '';
    try {
      for (let start = 0; start < ids.length - 1; start += PRIME_CHUNK) {
        const end = Math.min(start + PRIME_CHUNK, ids.length - 1);
        const [logits, next] = this.#read(ids.subarray(start, end), state);
        logits.dispose();
        state = next;
      }
      let last = ids[ids.length - 1] ?? 0;
      for (let count = 0; count < length; count++) {
        const [logits, next] = this.#read(Int32Array.of(last), state);
        state = next;
        last = sampler.next(await take(logits));
        const character = vocabulary.decode([last]);
        if (typeof stop === 'string' && stop.includes(character)) return;
        yield character;
        if (typeof stop !== 'function') continue;
        text += character;
        if (stop(text)) return;
      }
    } finally {
      disposeState(state);
    }
  }

  /**
   * What the model says after a prime; see {@link characters}.
   * @returns the text without the prime
   *
   * @example
   * await model.generate(vocabulary, { prime: 'ROMEO:', length: 300, temperature: 0.8, topK: 20, seed: 7 });
   */
  async generate(vocabulary: CharVocabulary, options: GenerateOptions = {}): Promise<string> {
    const pieces: string[] = [];
    for await (const character of this.characters(vocabulary, options)) pieces.push(character);
    return pieces.join('');
  }

  #encode(vocabulary: CharVocabulary, prime: string): Int32Array {
    const characters = dim(this.e.weight.shape, 0);
    if (vocabulary.size !== characters) {
      throw new ArgumentError(
        `generate: the vocabulary has ${vocabulary.size} characters, the model ${characters}`,
      );
    }
    const ids = vocabulary.encode(prime);
    if (ids.length === 0) {
      throw new ArgumentError('generate: the prime is empty, expected at least one character');
    }
    return ids;
  }

  /** Logits [characters] after some more characters, and the state in place of the one given. */
  #read(ids: Int32Array, state: RecurrentState | null): [logits: Tensor, state: RecurrentState] {
    const training = this.modules().filter((module) => module.training);
    this.eval();
    try {
      const [logits, next] = noGrad(() => {
        const [all, after] = this.forward(tensor(ids, { shape: [1, ids.length] }), state);
        const last = select(select(all, 0, 0), 0, ids.length - 1);
        return [last.keep(), mapState(after, (part) => part.keep())] as const;
      });
      disposeState(state, next);
      return [logits, next];
    } finally {
      for (const module of training) module.training = true;
    }
  }
}

/** The numbers of a tensor, which is let go of. */
async function take(logits: Tensor): Promise<ArrayLike<number>> {
  try {
    return await logits.data();
  } finally {
    logits.dispose();
  }
}

/** A {@link CharRnn} with fresh weights. */
export function charRnn(characters: number, options: CharRnnOptions = {}): CharRnn {
  return new CharRnn(characters, options);
}
