import { fileURLToPath } from 'node:url';
import { DataError } from '../../errors.js';
import { readTextFile } from '../../io/regularFile.js';

/** Sources that go into every page. */
export interface PageParts {
  /** Draws the curves. */
  readonly client: string;
  readonly style: string;
  /** The library that it draws with. */
  readonly echarts: string;
}

/** The page's own sources, which lie beside the code. */
export async function loadPage(): Promise<Omit<PageParts, 'echarts'>> {
  const read = (file: string) =>
    readTextFile(fileURLToPath(new URL(`./page/${file}`, import.meta.url)), DataError);
  const [client, style] = await Promise.all([read('client.js'), read('style.css')]);
  return { client, style };
}
