// Writes reports of runs of every kind and takes pictures of them in headless Chromium, without a network, to look at
// by hand: npx tsx test/train/report/screenshots.ts FOLDER [CHROMIUM]
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { data, models, train } from '../../../src/index.js';

const [given, chromium = 'chromium'] = process.argv.slice(2);
if (given === undefined) throw new Error('usage: tsx screenshots.ts FOLDER [CHROMIUM]');
const folder = resolve(given);

function historyOf(
  count: number,
  valuesOf: (epoch: number) => Record<string, number>,
): train.History {
  const records = Array.from({ length: count }, (_, i) => ({
    epoch: i + 1,
    step: (i + 1) * 100,
    values: valuesOf(i + 1),
    lr: 0.01 * Math.cos((i / count) * 1.5),
    seconds: 3.2,
    samplesPerSecond: 15_234,
  }));
  const history = new train.History(records);
  history.stopReason = 'finished';
  return history;
}

const steps = Array.from({ length: 600 }, (_, i) => (i + 1) * 20);
const curves = {
  loss: { steps, values: steps.map((step) => 2 * Math.exp(-step / 4000) + 0.1) },
  lr: { steps, values: steps.map((step) => 0.01 * Math.cos(step / 8000)) },
  gradNorm: { steps, values: steps.map((step) => Math.exp(3 * Math.sin(step / 60) - step / 4000)) },
};
const digits = data.syntheticDigits(12, { seed: 3 });
const samples = Array.from(digits.labels, (label, i) => ({
  image: {
    width: 28,
    height: 28,
    channels: 1 as const,
    data: digits.images.subarray(i * 784, (i + 1) * 784),
  },
  truth: String(label),
  prediction: String(i % 3 === 0 ? (label + 1) % 10 : label),
  confidence: 0.5 + i / 30,
}));
const counts = Array.from({ length: 10 }, (_, i) =>
  Uint32Array.from({ length: 10 }, (_, j) => (i === j ? 90 + i : (i * j) % 7)),
);

const reports: Record<string, [train.History, train.ReportOptions]> = {
  many: [
    historyOf(400, (epoch) => ({
      loss: 2 * Math.exp(-epoch / 60) + 0.02,
      accuracy: 1 - 0.9 * Math.exp(-epoch / 50),
      valLoss: 1.2 * Math.exp(-epoch / 40) + 0.4 + epoch * 0.0008,
      valAccuracy: 0.93 - 0.8 * Math.exp(-epoch / 40),
    })),
    {
      title: 'Four hundred epochs, and <script>alert(1)</script>',
      notes: 'two lines\n</script><img src=x onerror=alert(1)>',
      steps: curves,
      model: models.lenet5(),
      input: [1, 1, 28, 28],
      predictions: { counts, samples, mistakes: samples.filter((_, i) => i % 3 === 0) },
    },
  ],
  one: [historyOf(1, () => ({ loss: 0.4, valLoss: 0.3, accuracy: 0.9 })), {}],
  none: [new train.History(), {}],
  nan: [
    historyOf(5, (epoch) => ({
      loss: epoch % 2 === 1 && epoch > 1 ? Number.NaN : 2 / epoch,
      valLoss: epoch > 2 ? Number.POSITIVE_INFINITY : 2.1 / epoch,
    })),
    {},
  ],
  lost: [historyOf(2, () => ({ loss: Number.NaN })), {}],
};

const views = [
  { name: 'wide', size: '1280,2600', flags: [] },
  { name: 'narrow', size: '420,2600', flags: [] },
  { name: 'dark', size: '1280,2600', flags: ['--force-dark-mode'] },
];
for (const [name, [history, options]] of Object.entries(reports)) {
  const page = join(folder, `${name}.html`);
  await train.writeReport(page, history, options);
  for (const view of views) {
    const profile = await mkdtemp(join(tmpdir(), 'axonode-chromium-'));
    const picture = join(folder, `${name}-${view.name}.png`);
    const flags = [
      '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars',
      '--disable-background-networking --disable-component-update --disable-sync',
    ].flatMap((line) => line.split(' '));
    // No name resolves, and the proxy is not there.
    const offline = ['--host-resolver-rules=MAP * ~NOTFOUND', '--proxy-server=127.0.0.1:9'];
    const taken = spawnSync(
      chromium,
      [
        ...flags,
        ...offline,
        ...view.flags,
        `--user-data-dir=${profile}`,
        `--window-size=${view.size}`,
        '--enable-logging=stderr',
        `--screenshot=${picture}`,
        `file://${page}`,
      ],
      { encoding: 'utf8' },
    );
    await rm(profile, { recursive: true, force: true });
    if (taken.error) throw taken.error;
    const complaints = taken.stderr.split('\n').filter((line) => line.includes('CONSOLE'));
    console.log(`${picture}${complaints.length > 0 ? `\n${complaints.join('\n')}` : ''}`);
  }
}
