import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { describe, expect, it } from 'vitest';

// CONTRIBUTING.md names files, and functions in them: `src/ops/conv/conv.ts: conv2d`. All of them have to be there.

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('CONTRIBUTING.md', root), 'utf8');
const spans = [...page.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(
  ([, code = '']) => code.replaceAll(/\s+/g, ' '),
);

/** `path/file.ts: name`; a method as `Class.method`, in C++ `Class::method`. */
const hops = spans.flatMap((code) => {
  const [, path, name] = /^([\w./-]+\.\w+): (\S+)$/.exec(code) ?? [];
  return path !== undefined && name !== undefined ? [{ path, name }] : [];
});

/** Files and folders: with a slash, and no other signs than those of a path. */
const FOLDERS = /^(src|native|binding|test|bench|scripts|examples|docs|\.ci)\//;
const paths = spans.filter((code) => FOLDERS.test(code) && /^[\w./-]+$/.test(code));

/** How a name is defined, by the language. */
function definitionsOf(name: string, path: string): RegExp[] {
  switch (extname(path)) {
    case '.ts':
    case '.mjs': {
      const modifiers = '(?:(?:private|protected|static|override|abstract|async|get|readonly) )*';
      const declared = `\\b(?:function\\*?|class|interface|type|const|let)\\s+${name}\\b`;
      // A call has no type behind it, and no brace.
      const method = `^\\s*${modifiers}#?${name}(?:<.*>)?\\((?:.*[^;]|.*\\): .*;)?$`;
      return [new RegExp(declared, 'm'), new RegExp(method, 'm')];
    }
    case '.py':
      return [new RegExp(`^\\s*(?:def|class) ${name}\\b`, 'm')];
    default: {
      // A type stands before the name: else it is a call.
      const type = '(?:\\[\\[.*\\]\\] )?(?!return )[A-Za-z_][\\w:<>,&* ]*[ &*]';
      const declared = `^ *${type}${name}\\s*\\(`;
      const others = `\\b(?:class|struct|enum|#define)\\s+${name}\\b|\\bBIND\\(${name}\\b`;
      return [new RegExp(declared, 'm'), new RegExp(others, 'm')];
    }
  }
}

/** What is wrong with a hop; null if it is there. */
function faultOf(path: string, hop: string): string | null {
  const url = new URL(path, root);
  if (!existsSync(url)) return `${path}: there is no such file (for ${hop})`;
  const text = readFileSync(url, 'utf8');
  // In C++ a method is defined by its whole name.
  const names = hop.includes('::') ? [hop] : hop.split('.');
  const missing = names.find(
    (name) => !definitionsOf(name, path).some((definition) => definition.test(text)),
  );
  return missing === undefined ? null : `${path}: does not define ${missing} (for ${hop})`;
}

describe('CONTRIBUTING.md', () => {
  it('follows a training step through functions that exist', () => {
    expect(hops.length).toBeGreaterThan(40);
    expect(hops.flatMap(({ path, name }) => faultOf(path, name) ?? [])).toEqual([]);
  });

  it('names files and folders that exist', () => {
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it('would notice a call, a comment and another name', () => {
    const isDefined = (name: string, text: string, path = 'a.ts'): boolean =>
      definitionsOf(name, path).some((definition) => definition.test(text));
    expect(isDefined('step', '  step(): void {')).toBe(true);
    expect(isDefined('step', '  async step(')).toBe(true);
    expect(isDefined('step', '  #step(x: number): Promise<void> {')).toBe(true);
    expect(isDefined('conv2d', '  conv2d(out: FloatArray, x: FloatArray): void;')).toBe(true);
    expect(isDefined('step', '  step();')).toBe(false);
    expect(isDefined('step', '  optimizer.step();')).toBe(false);
    expect(isDefined('step', '/** Calls step. */ export function steps() {')).toBe(false);
    expect(isDefined('conv2d', 'void conv2d(Context& ctx, float* out,', 'a.cc')).toBe(true);
    expect(isDefined('Stream::commit', 'uint64_t Stream::commit(const char* name,', 'a.cc')).toBe(
      true,
    );
    expect(isDefined('conv2d', '  return conv2d(ctx, out);', 'a.cc')).toBe(false);
    expect(isDefined('conv2d', '  conv2d(ctx, out);', 'a.cc')).toBe(false);
  });
});
