import type { DeviceUuid } from '../base/ids.ts';
import type { UserAccess } from '../netconf/access/user-access.ts';
import type { DataPath } from '../netconf/data-path.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';

/** Where a device stands in the data: `/mup:devices/device[uuid]`. */
export function devicePath(uuid: DeviceUuid): DataPath {
  return [
    { namespace: bridgeNamespace, name: 'devices' },
    { namespace: bridgeNamespace, name: 'device', keys: { uuid } },
  ];
}

/** Whether a user may know of a device: one that may not does not find it anywhere. */
export function maySee(access: UserAccess, uuid: DeviceUuid): boolean {
  return access.mayRead(devicePath(uuid));
}
