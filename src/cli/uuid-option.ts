import { UsageError } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import type { CommandArguments } from './arguments.ts';

/**
 * The device UUID that an option names.
 * @throws UsageError `bad-option`
 */
export function uuidOption(args: CommandArguments, name: string): DeviceUuid {
  const uuid = args.required(name);
  if (isDeviceUuid(uuid)) return uuid;
  throw new UsageError('bad-option', `${JSON.stringify(uuid.slice(0, 80))} is not a device UUID`, {
    where: `--${name}`,
    hint: 'A device UUID is 1 to 64 letters, digits and hyphens and starts with a letter or digit.',
  });
}
