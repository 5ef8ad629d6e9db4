import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { openStateDirectory } from '../../src/device/adapters/state-directory.ts';
import { formatRecord, parseRecord } from '../../src/device/device-record.ts';
import { Firmware } from '../../src/device/firmware.ts';
import type { Slot } from '../../src/device/store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { image, serverKey, strangerKey, unsigned, uuid, vendorKey } from './bench-device.ts';

const factory = { uuid, appId: 'APP', firmwareVersion: 1, vendorKey };
const deps = { startSha256, logger: silentLogger };

async function contentOf(slot: Slot): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of slot.read()) parts.push(part);
  return concatBytes(parts);
}

async function newDirectory(): Promise<string> {
  return join(await temporaryDirectory(), 'a', 'device');
}

describe('the state directory', () => {
  test('it is made with all above it, and nobody but its owner can read it', async () => {
    const path = await newDirectory();
    const store = await openStateDirectory(path);
    await store.writeRecord(utf8('x'));
    store.slots.a.write(0, image);
    store.slots.b.write(0, image);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const names = (await readdir(path)).sort();
    expect(names).toEqual(['device.json', 'device.pid', 'slot-a.bin', 'slot-b.bin']);
    for (const name of names) expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('slots and record are found again, and a slot goes on where it ended', async () => {
    const path = await newDirectory();
    const before = await openStateDirectory(path);
    expect(await before.readRecord()).toBeUndefined();
    expect(await before.slots.b.length()).toBe(0);
    expect(await contentOf(before.slots.b)).toHaveLength(0);
    await before.writeRecord(utf8('first'));
    await before.writeRecord(utf8('second'));
    before.slots.b.write(0, image.subarray(0, 600));
    await before.slots.b.sync();
    await before.close();
    const after = await openStateDirectory(path);
    after.slots.b.write(600, image.subarray(600));
    expect(await after.slots.b.length()).toBe(1000);
    expect(await contentOf(after.slots.b)).toEqual(image);
    expect(Buffer.from((await after.readRecord()) ?? []).toString()).toBe('second');
    await after.slots.b.empty();
    expect(await after.slots.b.length()).toBe(0);
    await after.close();
  });

  test('a slot larger than one part is read whole', async () => {
    const store = await openStateDirectory(await newDirectory());
    const large = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
    store.slots.a.write(0, large);
    expect(Buffer.from(await contentOf(store.slots.a)).equals(large)).toBe(true);
    await store.close();
  });

  test('a half-written record beside the real one is not read', async () => {
    const path = await newDirectory();
    const store = await openStateDirectory(path);
    await store.writeRecord(utf8('whole'));
    await writeFile(join(path, 'device.json.new'), 'ha');
    expect(Buffer.from((await store.readRecord()) ?? []).toString()).toBe('whole');
    await store.writeRecord(utf8('next'));
    expect((await readdir(path)).sort()).toEqual(['device.json', 'device.pid']);
    await store.close();
  });

  test('one process has it, until it is closed', async () => {
    const path = await temporaryDirectory();
    const store = await openStateDirectory(path);
    expect(await readdir(path)).toContain('device.pid');
    await store.close();
    expect(await readdir(path)).not.toContain('device.pid');
    await writeFile(join(path, 'device.pid'), `${process.ppid}\n`);
    await expect(openStateDirectory(path)).rejects.toMatchObject({
      code: 'state-in-use',
      message: `the device with process id ${process.ppid} uses this state directory`,
    });
  });

  test('a directory that cannot be made is named in the error', async () => {
    const path = await temporaryDirectory();
    await writeFile(join(path, 'file'), '');
    await expect(openStateDirectory(join(path, 'file', 'device'))).rejects.toMatchObject({
      code: 'state-directory',
      where: join(path, 'file', 'device'),
    });
    await chmod(path, 0o700);
  });
});

describe('firmware in a state directory', () => {
  test('version, slot and keys are those of before after each restart', async () => {
    const path = await newDirectory();
    const store = await openStateDirectory(path);
    const firmware = await Firmware.open(store, factory, deps);
    await firmware.keepServerKey({ key: serverKey, epoch: 3 });
    await firmware.begin(unsigned);
    firmware.write(0, image.subarray(0, 400));
    await store.close();

    const second = await openStateDirectory(path);
    const interrupted = await Firmware.open(second, factory, deps);
    const transfer = await interrupted.boot();
    expect(transfer?.received).toBe(400);
    transfer?.hash.update(image.subarray(400));
    expect(transfer?.hash.digest()).toBe(unsigned.digest);
    interrupted.write(400, image.subarray(400));
    await interrupted.seal(unsigned);
    await second.close();

    const third = await openStateDirectory(path);
    const updated = await Firmware.open(third, factory, deps);
    expect(await updated.boot()).toBeUndefined();
    expect(updated.record).toEqual({
      uuid,
      appId: 'APP',
      version: 2,
      activeSlot: 'b',
      vendorKey,
      vendorKeyCounter: 0,
      firstVendorKey: vendorKey,
      serverKey: { key: serverKey, epoch: 3 },
      transfer: undefined,
      pendingBoot: undefined,
    });
    expect(new Uint8Array(await readFile(join(path, 'slot-b.bin')))).toEqual(image);
    await third.close();
  });

  test('the key that follows the vendor key is there after a restart, whichever of the two is given then', async () => {
    const store = await openStateDirectory(await newDirectory());
    const firmware = await Firmware.open(store, factory, deps);
    await firmware.keepServerKey({ key: serverKey, epoch: 3 });
    await Promise.all([firmware.keepVendorKey(strangerKey, 2), firmware.begin(unsigned)]);
    for (const given of [vendorKey, strangerKey]) {
      const { record } = await Firmware.open(store, { ...factory, vendorKey: given }, deps);
      expect(record).toMatchObject({
        vendorKey: strangerKey,
        vendorKeyCounter: 2,
        firstVendorKey: vendorKey,
        // What the key before endorsed is held, and nothing has to be newer than it.
        serverKey: { key: serverKey, epoch: 0 },
        transfer: { digest: unsigned.digest },
      });
    }
    await store.close();
  });

  test('more bytes than the image has are not gone on with', async () => {
    const store = await openStateDirectory(await newDirectory());
    const firmware = await Firmware.open(store, factory, deps);
    await firmware.begin(unsigned);
    store.slots.b.write(0, new Uint8Array(1001));
    expect(await firmware.boot()).toBeUndefined();
    expect(await store.slots.b.length()).toBe(0);
    expect(firmware.record.transfer).toBeUndefined();
    await store.close();
  });

  test("another device's state is not taken over", async () => {
    const store = await openStateDirectory(await newDirectory());
    await Firmware.open(store, factory, deps);
    for (const other of [{ uuid: deviceUuid('OTHER') }, { appId: 'OTHER' }, { vendorKey: strangerKey }])
      await expect(Firmware.open(store, { ...factory, ...other }, deps)).rejects.toMatchObject({
        code: 'device-state-foreign',
      });
    await store.close();
  });

  test('a record from before it named its device is kept for the one that takes it up', async () => {
    const store = await openStateDirectory(await newDirectory());
    const { record } = await Firmware.open(store, factory, deps);
    await store.writeRecord(formatRecord({ ...record, uuid: undefined }));
    await Firmware.open(store, factory, deps);
    expect(parseRecord((await store.readRecord()) ?? new Uint8Array()).uuid).toBe(uuid);
    await store.close();
  });

  test('a vendor key may come later, and stays when it is not given again', async () => {
    const store = await openStateDirectory(await newDirectory());
    const none = { uuid, appId: 'APP', firmwareVersion: 1 };
    expect((await Firmware.open(store, none, deps)).record.vendorKey).toBeUndefined();
    await Firmware.open(store, factory, deps);
    expect((await Firmware.open(store, none, deps)).record.vendorKey).toEqual(vendorKey);
    await store.close();
  });
});

describe('the record', () => {
  const whole = {
    uuid,
    appId: 'APP',
    version: 2,
    activeSlot: 'a' as const,
    vendorKey: strangerKey,
    vendorKeyCounter: 4,
    firstVendorKey: vendorKey,
    serverKey: { key: serverKey, epoch: 1 },
    transfer: { digest: unsigned.digest, size: 7, newVersion: 3 },
    pendingBoot: undefined,
    described: { digest: unsigned.digest, counter: 3 },
  };

  test('what is written is read', () => {
    expect(parseRecord(formatRecord(whole))).toEqual(whole);
  });

  test('one of format 1 has the vendor key that the device was made with', () => {
    const { vendorKeyCounter: _, firstVendorKey: __, ...before } = whole;
    const json = { format: 1, ...before, vendorKey: toHex(vendorKey), serverKey: undefined };
    expect(parseRecord(utf8(JSON.stringify(json)))).toMatchObject({
      vendorKey,
      vendorKeyCounter: 0,
      firstVendorKey: vendorKey,
    });
  });

  test('a damaged one is an error that says where, not a new device', () => {
    const text = Buffer.from(formatRecord(whole)).toString();
    const damages: readonly [string, string, string][] = [
      ['"format": 2', '"format": 3', 'format'],
      ['"version": 2', '"version": -2', 'version'],
      ['"version": 2', '"version": "2"', 'version'],
      ['"activeSlot": "a"', '"activeSlot": "c"', 'activeSlot'],
      ['"counter": 3', '"counter": -3', 'described.counter'],
      ['"appId": "APP"', '"appId": 5', 'appId'],
      [`"uuid": "${uuid}"`, '"uuid": "a/b"', 'uuid'],
      ['"epoch": 1', '"epoch": 1.5', 'serverKey.epoch'],
      ['"key": "', '"key": "00', 'serverKey.key'],
      ['"size": 7', '"size": null', 'transfer.size'],
      ['"digest": "', '"digest": "X', 'transfer.digest'],
    ];
    for (const [from, to, where] of damages) {
      const damaged = text.replace(from, to);
      expect(damaged).not.toBe(text);
      expect(() => parseRecord(utf8(damaged))).toThrow(
        expect.objectContaining({ code: 'device-state-damaged', where }),
      );
    }
    for (const other of ['', 'null', '[]', '1', text.slice(0, -3)])
      expect(() => parseRecord(utf8(other))).toThrow(
        expect.objectContaining({ code: 'device-state-damaged', where: 'the record' }),
      );
  });
});
