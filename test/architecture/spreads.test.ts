import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { expect, it } from 'vitest';

// A call with more than about 100,000 arguments overflows the stack: f(...list) fails for a list that a user sizes.
// src/numeric/extremes.ts has greatest() and smallest(); a loop does for push(); functions take lists.

/** Spreads of what has a fixed or small size, and why. */
const ALLOWED: Readonly<Record<string, string>> = {
  'backend/kernels/geometry.ts: Float64Array.of(...sizes)': 'six sizes',
  'models/cifarResnet.ts: Sequential(...blocks)': 'blocks of a stage',
  'models/featureClassifier.ts: Sequential(...parts.features)': 'layers of an architecture',
  'models/featureClassifier.ts: Sequential(...parts.arrange())': 'layers of an architecture',
  'models/resnet.ts: Sequential(...blocks)': 'blocks of a stage',
  'nn/activationLayer.ts: check(...option)': 'a value and two names',
  'nn/activationLayer.ts: isPositive(...option)': 'a value and two names',
  'ops/conv/convPlan.ts: checkSameDType(...[])': 'a bias, or none',
  'ops/kit/window.ts: Int32Array.of(...heightWidth())': 'a pair',
  'ops/linear.ts: checkSameDType(...[])': 'a bias, or none',
  'ops/methods.ts: call(...rest)': 'the arguments of a method, as they were given',
  'ops/norm/batchNorm.ts: kernels().batchNorm(...read)': 'operands of a kernel',
  'ops/pool/adaptivePool.ts: pooled(...windows)': 'one for each of two axes',
  'ops/random.ts: kernel(...generator.reserve())': 'four words',
  'ops/random.ts: kernels().randomInteger(...generator.reserve())': 'four words',
  'ops/random.ts: kernels().dropout(...draw)': 'four words',
  'ops/reflectionPad.ts: Math.max(...widths)': 'a pair',
  'ops/reflectionPad.ts: Math.max(...columns)': 'a pair',
  'ops/reflectionPad.ts: Math.max(...rows)': 'a pair',
  'ops/softmax.ts: kernels().softmaxGrad(...splitMemory())': 'three sizes',
  'ops/softmax.ts: kernels().softmax(...splitMemory())': 'three sizes',
  'tensor/random.ts: philox(...generator.reserve())': 'four words',
  'train/loop/stepRecorder.ts: take(...values)': 'one value, or two',
  'train/tensorboard/event.ts: bytesField(...value)': 'fields of an event',
  'train/tune/learningRateSweep.ts: decades.slice(...window)': 'from and to',
  'train/tune/learningRateSweep.ts: losses.slice(...window)': 'from and to',
  'vision/grid.ts: canvas.fillSquare(...TEXT)': 'three colours',
};

const SRC = new URL('../../src/', import.meta.url).pathname;

interface AstNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** An expression in short: names, members and calls. */
function shown(node: unknown): string {
  if (!isNode(node)) return '?';
  switch (node.type) {
    case 'Identifier':
    case 'PrivateName':
      return String(node.value);
    case 'ThisExpression':
      return 'this';
    case 'MemberExpression':
      return `${shown(node.object)}.${shown(node.property)}`;
    case 'CallExpression':
      return `${shown(node.callee)}()`;
    case 'ParenthesisExpression':
      return shown(node.expression);
    case 'ConditionalExpression':
    case 'ArrayExpression':
      return '[]';
    default:
      return node.type;
  }
}

function spreadsIn(file: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    if (isNode(node) && (node.type === 'CallExpression' || node.type === 'NewExpression')) {
      for (const given of Array.isArray(node.arguments) ? node.arguments : []) {
        if (!given.spread) continue;
        found.push(`${file}: ${shown(node.callee)}(...${shown(given.expression)})`);
      }
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(
    parseSync(readFileSync(join(SRC, file), 'utf8'), { syntax: 'typescript', target: 'es2022' })
      .body,
  );
  return found;
}

it('no call spreads a list that a user sizes', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
  const found = new Set(files.filter((file) => file.endsWith('.ts')).flatMap(spreadsIn));
  expect([...found].filter((spread) => ALLOWED[spread] === undefined)).toEqual([]);
  expect(Object.keys(ALLOWED).filter((spread) => !found.has(spread))).toEqual([]);
});
