// The other side of peak.test.ts: loads a file, and says how much memory it took at most beyond what was there before.
import { data } from '../../dist/index.js';

const [what, path] = process.argv.slice(2);
const before = process.memoryUsage().rss;
let peak = before;
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 2);
const load = {
  archive: () => data.ImageFolder.open(path, { maxArchiveBytes: 2 ** 30 }),
  small: () => data.ImageFolder.open(path, { maxArchiveBytes: 2 ** 20 }),
  digits: () => data.loadMnist('test', { folder: path }),
}[what];
const outcome = await load().then(
  () => 'loaded',
  (error) => error.code,
);
clearInterval(timer);
peak = Math.max(peak, process.memoryUsage().rss);
process.stdout.write(JSON.stringify({ outcome, bytes: peak - before }));
