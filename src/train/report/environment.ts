import { cpus, totalmem } from 'node:os';
import process from 'node:process';
import { backendInfo } from '../../backend/select.js';

/** What the numbers of a report were made with, by name. */
export function environmentOf(): [name: string, value: string][] {
  const info = backendInfo();
  const processors = cpus();
  const backend = info.name === 'native' ? `native (${info.instructionSet})` : 'TypeScript';
  return [
    ['axonode', info.version],
    ['backend', backend],
    ['BLAS', info.name === 'native' ? `${info.blas}, ${info.blasCore}` : info.blas],
    ['threads', String(info.threads)],
    ['Node.js', process.version],
    ['system', `${process.platform} ${process.arch}`],
    ['processor', `${processors[0]?.model ?? 'unknown'}, ${processors.length} logical cores`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
  ];
}
