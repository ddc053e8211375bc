import { readFileSync } from 'node:fs';

/** What the tightest limit of this process leaves it. */
export interface Room {
  /** The limit's name, for people. */
  readonly name: string;
  readonly limitBytes: number;
  readonly leftBytes: number;
}

/** Of a process: the name for people, the line of /proc/self/limits, and that of its use in /proc/self/status. */
const LIMITS = [
  { name: 'of address space (ulimit -v)', limit: 'Max address space', use: 'VmSize' },
  { name: 'of data (ulimit -d)', limit: 'Max data size', use: 'VmData' },
] as const;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no Linux
  }
}

/** The number that follows a name at the start of a line; NaN if there is none. */
function numberAfter(text: string, name: string): number {
  return Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** The rooms that are known; none where memory has no limit but the machine's. */
function* rooms(): Generator<Room> {
  const limits = read('/proc/self/limits');
  const status = read('/proc/self/status');
  for (const { name, limit, use } of LIMITS) {
    const limitBytes = numberAfter(limits, limit);
    yield { name, limitBytes, leftBytes: limitBytes - 1024 * numberAfter(status, use) };
  }
  if (read('/proc/sys/vm/overcommit_memory').trim() !== '2') return;
  const memory = read('/proc/meminfo');
  const limitBytes = 1024 * numberAfter(memory, 'CommitLimit');
  const leftBytes = limitBytes - 1024 * numberAfter(memory, 'Committed_AS');
  yield { name: 'to all processes (vm.overcommit_memory=2)', limitBytes, leftBytes };
}

/** What the system leaves this process, or null where it sets no limit. Takes about a tenth of a millisecond. */
export function measureRoom(): Room | null {
  let tightest: Room | null = null;
  for (const room of rooms()) {
    if (Number.isNaN(room.leftBytes)) continue;
    if (tightest === null || room.leftBytes < tightest.leftBytes) tightest = room;
  }
  return tightest;
}

const megabytes = (bytes: number): string => `${Math.max(0, Math.floor(bytes / 2 ** 20))} MB`;

/** As an error says it: `the system allows 1269 MB of address space (ulimit -v), 246 MB are left`. */
export function describeRoom({ name, limitBytes, leftBytes }: Room): string {
  return `the system allows ${megabytes(limitBytes)} ${name}, ${megabytes(leftBytes)} are left`;
}
