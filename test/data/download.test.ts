import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { download } from '../../src/data/download.js';

describe('download', () => {
  let server: Server;
  let base = '';
  beforeEach(async () => {
    server = createServer((request, response) => {
      if (request.url === '/silent') return;
      if (request.url === '/stalls') response.write('some');
      else if (request.url === '/endless') {
        const more = (): void => {
          while (!response.destroyed && response.write(new Uint8Array(65536)));
        };
        response.on('drain', more);
        more();
      } else response.end('content');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const get = (paths: readonly string[], stallMilliseconds: number) =>
    download({
      file: 'data.gz',
      urls: paths.map((path) => base + path),
      maxBytes: 1_000_000,
      stallMilliseconds,
      verify: async () => {},
    });

  it('takes the first answer that verifies', async () => {
    expect(Buffer.from(await get(['/silent', '/good'], 1000)).toString()).toBe('content');
  });

  it('gives up on servers that say nothing, stop in the middle, or never stop', async () => {
    await expect(get(['/silent'], 100)).rejects.toThrow(
      /data\.gz: cannot be downloaded: .*silent: no answer for 0\.1 s/,
    );
    await expect(get(['/stalls'], 100)).rejects.toThrow(/no answer for 0\.1 s/);
    // A server that never pauses, so a busy machine has all the time it needs.
    await expect(get(['/endless'], 10_000)).rejects.toThrow(/more than the expected 1000000 bytes/);
  });

  it('reports what verification says', async () => {
    const fussy = download({
      file: 'f',
      urls: [`${base}/good`],
      maxBytes: 100,
      verify: async () => {
        throw new Error('not the original');
      },
    });
    await expect(fussy).rejects.toThrow(/good: not the original/);
  });
});
