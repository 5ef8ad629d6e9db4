import type { DeviceDescription } from '../../src/base/description.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { description as prototype } from '../bridge/bench-myno.ts';
import { authenticating, description } from '../device/bench-device.ts';
import type { Plan, Who } from './plan.ts';

/** A description of the prototype is sent in this many pieces and END, 5 s apart. */
const prototypePieces = 2;

/** What all devices of a run publish; the reader of the runs knows what it means. */
export function describedAs({ profile }: Plan): string {
  return profile === 'mup'
    ? '{"the description of": "%s"}'
    : `{"the prototype's": "%s"}`.padEnd(4054 * prototypePieces);
}

/** The device of a run, as the reader understands it. */
export function exampleDevice({ authenticates, profile }: Plan): DeviceDescription {
  if (profile === 'myno') return prototype;
  return authenticates ? authenticating : description;
}

/** The UUID of `d1`, `d2`, … */
export function uuidOf(who: Who): DeviceUuid {
  return deviceUuid(`F97DF79-8A12-4F4F-8F69-00000000000${who.slice(1)}`);
}

/** The name of a UUID of {@link uuidOf}. */
export function nameOf(uuid: string): Who {
  return `d${uuid.slice(-1)}`;
}
