// What a call costs, and what an event loop feels: npm run bench:latency
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { add, backendInfo, crossEntropy, noGrad, randint, randn, synchronize } from 'axonode';
import { sgd } from './workload.js';
import { lenetModel } from './workloads.js';

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

/** Microseconds from the call of an op to its return, with the result let go of. */
async function dispatchMicroseconds(size: number): Promise<number> {
  const a = randn([size]);
  const b = randn([size]);
  const times: number[] = [];
  for (let round = 0; round < 50; round++) {
    const calls = 500;
    const start = performance.now();
    noGrad(() => {
      for (let i = 0; i < calls; i++) add(a, b).dispose();
    });
    times.push(((performance.now() - start) / calls) * 1e3);
    await synchronize();
  }
  return median(times);
}

/** Percentiles of the event loop's delay, in milliseconds, while a model trains for some seconds. */
async function eventLoopDelay(
  seconds: number,
): Promise<{ p50: number; p99: number; max: number; steps: number }> {
  const model = lenetModel();
  const optimizer = sgd(model);
  const input = randn([64, 1, 28, 28]);
  const target = randint(0, 10, [64]);
  const step = async (): Promise<void> => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    await loss.item();
  };
  await step();
  const resolution = 1;
  const monitor = monitorEventLoopDelay({ resolution });
  monitor.enable();
  const start = performance.now();
  let steps = 0;
  for (; performance.now() - start < seconds * 1e3; steps++) await step();
  monitor.disable();
  // The monitor counts its own timer's interval as delay.
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution);
  return {
    p50: ms(monitor.percentile(50)),
    p99: ms(monitor.percentile(99)),
    max: ms(monitor.max),
    steps,
  };
}

console.log(`${backendInfo().name} backend, ${backendInfo().threads} threads`);
console.log(
  `dispatch of add on 16 elements: ${(await dispatchMicroseconds(16)).toFixed(2)} µs a call`,
);
const delay = await eventLoopDelay(5);
console.log(
  `event loop while lenet trains (${delay.steps} steps in 5 s): ` +
    `p50 ${delay.p50.toFixed(2)} ms, p99 ${delay.p99.toFixed(2)} ms, max ${delay.max.toFixed(2)} ms`,
);
