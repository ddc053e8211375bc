// Which part of src/ may import which, types included. `npm run lint` checks it.

/**
 * The rooms of src/, from the roof to the ground. A room imports from the rows below its own: not from its
 * neighbours in the row, and nothing above. `nn/` is the files of that folder, without those of its subfolders;
 * `ops/index.ts` is one file.
 */
const ROOMS = `
  index.ts
  names.ts
  train/
  train/tune/          train/sequences/
  train/callbacks/
  train/report/        train/tensorboard/
  train/checkpoint/
  train/loop/
  train/metrics/
  models/
  data/
  vision/
  plot/
  nn/
  optim/
  io/
  autograd/
  ops/index.ts         ops/methods.ts
  ops/conv/            ops/norm/            ops/recurrent/
  ops/pool/
  ops/
  ops/kit/
  tape/
  tensor/
  backend/
  backend/ts/          backend/native/
  backend/ts/conv/     backend/ts/recurrent/
  backend/ts/gemm/     backend/ts/memory/   backend/ts/optim/
  backend/ts/indexing/ backend/ts/norm/     backend/ts/pool/    backend/ts/loss/
  backend/ts/reduce/   backend/ts/random/   backend/ts/elementwise/
  backend/ts/kit/
  backend/kernels/
  numeric/
  arguments.ts
  options.ts           installed.ts        refusals.ts
  version.ts           realm.ts            node.ts
  errors.ts
  terminal.ts
`;

const rows = ROOMS.trim()
  .split('\n')
  .map((row) => row.trim().split(/\s+/));
export const rooms = rows.flat();

/** The files of a room as regular expressions: what matches `path`, but not `pathNot`. */
function filesOf(room) {
  const isFile = (name) => !name.endsWith('/');
  if (isFile(room)) return { path: `^src/${room}$` };
  const elsewhere = rooms.filter((other) => isFile(other) && other.startsWith(room));
  return { path: `^src/${room}[^/]+$`, pathNot: elsewhere.map((file) => `^src/${file}$`) };
}

/** What a room may not import: its neighbours in the row, and all above. */
function arrowsUp(room, row) {
  const above = rows
    .slice(0, row + 1)
    .flat()
    .filter((other) => other !== room);
  return above.map((other) => ({
    name: `${room} must not import ${other}`,
    severity: 'error',
    from: filesOf(room),
    to: filesOf(other),
  }));
}

const everyRoom = rooms.map((room) => filesOf(room).path);

export default {
  forbidden: [
    {
      name: 'a circle of imports',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...rows.flatMap((row, i) => row.flatMap((room) => arrowsUp(room, i))),
    ...[
      { from: { path: '^src/', pathNot: everyRoom }, to: {} },
      { from: {}, to: { path: '^src/', pathNot: everyRoom } },
    ].map((rule) => ({ name: 'no room in the list', severity: 'error', ...rule })),
    {
      name: 'an import that this check cannot follow',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no API for tools, so swc parses; with it, imports of types count without a further option.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
