import { defineConfig } from 'vitest/config';

// Compares the two backends, or is about the native one itself.
const NATIVE_ONLY = [
  'test/mirror/**',
  'test/fuzz/**',
  'test/backend/contract.test.ts',
  'test/backend/lifecycle.test.ts',
  'test/crash/storm.test.ts',
  // Trains for seconds, natively.
  'test/train/sequences/addingProblem.test.ts',
  // Programs of their own, which take the backend that loads.
  'test/worlds/**',
];
// Runs on the TypeScript backend, whichever is in use.
const TS_ONLY = [
  'test/ops/gradcheck.test.ts',
  'test/ops/coverage.test.ts',
  // About the source, about text and files: nothing in them calls a kernel.
  'test/architecture/**',
  'test/backend/{families,select}.test.ts',
  'test/data/{digits,download,idx,mnist,tar,vocabulary}.test.ts',
  'test/examples/**',
  'test/io/{appendFile,atomicFile,crc32c,folderLock,json,options,protobuf,safetensorsFile}.test.ts',
  'test/plot/**',
  'test/train/{callbacks/stepSeries,loop/history,loop/valueNames,report/charts}.test.ts',
  'test/train/{tensorboard/writer,tune/learningRateSweep,tune/space}.test.ts',
  'test/vision/{decode,grid,hostile,png}.test.ts',
  'test/{options,terminal}.test.ts',
];

// One suite, two backends. AXONODE_BACKEND=native makes a missing addon an error instead of a
// fallback, so the `native` project can never pass on the TypeScript backend.
const project = (
  backend: 'native' | 'ts',
  exclude: string[],
  env: Record<string, string> = {},
) => ({
  extends: true as const,
  test: { name: backend, exclude, env: { AXONODE_BACKEND: backend, ...env } },
});

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      // Two test files run side by side, each with its own OpenMP team: waiting threads must not
      // spin on the cores that the other file needs.
      project('native', TS_ONLY, { GOMP_SPINCOUNT: '1000' }),
      project('ts', NATIVE_ONLY),
    ],
  },
});
