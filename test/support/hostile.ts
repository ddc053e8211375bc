import fc from 'fast-check';

/** What acts on terminals, editors or readers without being seen. */
export const ACTING =
  /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/u;

/** Texts of people who try. */
export const HOSTILE_TEXTS: readonly string[] = [
  '</script><script>alert(1)</script>',
  '<!--<script>',
  ']]><svg onload=alert(1)>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '<foreignObject><iframe src="javascript:alert(1)"></iframe></foreignObject>',
  '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;',
  '<a xlink:href="javascript:alert(1)">',
  '\u001B]0;owned\u0007\u001B[2J\u009B31m',
  '\u202Eevil\u2066\u200F\uFEFF',
  'line\r\nanother\u2028and\u2029another\u0085',
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2+3+cmd',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '；=1;=2, =3',
  '\uFF1D1',
  '"quoted"," and more',
  '\uD800half\uDC00',
  '__proto__',
  'toString',
  'constructor',
  'url(https://example.org/x)',
  '$1$& {{7*7}}',
  '',
  ' ',
  'x'.repeat(3000),
];

/** Texts of people who try, and of chance. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .tuple(fc.constantFrom(...HOSTILE_TEXTS), fc.constantFrom(...HOSTILE_TEXTS))
    .map(([a, b]) => a + b),
);

/** What types forbid and JavaScript passes all the same. */
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  Symbol('<script>'),
  12n,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  1e300,
  1.5,
  [],
  ['<script>alert(1)</script>'],
  [Symbol('s')],
  [[1n]],
  {},
  { length: 1e9 },
  { length: -1 },
  { toString: 1 },
  JSON.parse('{"toString":1,"valueOf":1,"__proto__":{"length":2}}'),
  Object.create(null),
  () => '<script>alert(1)</script>',
  new Map([['<script>', 1]]),
  new Date(Number.NaN),
  BigInt64Array.of(1n),
  '<script>alert(1)</script>',
  '7',
];

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...HOSTILE_VALUES),
  hostileText,
);
