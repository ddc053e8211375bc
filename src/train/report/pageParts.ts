import { DataError } from '../../errors.js';
import { codeFile } from '../../installed.js';
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
    readTextFile(codeFile(`train/report/page/${file}`, 'report'), DataError);
  const [client, style] = await Promise.all([read('client.js'), read('style.css')]);
  return { client, style };
}
