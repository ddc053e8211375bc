import { isMap } from 'node:util/types';
import { checkIterable } from '../arguments.js';
import { ArgumentError, DataError, IndexFaultError, VocabularyError } from '../errors.js';
import { writeFileAtomic } from '../io/atomicFile.js';
import { type StrictJson, strictJsonSteps } from '../io/strictJson.js';
import { runInTurns } from '../io/turns.js';
import { isError } from '../realm.js';
import { loadText } from './text.js';

/** As many code points as Unicode has. */
const MAX_CHARACTERS = 0x110000;
/** A vocabulary of all of Unicode, every character escaped, fits. */
const MAX_FILE_BYTES = 16 * 2 ** 20;
const FORMAT = 'axonode-characters';

/**
 * The characters of a text, numbered: what a character model reads and writes. Characters are Unicode code points,
 * in their order, so that the same text always gives the same numbers.
 *
 * @example
 * const vocabulary = CharVocabulary.of(text);
 * const ids = vocabulary.encode(text); // Int32Array
 * vocabulary.decode(ids) === text;
 */
export class CharVocabulary {
  /** Character i has number i. */
  readonly characters: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  /**
   * @param characters each once, in the order of their numbers
   * @throws ArgumentError if there are none, or one is given twice or is no single code point
   */
  constructor(characters: Iterable<string>) {
    if (typeof characters !== 'string') {
      checkIterable(
        'CharVocabulary',
        'the characters',
        characters,
        'a text or a list of characters',
      );
    }
    const list = [...characters];
    const numbers = new Map<string, number>();
    for (const [i, character] of list.entries()) {
      if (!isCharacter(character)) {
        throw new ArgumentError(
          `CharVocabulary: character ${i} is ${typeof character === 'string' ? JSON.stringify(character) : shown(character)}, expected one character each`,
        );
      }
      if (numbers.has(character)) {
        throw new ArgumentError(`CharVocabulary: ${named(character)} is given twice`);
      }
      numbers.set(character, i);
    }
    if (list.length === 0) throw new ArgumentError('CharVocabulary: there are no characters');
    this.characters = list;
    this.#numbers = numbers;
  }

  /** All characters of some texts. */
  static of(...texts: string[]): CharVocabulary {
    const found = new Set<string>();
    for (const text of texts) for (const character of text) found.add(character);
    const codeOf = (character: string): number => character.codePointAt(0) ?? 0;
    return new CharVocabulary([...found].sort((a, b) => codeOf(a) - codeOf(b)));
  }

  /** How many characters there are: the classes of a model's output. */
  get size(): number {
    return this.characters.length;
  }

  /** True if the vocabulary has this character. */
  has(character: string): boolean {
    return this.#numbers.has(character);
  }

  /**
   * The numbers of a text's characters.
   * @throws VocabularyError that names the first character that is not in the vocabulary, and where it is
   */
  encode(text: string): Int32Array {
    const ids = new Int32Array(text.length);
    let count = 0;
    let position = 0;
    for (const character of text) {
      const id = this.#numbers.get(character);
      if (id === undefined) throw this.#unknown(character, position);
      ids[count++] = id;
      position += character.length;
    }
    return count === ids.length ? ids : ids.slice(0, count);
  }

  #unknown(character: string, position: number): VocabularyError {
    return new VocabularyError(
      `encode: ${named(character)} at position ${position} is not among the ${this.size} characters of the vocabulary`,
      character,
      position,
    );
  }

  /**
   * The text of some numbers.
   * @throws IndexFaultError that names the first number that is none of a character, and where it is
   */
  decode(ids: Iterable<number>): string {
    const pieces: string[] = [];
    for (const id of ids) {
      const character = this.characters[id];
      if (character === undefined) {
        throw new IndexFaultError(
          `decode: ${id} at position ${pieces.length} is no number of a character, expected 0 to ${this.size - 1}`,
        );
      }
      pieces.push(character);
    }
    return pieces.join('');
  }

  /**
   * Saves the vocabulary as a JSON file, whole or not at all.
   * @throws WriteError if it cannot be written
   */
  async save(path: string): Promise<void> {
    const content = { format: FORMAT, characters: this.characters };
    await writeFileAtomic(path, `${JSON.stringify(content)}\n`);
  }

  /**
   * Loads what {@link save} has written.
   * @throws DataError that names the file and what is wrong with it
   */
  static async load(path: string): Promise<CharVocabulary> {
    const text = await loadText(path, { maxBytes: MAX_FILE_BYTES });
    try {
      return fromJson(await runInTurns(strictJsonSteps(text)));
    } catch (cause) {
      const reason = isError(cause) ? cause.message : String(cause);
      throw new DataError(`${path}: ${reason}`, { cause });
    }
  }
}

function fromJson(root: StrictJson): CharVocabulary {
  if (!isMap(root) || root.get('format') !== FORMAT) {
    throw new DataError(`it is no vocabulary: its format is not '${FORMAT}'`);
  }
  const list = root.get('characters');
  if (!Array.isArray(list) || list.length > MAX_CHARACTERS) {
    throw new DataError('it has no list of characters');
  }
  return new CharVocabulary(list.map((item) => (typeof item === 'string' ? item : '')));
}

/** True for one code point, which takes one unit of a string, or two. */
function isCharacter(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 2) return false;
  return [...value].length === 1;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a ${typeof value}`;
}

/** `"é" (U+00E9)` */
function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `${JSON.stringify(character)} (U+${code.toString(16).toUpperCase().padStart(4, '0')})`;
}
