import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  epochs,
  oneOf,
  parseFlags,
  positive,
  seed,
  share,
  text,
  toggle,
  usage,
  whole,
  wholes,
} from '../../examples/support/flags.js';

const FLAGS = {
  epochs: epochs(3),
  lr: positive(0.1, 'learning rate'),
  dropout: share(0.2, 'dropout'),
  periods: wholes([24, 168], 'periods'),
  cell: oneOf(['lstm', 'gru'], 'gru', 'kind of layer'),
  data: text('DIR', undefined, 'a folder,\nor none'),
  size: whole(undefined, 'samples (all)'),
  dense: toggle('dense gradients'),
  seed: seed(),
};

describe('flags of an example', () => {
  it('are what they fall back to, or what is given', () => {
    expect(parseFlags([], FLAGS)).toEqual({
      epochs: 3,
      lr: 0.1,
      dropout: 0.2,
      periods: [24, 168],
      cell: 'gru',
      data: undefined,
      size: undefined,
      dense: false,
      seed: 0,
    });
    const given =
      '--epochs 5 --lr=2e-3 --dropout 0 --periods 7 --cell lstm --data . --size 9 --dense';
    expect(parseFlags(given.split(' '), FLAGS)).toEqual({
      epochs: 5,
      lr: 0.002,
      dropout: 0,
      periods: [7],
      cell: 'lstm',
      data: '.',
      size: 9,
      dense: true,
      seed: 0,
    });
  });

  it.each([
    ['--epochs 0', '--epochs 0: expected a whole number of at least 1'],
    ['--epochs 1.5', '--epochs 1.5: expected a whole number'],
    ['--epochs=', '--epochs : expected a whole number'],
    ['--lr 0', '--lr 0: expected a number > 0'],
    ['--lr NaN', '--lr NaN: expected a number > 0'],
    ['--lr Infinity', '--lr Infinity: expected a number > 0'],
    ['--dropout 1', '--dropout 1: expected a number from 0 on, less than 1'],
    ['--periods 7,x', '--periods 7,x: expected whole numbers > 0 with commas between'],
    ['--cell rnn', '--cell rnn: expected one of lstm, gru'],
    ['--seed=-1', '--seed -1: expected a whole number of at least 0'],
    ['--epoch 3', "Unknown option '--epoch'"],
    ['--epochs', "Option '--epochs <value>' argument missing"],
    ['--dense=yes', "Option '--dense' does not take an argument"],
    ['file', "Unexpected argument 'file'"],
  ])('refuse %s', (given, message) => {
    const parse = (): unknown => parseFlags(given.split(' '), FLAGS);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('are explained', () => {
    expect(usage('run', { epochs: FLAGS.epochs, data: FLAGS.data, dense: FLAGS.dense })).toBe(
      [
        'usage: run [options]',
        '  --epochs N  passes over the data (3)',
        '  --data DIR  a folder,',
        '              or none',
        '  --dense     dense gradients',
      ].join('\n'),
    );
  });
});

describe('an example', () => {
  const run = (...args: string[]) => {
    const cli = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));
    const example = fileURLToPath(new URL('../../examples/names.ts', import.meta.url));
    return spawnSync(process.execPath, [cli, example, ...args], { encoding: 'utf8' });
  };

  it('explains its flags, and the ones that all have', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^usage: npm run example -- names \[options\]\n {2}--text FILE/);
    expect(stdout).toMatch(/--threads N .*\n {2}--backend NAME .*native, ts\n {2}--help/);
  });

  it('says what it does not understand, and ends with status 2', () => {
    const { status, stdout, stderr } = run('--backend', 'cuda');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe('--backend cuda: expected one of native, ts\n--help shows what there is\n');
  });
});
