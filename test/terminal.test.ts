import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { terminalText as ofScripts } from '../scripts/lib/terminal.mjs';
import { ArgumentError } from '../src/errors.js';
import { cutText, terminalLine, terminalName, terminalText } from '../src/terminal.js';
import { ACTING, hostileText } from './support/hostile.js';

describe('text for a terminal', () => {
  it('shows what would act', () => {
    const evil = 'a\x1b]52;c;eA==\x07\x9b31m\r\nb\u202Ec\u2028\uD800\u{E0041}';
    expect(terminalLine(evil)).toBe(
      'a\\x1b]52;c;eA==\\x07\\x9b31m\\r\\nb\\u202ec\\u2028\\ud800\\u{e0041}',
    );
    expect(terminalText('one\ntwo\r\x1b[2A')).toBe('one\ntwo\\r\\x1b[2A');
  });

  it('keeps what people write', () => {
    for (const text of ['Größe 1,5 µm', '精度', 'می‌خواهم', '👩‍👩‍👧', 'a → b']) {
      expect(terminalLine(text)).toBe(text);
    }
  });

  it('is short, whatever the text', () => {
    expect(terminalName('x'.repeat(1e6))).toHaveLength(120);
    expect(terminalLine('\x1b'.repeat(1e6))).toHaveLength(1000);
    expect(terminalText('x\n'.repeat(1e6)).length).toBeLessThanOrEqual(100_000);
    expect(cutText('ab👩', 3)).toBe('ab…');
    expect(cutText('a👩b', 3)).toBe('a…');
  });

  it('is what errors say', () => {
    const { message } = new ArgumentError(`no tensor "\x1b[2J\u202E${'x'.repeat(1e6)}"`);
    expect(message).toContain('no tensor "\\x1b[2J\\u202exxx');
    expect(message.length).toBeLessThanOrEqual(4100);
  });

  it('is the same in scripts, which run before anything is compiled', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const plain = text.replaceAll('\t', '  ');
        expect(ofScripts(text)).toBe(terminalText(plain));
        expect(terminalLine(text)).not.toMatch(ACTING);
        expect(terminalText(text).replaceAll('\n', '')).not.toMatch(ACTING);
      }),
    );
  });
});
