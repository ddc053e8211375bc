// A recommender: vectors of 40,000 people and 4,000 films from ratings, whose steps touch only the rows that occur
import { mkdir } from 'node:fs/promises';
import {
  add,
  io,
  manualSeed,
  mseLoss,
  mul,
  nn,
  noGrad,
  optim,
  plot,
  scope,
  sum,
  type Tensor,
  tensor,
} from 'axonode';
import { batch, learningRate, readFlags, seed, toggle, updates, whole } from './support/flags.js';

const flags = readFlags('npm run example -- recommender', {
  people: whole(40_000, 'people'),
  films: whole(4000, 'films'),
  updates: updates(4000),
  batch: batch(1024),
  lr: learningRate(0.01),
  dense: toggle('dense gradients, for comparison'),
  seed: seed(),
});
const { people, films } = flags;
const sparse = !flags.dense;

/** How far a rating is from what its person thinks. */
const NOISE = 0.5;
/** Tastes that ratings depend on. */
const TASTES = 3;

/** Numbers that look normal and depend on their place only, so that nothing has to be stored. */
function hidden(kind: number, thing: number, taste: number): number {
  const x = Math.sin(kind * 12.9898 + thing * 78.233 + taste * 37.719) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

/** What a person thinks of a film, on a scale around 0. */
function opinion(person: number, film: number): number {
  let value = 0.5 * hidden(3, film, 0);
  for (let t = 0; t < TASTES; t++) value += 1.5 * hidden(1, person, t) * hidden(2, film, t);
  return value;
}

interface Ratings {
  readonly person: Tensor;
  readonly film: Tensor;
  readonly rating: Tensor;
}

/** Ratings by people and of films drawn at random; popular films get more. */
function ratings(count: number, noise: number): Ratings {
  const [person, film] = [new Int32Array(count), new Int32Array(count)];
  const rating = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const [p, f] = [Math.floor(random() * people), Math.floor(random() ** 2 * films)];
    person[i] = p;
    film[i] = f;
    rating[i] = opinion(p, f) + noise * Math.sqrt(3) * (2 * random() - 1);
  }
  return { person: tensor(person), film: tensor(film), rating: tensor(rating) };
}

let state = flags.seed + 1;
/** On [0, 1). */
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

class Recommender extends nn.Module {
  readonly people = new nn.Embedding(people, 8, { sparse });
  readonly films = new nn.Embedding(films, 8, { sparse });
  readonly filmBias = new nn.Embedding(films, 1, { sparse });

  constructor() {
    super();
    for (const { weight } of [this.people, this.films, this.filmBias])
      nn.init.normal(weight, { std: 0.1 });
  }

  override forward(person: Tensor, film: Tensor): Tensor {
    const product = sum(mul(this.people.forward(person), this.films.forward(film)), 1);
    return add(product, this.filmBias.forward(film).reshape([-1]));
  }
}

manualSeed(flags.seed);
const model = new Recommender();
const { lr } = flags;
const optimizer = sparse
  ? new optim.SparseAdam(model.parameters(), { lr })
  : new optim.Adam(model.parameters(), { lr });

const unseen = ratings(20_000, 0);
for (const t of Object.values(unseen)) t.keep();
/** Root of the mean squared error of opinions about films not rated in training, but by chance. */
async function validate(): Promise<number> {
  return noGrad(async () =>
    Math.sqrt(await mseLoss(model.forward(unseen.person, unseen.film), unseen.rating).item()),
  );
}

console.log(`${people} people, ${films} films, ratings off by ${NOISE}`);
const [at, errors]: [number[], number[]] = [[0], [await validate()]];
console.log(`knowing nothing: off by ${errors[0]?.toFixed(3)}`);
const every = Math.ceil(flags.updates / 10);
const start = performance.now();
for (let update = 1; update <= flags.updates; update++) {
  scope(() => {
    const { person, film, rating } = ratings(flags.batch, NOISE);
    optimizer.zeroGrad();
    mseLoss(model.forward(person, film), rating).backward();
    optimizer.step();
  });
  if (update % every !== 0 && update !== flags.updates) continue;
  at.push(update);
  errors.push(await validate());
  console.log(`update ${update}: off by ${errors.at(-1)?.toFixed(3)}`);
}
const ms = (performance.now() - start) / flags.updates;
console.log(
  `${ms.toFixed(2)} ms an update, ${sparse ? 'sparse' : 'dense'} gradients (--dense for the other)`,
);
await mkdir('out', { recursive: true });
const picture = plot.lineChart([{ name: 'error', x: at, y: errors, draw: 'both' }], {
  title: 'Opinions about unseen films',
  x: { label: 'update' },
  y: { label: 'root mean squared error' },
  marks: [{ y: NOISE, label: 'noise of one rating' }],
});
await io.writeFileAtomic('out/recommender.svg', picture);
console.log('picture: out/recommender.svg');
