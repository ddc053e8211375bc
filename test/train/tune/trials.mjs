// Trials for search.test.ts: cheap functions of their hyper-parameters.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A bowl around lr = 0.01 and width = 32 that larger budgets know more exactly. */
export default function bowl({ params: { lr, width }, budget }) {
  return Math.log10(lr / 0.01) ** 2 + Math.abs(width - 32) / 32 + 1 / budget;
}

export const seeds = ({ seed }) => seed;

export const text = () => 'fine';

export const nothing = 1;

export function sometimesFails({ params, trial, budget }) {
  if (trial === 0) throw new Error('bad luck');
  if (trial === 1) process.exit(3);
  if (trial === 2) return Number.NaN;
  if (trial === 3)
    queueMicrotask(() => {
      throw new Error('out of reach');
    });
  if (trial === 3) return new Promise(() => {});
  return bowl({ params, budget });
}

export async function patient({ signal, trial }) {
  if (trial === 0) return 0;
  while (!signal.aborted) await sleep(5);
  throw new Error('told to stop');
}

/** Never comes back, unless its thread is ended. */
export const stubborn = () => {
  for (;;);
};

export async function noted({ params, trial, budget }) {
  appendFileSync(process.env.AXONODE_TEST_NOTES, `${trial}/${budget}\n`);
  await sleep(30);
  return bowl({ params, budget });
}
