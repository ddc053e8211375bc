import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadText } from '../../src/data/text.js';
import { CharVocabulary } from '../../src/data/vocabulary.js';
import { ArgumentError, DataError, IndexFaultError, VocabularyError } from '../../src/errors.js';
import { eachInFolder } from '../support/folder.js';

let folder = '';
eachInFolder((path) => {
  folder = path;
});

/** A file of some content. */
async function fileOf(content: string | Uint8Array): Promise<string> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  return path;
}

describe('CharVocabulary', () => {
  it('numbers the characters in the order of their code points', () => {
    const vocabulary = CharVocabulary.of('hello', ' world');
    expect(vocabulary.characters.join('')).toBe(' dehlorw');
    expect(vocabulary.size).toBe(8);
    expect(vocabulary.encode('hold')).toEqual(Int32Array.of(3, 5, 4, 1));
    expect(vocabulary.decode([3, 5, 4, 1])).toBe('hold');
    expect(vocabulary.has('w')).toBe(true);
    expect(vocabulary.has('x')).toBe(false);
  });

  it('gives every text back, astral characters and lone surrogates too', () => {
    const texts = fc.string({
      unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\ud800')),
    });
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(text.length > 0);
        const vocabulary = CharVocabulary.of(text);
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it('names a character that it does not have, and where', () => {
    const vocabulary = CharVocabulary.of('abc😀');
    expect(() => vocabulary.encode('a😀é')).toThrow(VocabularyError);
    expect(() => vocabulary.encode('a😀é')).toThrow(
      'encode: "é" (U+00E9) at position 3 is not among the 4 characters of the vocabulary',
    );
    try {
      vocabulary.encode('ab\n');
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof VocabularyError)) throw error;
      expect([error.code, error.character, error.position]).toEqual(['ERR_VOCABULARY', '\n', 2]);
    }
  });

  it('names a number that is none of a character', () => {
    const vocabulary = CharVocabulary.of('abc');
    for (const id of [3, -1, 0.5, Number.NaN]) {
      expect(() => vocabulary.decode([0, id])).toThrow(IndexFaultError);
      expect(() => vocabulary.decode([0, id])).toThrow(`decode: ${id} at position 1`);
    }
  });

  it('refuses what are no characters', () => {
    expect(() => CharVocabulary.of('')).toThrow(ArgumentError);
    expect(() => new CharVocabulary(['a', 'bc'])).toThrow(/character 1 is "bc"/);
    expect(() => new CharVocabulary(['a', ''])).toThrow(/character 1 is ""/);
    expect(() => new CharVocabulary(['a', 'a'])).toThrow(/"a" \(U\+0061\) is given twice/);
  });

  it('is saved and loaded as it was', async () => {
    const path = join(folder, 'characters.json');
    const vocabulary = new CharVocabulary(['z', 'a', '\n', '"', '😀', '\u2028']);
    await vocabulary.save(path);
    const loaded = await CharVocabulary.load(path);
    expect(loaded.characters).toEqual(vocabulary.characters);
    expect(await readFile(path, 'utf8')).toContain('axonode-characters');
  });

  it.each([
    ['no JSON', '{"format"', /expected/],
    ['another format', '{"format":"x","characters":["a"]}', /is no vocabulary/],
    ['a list', '["a"]', /is no vocabulary/],
    [
      'no characters',
      '{"format":"axonode-characters","characters":"abc"}',
      /no list of characters/,
    ],
    ['a number', '{"format":"axonode-characters","characters":["a",1]}', /character 1 is ""/],
    ['twice', '{"format":"axonode-characters","characters":["a","a"]}', /given twice/],
    ['a key twice', '{"format":"axonode-characters","format":"axonode-characters"}', /format/],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe), /is no UTF-8 text/],
  ])('refuses a file with %s', async (_, content, message) => {
    const path = await fileOf(content);
    await expect(CharVocabulary.load(path)).rejects.toThrow(DataError);
    await expect(CharVocabulary.load(path)).rejects.toThrow(message);
    await expect(CharVocabulary.load(path)).rejects.toThrow(path);
  });
});

describe('loadText', () => {
  it('reads UTF-8, packed or not, without its byte order mark', async () => {
    expect(await loadText(await fileOf('\ufeffnaïve\n'))).toBe('naïve\n');
    expect(await loadText(await fileOf(gzipSync('packed')))).toBe('packed');
  });

  it('names a file that is missing, too large or no text', async () => {
    await expect(loadText(join(folder, 'nowhere'))).rejects.toThrow(/nowhere: cannot be read/);
    const path = await fileOf(gzipSync(Buffer.alloc(1000)));
    await expect(loadText(path, { maxBytes: 100 })).rejects.toThrow(DataError);
    await expect(loadText(await fileOf(Uint8Array.of(0xc3)))).rejects.toThrow(/no UTF-8/);
  });
});
