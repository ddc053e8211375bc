import { clearTimeout, setTimeout } from 'node:timers';
import { DataError } from '../errors.js';
import { isError } from '../realm.js';

export interface DownloadOptions {
  /** Addresses to try, in this order. */
  urls: readonly string[];
  /** What messages call the file. */
  file: string;
  /** Larger answers are refused. */
  maxBytes: number;
  /** Throws if the bytes are not what they should be. */
  verify: (bytes: Uint8Array) => Promise<void>;
  /** Gives up on an address that sends nothing for so long; default 10 seconds. */
  stallMilliseconds?: number;
  /** Called before each attempt. */
  onAttempt?: (url: string) => void;
}

/**
 * The bytes of the first address that gives the right ones.
 *
 * @throws DataError that says of each address why it did not
 */
export async function download(options: DownloadOptions): Promise<Uint8Array> {
  const faults: string[] = [];
  for (const url of options.urls) {
    options.onAttempt?.(url);
    try {
      const bytes = await fetchBytes(url, options.maxBytes, options.stallMilliseconds ?? 10_000);
      await options.verify(bytes);
      return bytes;
    } catch (error) {
      faults.push(`${url}: ${reasonOf(error)}`);
    }
  }
  throw new DataError(`${options.file}: cannot be downloaded: ${faults.join('; ')}`);
}

async function fetchBytes(url: string, maxBytes: number, stall: number): Promise<Uint8Array> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DataError(`no answer for ${stall / 1000} s`));
  }, stall);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok || !response.body) {
      throw new DataError(`the server answers ${response.status} ${response.statusText}`);
    }
    // Memory that nothing was written to costs nothing.
    const bytes = new Uint8Array(maxBytes);
    let length = 0;
    for await (const piece of response.body) {
      timer.refresh();
      if (length + piece.byteLength > maxBytes)
        throw new DataError(`more than the expected ${maxBytes} bytes at most`);
      bytes.set(piece, length);
      length += piece.byteLength;
    }
    return bytes.subarray(0, length);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** fetch hides the reason (no such host, connection refused) in the cause of "fetch failed". */
function reasonOf(error: unknown): string {
  if (!isError(error)) return String(error);
  return isError(error.cause) ? `${error.message} (${error.cause.message})` : error.message;
}
