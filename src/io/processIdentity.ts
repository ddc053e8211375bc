import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { DataError } from '../errors.js';
import { codeOf } from './path.js';
import { RegularFile } from './regularFile.js';

/** A thread of a process, so described that another process can tell whether it still runs. */
export interface Identity {
  readonly host: string;
  /** Of the system's start, and of the space in which `pid` is a number; null where the system does not tell. */
  readonly boot: string | null;
  readonly space: string | null;
  readonly pid: number;
  /** The thread's number in the system; null where it does not tell. */
  readonly thread: number | null;
  /** When the thread began, in the system's own count: a number may be given again. */
  readonly began: string | null;
}

/** `unknown` if the other is on another machine, or in a container whose processes cannot be seen from here. */
export type Life = 'runs' | 'gone' | 'unknown';

const MAX_BYTES = 2 ** 16;

async function textOf(path: string): Promise<string | null> {
  try {
    const bytes = await RegularFile.use(path, { fault: DataError }, (file) =>
      file.readAll(MAX_BYTES),
    );
    return Buffer.from(bytes).toString('utf8');
  } catch {
    return null;
  }
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** When a thread began; null if there is none, or it has ended and only its entry is left. */
async function beginOf(pid: number, thread: number): Promise<string | null> {
  const text = await textOf(`/proc/${pid}/task/${thread}/stat`);
  // The name in parentheses may hold anything.
  const [state, ...fields] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  if (state === undefined || state === 'Z' || state === 'X') return null;
  return fields[18] ?? null;
}

let own: Promise<Identity> | undefined;

/** The thread that calls. */
export function ownIdentity(): Promise<Identity> {
  own ??= identify();
  return own;
}

async function identify(): Promise<Identity> {
  // Read on this thread, which is what the link is about.
  const thread = /^(\d+)\/task\/(\d+)$/.exec(linkAt('/proc/thread-self') ?? '');
  const { pid } = process;
  const isOurs = thread !== null && Number(thread[1]) === pid;
  const number = isOurs ? Number(thread[2]) : null;
  return {
    host: hostname(),
    boot: (await textOf('/proc/sys/kernel/random/boot_id'))?.trim() ?? null,
    space: linkAt('/proc/self/ns/pid'),
    pid,
    thread: number,
    began: number === null ? null : await beginOf(pid, number),
  };
}

/** Whether a thread still runs, as far as can be seen from here. */
export async function lifeOf(other: Identity): Promise<Life> {
  const here = await ownIdentity();
  const isVisible =
    other.boot !== null &&
    other.boot === here.boot &&
    other.space !== null &&
    other.space === here.space;
  if (isVisible && other.thread !== null && other.began !== null) {
    if ((await beginOf(other.pid, other.thread)) === other.began) return 'runs';
    // Where processes of other users are hidden, an answer to a signal is all there is.
    return signalled(other.pid) === 'hidden' ? 'unknown' : 'gone';
  }
  // Without /proc: a process that is gone is gone, but a number that is there may be another's by now.
  const isSameHost = other.boot === null && here.boot === null && other.host === here.host;
  return isSameHost && signalled(other.pid) === 'gone' ? 'gone' : 'unknown';
}

function signalled(pid: number): 'there' | 'hidden' | 'gone' {
  try {
    process.kill(pid, 0);
    return 'there';
  } catch (error) {
    return codeOf(error) === 'ESRCH' ? 'gone' : 'hidden';
  }
}

/** Of a machine since its start, and of the container; in names of files. */
function placeOf({ host, boot, space }: Identity): string {
  const text = [host, boot, space].join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

const TEMPORARY = /^\.axonode-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-[0-9a-f]{16}\.tmp$/;

/** A name for a file that is being written, which no other writer uses, and which says who writes it. */
export async function temporaryName(): Promise<string> {
  const identity = await ownIdentity();
  const { pid, thread, began } = identity;
  const random = randomBytes(8).toString('hex');
  return `.axonode-${placeOf(identity)}-${pid}-${thread ?? 0}-${began ?? 0}-${random}.tmp`;
}

/**
 * Whether a file was left by a writer that is gone: true for one of this machine, and for one of an unknown writer if
 * it was not touched for a day.
 * @param isOwned true if no other process may be writing in the folder
 */
export async function isLeftover(
  name: string,
  ageMs: () => Promise<number>,
  isOwned: boolean,
): Promise<boolean> {
  if (!name.startsWith('.axonode-') || !name.endsWith('.tmp')) return false;
  const [, place, pid, thread, began] = TEMPORARY.exec(name) ?? [];
  const here = await ownIdentity();
  if (place === undefined) return isOwned || (await ageMs()) > DAY_MS;
  if (place !== placeOf(here) || thread === '0') return (await ageMs()) > DAY_MS;
  const writer = { ...here, pid: Number(pid), thread: Number(thread), began: began ?? null };
  return (await lifeOf(writer)) === 'gone';
}

const DAY_MS = 86_400_000;
