import { describe, expect, it } from 'vitest';
import { tarEntries } from '../../src/data/tar.js';
import { DataError } from '../../src/errors.js';
import { inPieces } from '../../src/io/gzip.js';
import { tar } from '../support/images.js';

const text = (content: string) => new TextEncoder().encode(content);
async function read(archive: Uint8Array): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, bytes } of tarEntries(inPieces(archive), 'x.tar')) {
    found.push([name, new TextDecoder().decode(bytes)]);
  }
  return found;
}
const good = tar([
  { name: 'a/', type: '5' },
  { name: 'a/one.txt', bytes: text('1') },
  { name: 'link', type: '2' },
  { name: 'a/two.txt', bytes: text('2'.repeat(600)) },
  { name: 'empty' },
]);

describe('a tar archive', () => {
  it('gives its files, and passes over what else is in it', async () => {
    expect(await read(good)).toEqual([
      ['a/one.txt', '1'],
      ['a/two.txt', '2'.repeat(600)],
      ['empty', ''],
    ]);
    expect(await read(tar([]))).toEqual([]);
  });

  it("may have long names, GNU's and pax's", async () => {
    const long = `${'d/'.repeat(90)}ä.txt`;
    const record = ` path=${long}\n`;
    const length = text(record).length + 3;
    const archive = tar([
      { name: '././@LongLink', type: 'L', bytes: text(`${long}\0`) },
      { name: 'cut', bytes: text('1') },
      { name: 'pax_global_header', type: 'g', bytes: text('52 comment=00\n') },
      { name: 'PaxHeader', type: 'x', bytes: text(`${length}${record}`) },
      { name: 'cut', bytes: text('2') },
      { name: 'short', bytes: text('3') },
    ]);
    expect(await read(archive)).toEqual([
      [long, '1'],
      [long, '2'],
      ['short', '3'],
    ]);
  });

  it('is refused when it is damaged', async () => {
    const broken = (at: number, value: number) => {
      const copy = good.slice();
      copy[at] = value;
      return copy;
    };
    const huge = tar([{ name: 'a', type: 'L', bytes: new Uint8Array(2 ** 16 + 1) }]);
    const cases: [string, Uint8Array, RegExp][] = [
      ['nothing', new Uint8Array(0), /x\.tar: truncated tar: it has no end mark/],
      ['text', text('no archive'.repeat(100)), /wrong number/],
      ['changed name', broken(0, 98), /wrong header at byte 0/],
      ['a size that is no number', broken(512 + 124, 0x80), /wrong header at byte 512/],
      ['cut in a file', good.subarray(0, 512 * 5 + 300), /two\.txt has 600 bytes, \d+ are there/],
      ['cut between files', good.subarray(0, 512 * 4), /no end mark/],
      ['an endless name', huge, /a name of 65537 bytes/],
    ];
    for (const [what, archive, message] of cases) {
      await expect(read(archive), what).rejects.toThrow(DataError);
      await expect(read(archive), what).rejects.toThrow(message);
    }
  });

  it('never fails otherwise, whatever byte is wrong', async () => {
    for (let at = 0; at < good.length; at += 7) {
      const copy = good.slice();
      copy[at] = (copy[at] ?? 0) ^ 0x55;
      try {
        await read(copy);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  });
});
