import { describe, expect, it } from 'vitest';
import { crossEntropy, nn, optim, randn, type Tensor, train, tune } from '../../src/index.js';
import { clouds } from './support.js';

const model = new nn.Linear(4, 2);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const data = clouds();
const common = { model, data, loss: crossEntropy };
const history = new train.History([
  { epoch: 1, step: 1, values: { loss: 1 }, lr: 0.1, seconds: 1, samplesPerSecond: 1 },
]);
const space = { lr: tune.uniform(0, 1) };

/** Runs with one more option than there is. */
type Run = (extra: Record<string, unknown>) => unknown;

/** Everything of `train` and `tune` that takes options; an option misspelt, and the one that is meant. */
const TAKERS: readonly [owner: string, misspelt: string, meant: string, run: Run][] = [
  ['fit', 'epoch', 'epochs', (extra) => train.fit({ ...common, optimizer, ...extra })],
  ['evaluate', 'metric', 'metrics', (extra) => train.evaluate({ ...common, ...extra })],
  [
    'findLearningRate',
    'min_lr',
    'minLr',
    (extra) => train.findLearningRate({ ...common, optimizer, ...extra }),
  ],
  [
    'truncatedBptt',
    'chunks',
    'chunk',
    (extra) => {
      const lstm = new nn.LSTM(2, 2);
      const options = { optimizer, loss: crossEntropy, ...extra };
      return train.truncatedBptt(lstm, [], options).next();
    },
  ],
  [
    'search',
    'trails',
    'trials',
    (extra) => tune.search({ space, trial: 'none.js', trials: 1, ...extra }),
  ],
  ['randomSearch', 'budgets', 'budget', (extra) => tune.randomSearch(extra)],
  ['successiveHalving', 'minbudget', 'minBudget', (extra) => tune.successiveHalving(9, extra)],
  ['Accuracy', 'ignoreindex', 'ignoreIndex', (extra) => new train.Accuracy(extra)],
  ['TopKAccuracy', 'ignoreIdx', 'ignoreIndex', (extra) => new train.TopKAccuracy(2, extra)],
  ['ConfusionMatrix', 'treshold', 'threshold', (extra) => new train.ConfusionMatrix(2, extra)],
  ['Precision', 'averages', 'average', (extra) => new train.Precision(3, extra)],
  ['Recall', 'averaged', 'average', (extra) => new train.Recall(3, extra)],
  ['F1', 'avarage', 'average', (extra) => new train.F1(3, extra)],
  ['Perplexity', 'ignore_index', 'ignoreIndex', (extra) => new train.Perplexity(extra)],
  ['Mean', 'goals', 'goal', (extra) => new train.Mean((x: Tensor) => x, extra)],
  ['EarlyStopping', 'patients', 'patience', (extra) => new train.EarlyStopping(extra)],
  ['WeightAveraging', 'warmup', 'warmUp', (extra) => new train.WeightAveraging(model, extra)],
  ['MaxNorm', 'parameter', 'parameters', (extra) => new train.MaxNorm(3, extra)],
  [
    'ModelCheckpoint',
    'everyEpoch',
    'everyEpochs',
    (extra) => new train.ModelCheckpoint('runs', extra),
  ],
  ['TensorBoard', 'gradNorm', 'gradNorms', (extra) => new train.TensorBoard('runs', extra)],
  [
    'TensorBoardWriter',
    'flushByte',
    'flushBytes',
    (extra) => new train.TensorBoardWriter('runs', extra),
  ],
  ['HtmlReport', 'everySecond', 'everySeconds', (extra) => new train.HtmlReport('a.html', extra)],
  [
    'HtmlReport: predictions',
    'clases',
    'classes',
    (extra) => new train.HtmlReport('a.html', { predictions: { data, ...extra } }),
  ],
  ['writeReport', 'note', 'notes', (extra) => train.writeReport('a.html', history, extra)],
  ['predictClasses', 'sample', 'samples', (extra) => train.predictClasses(model, data, extra)],
  ['Progress', 'step', 'steps', (extra) => new train.Progress(2, extra)],
  ['History', 'goalof', 'goalOf', (extra) => new train.History([], extra)],
  ['History.best', 'goals', 'goal', (extra) => history.best('loss', extra)],
  [
    'LearningRateLogger.toSvg',
    'titles',
    'title',
    (extra) => new train.LearningRateLogger().toSvg(extra),
  ],
];

describe('unknown options', () => {
  it.each(TAKERS)('of %s: %s is refused, %s is meant', async (owner, misspelt, meant, run) => {
    const attempt = async (extra: Record<string, unknown>) => run(extra);
    const told = `${owner}: ${misspelt}: unknown option, did you mean ${meant}?`;
    await expect(attempt({ [misspelt]: undefined })).rejects.toThrow(told);
    await expect(attempt({ nonsense: 1 })).rejects.toThrow(`${owner}: nonsense: unknown option`);
  });

  it('are refused by pictures of results, too', async () => {
    const step = () => model.forward(randn([2, 4])).sum();
    const sweep = await train.findLearningRate({ model, data, optimizer, step, steps: 3 });
    const misspelt: object = { titles: 'A sweep' };
    expect(() => sweep.toSvg(misspelt)).toThrow(/LearningRateSweep\.toSvg: titles: .* title\?/);
    const trial = new URL('./tune/trials.mjs', import.meta.url);
    const found = await tune.search({ space, trial, exportName: 'seeds', trials: 1 });
    expect(() => found.toSvg(misspelt)).toThrow(/SearchResult\.toSvg: titles: .* title\?/);
  });

  it('and options that are no object', () => {
    const none: unknown = null;
    expect(() => new train.Accuracy(none as object)).toThrow(/Accuracy: the options are null/);
    const number: unknown = 3;
    expect(() => new train.ConfusionMatrix(2, number as object)).toThrow(/the options are 3/);
  });
});

describe('destinations', () => {
  it.each<[string, (path: string) => unknown]>([
    ['CsvLogger', (path) => new train.CsvLogger(path)],
    ['HtmlReport', (path) => new train.HtmlReport(path)],
    ['TensorBoard', (path) => new train.TensorBoard(path)],
    ['LearningRateLogger', (path) => new train.LearningRateLogger(path)],
    ['ModelCheckpoint', (path) => new train.ModelCheckpoint(path)],
  ])('of %s come first, and are paths', (owner, make) => {
    const options: unknown = { path: 'a.html' };
    expect(() => make(options as string)).toThrow(`${owner}: the path is of type object`);
    expect(() => make('')).toThrow(`${owner}: the path is empty`);
    expect(() => make('somewhere')).not.toThrow();
  });

  it('of checkpoints are a folder or a ModelCheckpoint', async () => {
    const options: unknown = { dir: 'runs' };
    const wrong = train.fit({ ...common, optimizer, checkpoint: options as string });
    await expect(wrong).rejects.toThrow(
      /checkpoint is a object, expected a folder or a train\.Mod/,
    );
  });
});
