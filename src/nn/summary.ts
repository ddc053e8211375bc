import { ArgumentError } from '../errors.js';
import { greatest } from '../numeric/extremes.js';
import { zeros } from '../ops/creation.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { bytesPerElement, type DType } from '../tensor/dtype.js';
import { runInContext } from '../tensor/scope.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { terminalLine, terminalName } from '../terminal.js';
import { type Runnable, watchForward } from './forward.js';

/** Shape of one input, or those of several. */
export type SummaryInput = Shape | readonly Shape[];

export interface SummaryOptions {
  /** Of the inputs; 'int32' for indices. Default: that of the parameters. */
  dtype?: DType;
  /** Levels of nesting to show; what lies deeper counts to the module above it. Default: all. */
  depth?: number;
}

/** A module, as far as a summary knows it. */
export interface Summarized extends Runnable {
  training: boolean;
  readonly forward: (...inputs: never[]) => unknown;
  namedModules(): readonly (readonly [path: string, module: Summarized])[];
  modules(): readonly Summarized[];
  children(): readonly Summarized[];
  parameters(): readonly Tensor[];
  buffers(): readonly Tensor[];
  eval(): unknown;
}

/** A layer of a summary. */
export interface SummaryRow {
  readonly path: string;
  readonly type: string;
  /** Shape of what it returned; '-' if it was not called. */
  readonly output: string;
  readonly parameters: number;
}

const SUMMARY: OptionNames<SummaryOptions> = { dtype: true, depth: true };

const MISSING = '-';

function inputShapes(input: SummaryInput): readonly Shape[] {
  if (!Array.isArray(input)) {
    throw new ArgumentError(`summary: the input is ${inWords(input)}, expected a shape or several`);
  }
  if (input.every((size): size is number => typeof size === 'number')) return [input];
  if (input.every((shape): shape is Shape => Array.isArray(shape))) return input;
  throw new ArgumentError(
    'summary: expected the shape of the input, such as [1, 3, 224, 224], or several',
  );
}

/** The name of a module's class, which its program may have put together. */
export function typeName(module: object): string {
  const { name } = module.constructor;
  return typeof name === 'string' ? terminalName(name) : 'Module';
}

function describeOutput(output: unknown): string {
  if (output instanceof Tensor) return formatShape(output.shape);
  if (Array.isArray(output)) return output.map(describeOutput).join(', ');
  if (typeof output === 'object' && output !== null) {
    return Object.values(output).map(describeOutput).join(', ');
  }
  return MISSING;
}

/** What each module returned for an input of zeros, last call first. */
function outputsOf(
  module: Summarized,
  shapes: readonly Shape[],
  dtype: DType,
): Map<Runnable, string> {
  const outputs = new Map<Runnable, string>();
  const modes = module.modules().map((each) => [each, each.training] as const);
  module.eval();
  try {
    runInContext(false, () => {
      const inputs = shapes.map((shape) => zeros(shape, { dtype }));
      const seen = (each: Runnable, _: readonly unknown[], output: unknown): void => {
        outputs.set(each, describeOutput(output));
      };
      watchForward(seen, () => Reflect.apply(module.forward, module, inputs));
    });
  } finally {
    for (const [each, training] of modes) each.training = training;
  }
  return outputs;
}

function countOf(tensors: Iterable<Tensor>): number {
  let count = 0;
  for (const tensor of tensors) count += tensor.size;
  return count;
}

/** Rows of the modules that hold no others, at the given depth at most, or that have parameters of their own. */
function rowsOf(
  root: Summarized,
  outputs: ReadonlyMap<Runnable, string>,
  depth: number,
): SummaryRow[] {
  const rows: SummaryRow[] = [];
  const counted = new Set<Tensor>();
  for (const [path, module] of root.namedModules()) {
    const level = path === '' ? 0 : path.split('.').length;
    const whole = level === depth || module.children().length === 0;
    const inner = whole ? [] : module.children().flatMap((child) => child.parameters());
    const own = module
      .parameters()
      .filter((tensor) => !inner.includes(tensor) && !counted.has(tensor));
    if (level > depth || (!whole && own.length === 0)) continue;
    for (const tensor of own) counted.add(tensor);
    rows.push({
      path: path === '' ? MISSING : terminalLine(path),
      type: typeName(module),
      output: terminalLine(outputs.get(module) ?? MISSING),
      parameters: countOf(own),
    });
  }
  return rows;
}

/** 1234567 as 1,234,567. */
function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Bytes with the unit that fits: 1,536 as 1.5 KiB. */
function readableBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function totals(root: Summarized): string[] {
  const parameters = root.parameters();
  const buffers = root.buffers();
  const trainable = countOf(parameters.filter((parameter) => parameter.requiresGrad));
  const all = countOf(parameters);
  let bytes = 0;
  for (const tensor of [...parameters, ...buffers])
    bytes += tensor.size * bytesPerElement(tensor.dtype);
  const lines = [
    `parameters: ${grouped(all)} (${grouped(trainable)} trainable, ${grouped(all - trainable)} frozen)`,
  ];
  if (buffers.length > 0) lines.push(`buffers: ${grouped(countOf(buffers))}`);
  lines.push(`memory: ${readableBytes(bytes)}`);
  return lines;
}

/** What `Module.summary` shows, as data: layers, and lines of totals. Without inputs no shapes of outputs. */
export function summaryOf(
  root: Summarized,
  input: SummaryInput | undefined,
  options: SummaryOptions = {},
): { rows: SummaryRow[]; totals: string[]; type: string } {
  checkOptions('summary', options, SUMMARY);
  const { depth = Number.POSITIVE_INFINITY } = options;
  if (!(typeof depth === 'number' && depth >= 1)) {
    throw new ArgumentError(`summary: depth is ${inWords(depth)}, expected a number ≥ 1`);
  }
  const dtype = options.dtype ?? root.parameters()[0]?.dtype ?? 'float32';
  const outputs = input === undefined ? new Map() : outputsOf(root, inputShapes(input), dtype);
  return { rows: rowsOf(root, outputs, depth), totals: totals(root), type: typeName(root) };
}

/** The text of `Module.summary`. */
export function summarize(root: Summarized, input: SummaryInput, options: SummaryOptions): string {
  const { rows, totals, type } = summaryOf(root, input, options);
  const header = ['layer', 'type', 'output', 'parameters'] as const;
  const cells = rows.map(
    (row) => [row.path, row.type, row.output, grouped(row.parameters)] as const,
  );
  const widths = header.map((title, column) =>
    greatest(
      cells.map((row) => row[column]?.length ?? 0),
      title.length,
    ),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ');
  const rule = '─'.repeat(line(header).length);
  return [type, rule, line(header), rule, ...cells.map(line), rule, ...totals].join('\n');
}
