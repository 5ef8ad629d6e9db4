import type { DeviceDescription } from '../base/description.ts';
import { leaves } from '../base/leaves.ts';
import { es256Suite } from './suites.ts';

/**
 * The codes of the suites that a device understands: the values of the input of its manifest operation that
 * represents `mup:Suite`. One that lists none, or has no such input as those of the prototype, knows `1` alone.
 */
export function describedSuites({ operations }: Pick<DeviceDescription, 'operations'>): readonly string[] {
  const manifest = operations.find(({ role }) => role === 'manifest');
  const type = leaves(manifest?.inputs ?? []).find(({ role }) => role === 'suite')?.type;
  return type?.kind === 'enumeration' ? type.values.map(({ name }) => name) : [es256Suite];
}
