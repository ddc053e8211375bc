// The other side of folderLock.test.ts: takes a folder, says so, and goes on until it is killed.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { FolderLock } from '../../dist/io/folderLock.js';

const folder = isMainThread ? process.argv[2] : workerData;
await FolderLock.acquire(folder);
if (isMainThread) process.stdout.write('taken\n');
else parentPort?.postMessage('taken');
setInterval(() => {}, 1000);
