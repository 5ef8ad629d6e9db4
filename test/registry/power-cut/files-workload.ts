import { join } from 'node:path';
import { makeDirectory } from '../../../src/base/adapters/atomic-file.ts';
import { toHex } from '../../../src/base/bytes.ts';
import { defaultConfig } from '../../../src/base/config.ts';
import { loadServerKey } from '../../../src/cli/adapters/update-server-keys.ts';
import { writePrivateKey } from '../../../src/mup/adapters/key-files.ts';
import { es256 } from '../../../src/mup/adapters/noble-p256.ts';
import { loadHostKeys } from '../../../src/netconf/adapters/host-key-files.ts';
import { openImageRepository } from '../../../src/registry/adapters/image-directory.ts';
import { imageOf, manifestOf } from './images.ts';
import { say } from './say.ts';

/** What stands in files of its own: images that come and go, and keys that are made once. For `record`. */
const [directory = '', sayings = ''] = process.argv.slice(2);
const tell = say(sayings);

const serverKey = await loadServerKey(directory);
tell(`server-key ${toHex(es256.publicKeyOf(serverKey))}`);
const vendorKey = es256.generate();
await makeDirectory(join(directory, 'keys'));
await writePrivateKey(join(directory, 'keys', 'vendor.pem'), vendorKey);
tell(`vendor-key ${toHex(es256.publicKeyOf(vendorKey))}`);
const hostKeys = await loadHostKeys(join(directory, 'keys'));
tell(`host-keys ${hostKeys.map(({ fingerprint }) => fingerprint).join(',')}`);

const images = await openImageRepository(join(directory, 'images'), defaultConfig.images);
for (const i of [0, 1, 2, 1, 0]) {
  const { digest } = manifestOf(i);
  if ((await images.get(digest)) === undefined) {
    await images.add(manifestOf(i), imageOf(i));
    tell(`added ${digest}`);
  } else {
    tell(`removing ${digest}`);
    await images.remove(digest);
    tell(`removed ${digest}`);
  }
}
