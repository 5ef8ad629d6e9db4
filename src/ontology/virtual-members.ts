import type { Members } from '../base/description.ts';
import { isDeviceUuid } from '../base/ids.ts';
import type { Term } from './rdf.ts';
import type { Facts } from './reading.ts';
import type { Report } from './report.ts';

/** UUIDs and categories that one virtual device may name. */
const maxNamed = 256;

/** What a device consists of, each once and in order; `undefined` for one that is not virtual. */
export function membersOf(device: Term, { device: facts }: Facts, report: Report): Members | undefined {
  const members = facts.all(device, 'member');
  if (members.length === 0) return undefined;
  const named = (key: string): string[] =>
    [...new Set(members.flatMap((member) => facts.all(member, key)).map(({ value }) => value))].sort();
  const uuids = named('memberUuid').filter(isDeviceUuid);
  const categories = named('memberCategory');
  const count = uuids.length + categories.length;
  if (count > maxNamed)
    report.fault(
      device,
      'onem2m:consistsOf',
      String(count),
      `at most ${maxNamed}`,
      'A virtual device names too many devices and categories; a category stands for any number of devices.',
    );
  return { uuids: uuids.slice(0, maxNamed), categories: categories.slice(0, maxNamed) };
}
