/** What the programs of these tests compute: everything of the package that needs a file of it at run time. */
const BODY = `
const failed = async (action) => {
  try { return await action(); } catch (error) { return error.name + ': ' + error.message; }
};
async function main() {
  manualSeed(3);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const x = tensor(Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i)), { shape: [16, 4] });
  const y = tensor(Int32Array.from({ length: 16 }, (_, i) => i % 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  const losses = [];
  for (let i = 0; i < 20; i++) {
    losses.push(await scope(async () => {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss.item();
    }));
  }
  const search = await failed(async () => {
    const space = { lr: tune.uniform(0, 1) };
    const { best } = await tune.search({ space, trial: process.cwd() + '/trial.mjs', trials: 1 });
    return best.score;
  });
  const report = await failed(async () => {
    const set = new data.TensorDataset(x.keep(), y.keep());
    const loader = new data.DataLoader(set, { batchSize: 8 });
    const callbacks = [new train.HtmlReport(process.cwd() + '/report.html')];
    await train.fit({ model, data: loader, loss: crossEntropy, optimizer, epochs: 1, progress: false, callbacks });
    return 'written';
  });
  const image = await failed(async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
    const { width } = await vision.decodeImage(Buffer.from(png, 'base64'));
    return width;
  });
  const { name, version } = backendInfo();
  const state = optimizer.stateDict().type;
  const learnt = losses[19] < losses[0] / 2;
  console.log(JSON.stringify({ name, version, learnt, state, search, report, image }));
}
`;
const NAMES =
  '{ backendInfo, crossEntropy, data, manualSeed, nn, optim, scope, tensor, train, tune, vision }';

/** The files of a project; `main` ends by itself and prints one line of JSON. */
export const PROGRAMS = {
  'main.mjs': `import ${NAMES} from 'axonode';\n${BODY}\nmain();\n`,
  'main.cjs': `const ${NAMES} = require('axonode');\n${BODY}\nmain();\n`,
  'trial.mjs': 'export default ({ params }) => params.lr * 0 + 7;\n',
};

/** What they print where everything is there. */
export const ALL_WELL = {
  name: 'native',
  learnt: true,
  state: 'SGD',
  search: 7,
  report: 'written',
  image: 1,
};
