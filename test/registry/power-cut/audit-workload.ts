import { join } from 'node:path';
import { LineFiles } from '../../../src/base/adapters/line-files.ts';
import { say } from './say.ts';

/** Entries of an audit log, one after the other, in several files; for `record`. */
const [directory = '', sayings = ''] = process.argv.slice(2);
const tell = say(sayings);

const log = new LineFiles({
  directory: join(directory, 'audit'),
  fileBytes: 2000,
  maxBytes: 1e6,
  durable: true,
});
await log.open();
for (let n = 0; n < 24; n += 1) {
  await log.append(`{"n":${n},"x":"${'x'.repeat(n * 20)}"}\n`);
  tell(`wrote ${n}`);
}
