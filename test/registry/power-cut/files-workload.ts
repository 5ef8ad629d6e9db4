import { join } from 'node:path';
import { makeDirectory } from '../../../src/base/adapters/atomic-file.ts';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { defaultConfig } from '../../../src/base/config.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { loadServerKey } from '../../../src/cli/adapters/update-server-keys.ts';
import { openStateDirectory } from '../../../src/device/adapters/state-directory.ts';
import { writePrivateKey } from '../../../src/mup/adapters/key-files.ts';
import { es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { datastoreFile } from '../../../src/netconf/adapters/datastore-file.ts';
import { loadHostKeys } from '../../../src/netconf/adapters/host-key-files.ts';
import { openImageRepository } from '../../../src/registry/adapters/image-directory.ts';
import { imageOf, manifestOf } from './images.ts';
import { say } from './say.ts';

/**
 * What stands in files of its own, for `record`: keys that are made once, the startup configuration, the slot and
 * the record of a device, images that come and go.
 */
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

const startup = datastoreFile(join(directory, 'datastore', 'startup.xml'));
for (const i of [1, 2]) {
  await startup.save(`<config>${i}</config>`);
  tell(`startup <config>${i}</config>`);
}

const device = await openStateDirectory(join(directory, 'device'));
await device.slots.b.empty();
device.slots.b.write(0, imageOf(0).subarray(0, 1000));
device.slots.b.write(1000, imageOf(0).subarray(1000));
await device.slots.b.sync();
await device.writeRecord(utf8('slot b'));
tell('device slot b');
await device.close();

const images = await openImageRepository(join(directory, 'images'), defaultConfig.images, silentLogger);
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
