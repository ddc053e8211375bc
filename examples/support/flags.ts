import { parseArgs } from 'node:util';
import { ArgumentError, AxonodeError, setBackend, setNumThreads } from 'axonode';

/** A flag of an example: what it stands for, what it is when it is not given, and how its text is read. */
export interface Flag<T> {
  /** What --help shows behind the name, N or FILE; nothing for one that is there or not. */
  readonly sign: string;
  readonly help: string;
  readonly fallback: T;
  /** What the text has to be. */
  readonly expected: string;
  /** The text's meaning; undefined if it has none. */
  readonly read: (text: string) => T | undefined;
}

type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The flags' values, under their names. */
export type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never;
};

// --- kinds of flags; a fallback of undefined makes one that may be missing ------------------------------------

function numeric<T extends number | undefined>(
  sign: string,
  fallback: T,
  help: string,
  expected: string,
  fits: (value: number) => boolean,
): Flag<number | T> {
  const read = (text: string): number | undefined => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    return fits(value) ? value : undefined;
  };
  return { sign, help, fallback, expected, read };
}

/** A whole number, 1 at least unless said otherwise. */
export function whole<T extends number | undefined>(fallback: T, help: string, least = 1) {
  const expected = `a whole number of at least ${least}`;
  return numeric('N', fallback, help, expected, (n) => Number.isSafeInteger(n) && n >= least);
}

/** A number > 0. */
export function positive<T extends number | undefined>(fallback: T, help: string) {
  return numeric('X', fallback, help, 'a number > 0', (x) => x > 0 && Number.isFinite(x));
}

/** A probability of dropping: 0 at least, and less than 1. */
export function share(fallback: number, help: string): Flag<number> {
  return numeric('P', fallback, help, 'a number from 0 on, less than 1', (p) => p >= 0 && p < 1);
}

/** Whole numbers > 0 with commas between. */
export function wholes(fallback: readonly number[], help: string): Flag<readonly number[]> {
  const read = (text: string): readonly number[] | undefined => {
    const values = text.split(',').map(Number);
    return values.every((n) => Number.isSafeInteger(n) && n > 0) ? values : undefined;
  };
  return { sign: 'N,N', help, fallback, expected: 'whole numbers > 0 with commas between', read };
}

/** Any text: a name, a file, a folder. */
export function text<T extends string | undefined>(
  sign: string,
  fallback: T,
  help: string,
): Flag<string | T> {
  return { sign, help, fallback, expected: 'a text', read: (given) => given };
}

/** One of some words. */
export function oneOf<const W extends string, const T extends W | undefined>(
  words: readonly W[],
  fallback: T,
  help: string,
): Flag<W | T> {
  const expected = `one of ${words.join(', ')}`;
  const read = (given: string): W | undefined => words.find((word) => word === given);
  return { sign: 'NAME', help: `${help}: ${words.join(', ')}`, fallback, expected, read };
}

/** Something to be switched on. */
export function toggle(help: string): Flag<boolean> {
  return { sign: '', help, fallback: false, expected: '', read: () => true };
}

// --- flags that many examples have ----------------------------------------------------------------------------

export const epochs = (fallback: number) => whole(fallback, 'passes over the data');
export const updates = (fallback: number) => whole(fallback, 'steps of training');
export const batch = (fallback: number) => whole(fallback, 'samples a step');
export const learningRate = (fallback: number) => positive(fallback, 'learning rate');
export const hidden = (fallback: number) => whole(fallback, 'units of a hidden layer');
export const seed = (fallback = 0) => whole(fallback, 'of all that is drawn', 0);

/** What every example understands. */
const COMMON = {
  threads: whole(undefined, 'threads of the native backend (all cores)'),
  backend: oneOf(['native', 'ts'], undefined, 'backend (native where it is built)'),
  help: toggle('shows this'),
};

// --- reading --------------------------------------------------------------------------------------------------

type Given = ReturnType<typeof parseArgs>['values'];

/** The texts of the flags that are there; throws for one that is not known. */
function given(args: readonly string[], flags: Flags): Given {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { sign }]) => [
      name,
      { type: sign === '' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function valuesOf<F extends Flags>(texts: Given, flags: F): Values<F> {
  const values = Object.entries(flags).map(([name, { fallback, expected, read }]) => {
    const value = texts[name];
    if (value === undefined) return [name, fallback];
    const meaning = read(String(value));
    if (meaning === undefined) {
      throw new ArgumentError(`--${name} ${String(value)}: expected ${expected}`);
    }
    return [name, meaning];
  });
  return Object.fromEntries(values) as Values<F>;
}

/**
 * The values of flags, from the arguments of a command line.
 * @throws ArgumentError that names a flag that is unknown or means nothing
 */
export function parseFlags<F extends Flags>(args: readonly string[], flags: F): Values<F> {
  return valuesOf(given(args, flags), flags);
}

/** What --help shows: each flag, what it is for, and its fallback. */
export function usage(command: string, flags: Flags): string {
  const rows = Object.entries(flags).map(([name, { sign, help, fallback }]) => {
    const isShown = sign !== '' && fallback !== undefined;
    return [`--${name} ${sign}`, isShown ? `${help} (${String(fallback)})` : help] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  const indent = `\n${' '.repeat(width + 2)}`;
  const lines = rows.map(
    ([flag, help]) => `  ${flag.padEnd(width)}${help.replaceAll('\n', indent)}`,
  );
  return [`usage: ${command} [options]`, ...lines].join('\n');
}

/**
 * The values of an example's flags, as the command line has them. `--threads`, `--backend` and `--help` are there for
 * each, and take effect at once; what cannot be understood is said, and ends the process.
 * @param command what one types to run the example
 */
export function readFlags<F extends Flags>(command: string, flags: F): Values<F> {
  const all = { ...flags, ...COMMON };
  try {
    const texts = given(process.argv.slice(2), all);
    const { threads, backend, help } = valuesOf(texts, COMMON);
    if (help) {
      console.log(usage(command, all));
      process.exit(0);
    }
    const values = valuesOf(texts, flags);
    if (backend !== undefined) setBackend(backend);
    if (threads !== undefined) setNumThreads(threads);
    return values;
  } catch (error) {
    if (!(error instanceof AxonodeError)) throw error;
    console.error(`${error.message}\n--help shows what there is`);
    process.exit(2);
  }
}
