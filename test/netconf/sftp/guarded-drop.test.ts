import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/base/logger.ts';
import { type UserAccess, unrestricted } from '../../../src/netconf/access/user-access.ts';
import { bridgeNamespace } from '../../../src/netconf/namespaces.ts';
import type { FileDrop } from '../../../src/netconf/sftp/file-drop.ts';
import { GuardedDrop } from '../../../src/netconf/sftp/guarded-drop.ts';

function guarded(access: Partial<UserAccess>) {
  const names: string[] = [];
  const drop: FileDrop = {
    put: async (_, name) => {
      names.push(name);
    },
    maxBytes: () => 7,
    list: async () => names.map((name) => ({ name, size: 1, modified: 0 })),
  };
  const policy = { forUser: () => ({ ...unrestricted, ...access }) };
  return { names, drop: new GuardedDrop(drop, policy, silentLogger) };
}

test('who may not call update-firmware puts no image', async () => {
  const mayCall = (namespace: string, name: string): boolean =>
    namespace !== bridgeNamespace || name !== 'update-firmware';
  const { drop, names } = guarded({ mayCall });
  await expect(drop.put('anna', 'a.bin', new Uint8Array(1), '192.0.2.1')).rejects.toMatchObject({
    code: 'access-denied',
  });
  expect(names).toEqual([]);
});

test('who may not read /mup:firmware sees no image', async () => {
  const { drop } = guarded({ mayRead: ([top]) => top?.name !== 'firmware' });
  await drop.put('anna', 'a.bin', new Uint8Array(1), '192.0.2.1');
  expect(await drop.list('anna')).toEqual([]);
});

test('others put and see them', async () => {
  const { drop } = guarded({});
  await drop.put('anna', 'a.bin', new Uint8Array(1), '192.0.2.1');
  expect(await drop.list('anna')).toHaveLength(1);
  expect(drop.maxBytes('a.bin')).toBe(7);
});
