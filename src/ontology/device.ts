import { type DataPoint, type DeviceDescription, type Profile, profiles } from '../base/description.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { Assembly } from './assembly.ts';
import { uuidPlaceholder } from './description-template.ts';
import { dataPointWire } from './encodings.ts';
import { valueType } from './fields.ts';
import { checkNames, sortBy } from './names.ts';
import { assembleOperations, firstText } from './operations.ts';
import { localName, show, type Term, termKey } from './rdf.ts';
import type { Facts } from './reading.ts';
import type { Report } from './report.ts';
import { deviceTopic, namedTopic } from './topics.ts';
import { membersOf } from './virtual-members.ts';

/** A description from the solutions of the queries; faults go to the report. Remarks are left empty. */
export function assembleDevice(
  facts: Facts,
  report: Report,
  maxOperations: number,
): DeviceDescription | undefined {
  const device = theDevice(facts, report);
  if (device === undefined) return undefined;
  const assembly = new Assembly(facts, report);
  const services = reachableServices(device, facts);
  const members = membersOf(device, facts, report);
  const profile = members === undefined ? spokenProfile(device, facts) : virtualProfile(device, facts, report);
  const operations = offers(services, 'operation', maxOperations, facts, report);
  const context = { profile, uuidProperty: facts.device.one(device, 'uuidProperty') };
  return {
    // The placeholder, or what `instantiate` compares with the device's own.
    uuid: (facts.device.text(device, 'uuid') ?? '') as DeviceUuid,
    category: category(facts.device.text(device, 'category') ?? '', report),
    ...assembly.text(device),
    profile,
    ...numbers(device, facts),
    operations: assembleOperations(operations, context, assembly),
    dataPoints: assembleDataPoints(services, profile, maxOperations, assembly),
    ...(members === undefined ? {} : { members }),
    remarks: [],
  };
}

function spokenProfile(device: Term, { device: facts }: Facts): Profile {
  return profiles.find((one) => one === facts.text(device, 'profile')) ?? 'myno';
}

/** Each member speaks a profile of its own. */
function virtualProfile(device: Term, { device: facts }: Facts, report: Report): Profile {
  const given = facts.text(device, 'profile');
  if (given !== undefined)
    report.fault(
      device,
      'mup:profile',
      JSON.stringify(given),
      'no mup:profile, or no onem2m:consistsOf',
      'A device that consists of others is virtual: there are no messages for it to speak.',
    );
  return 'virtual';
}

function theDevice(facts: Facts, report: Report): Term | undefined {
  const [device, ...others] = facts.device.subjects('uuid');
  if (device !== undefined && others.length === 0) return device;
  report.fault(
    'the document',
    'rdf:type',
    device === undefined ? 'no individual of the class' : [device, ...others].map(show).join(', '),
    'one individual of the class onem2m:Device',
    'A description describes one device.',
  );
  return undefined;
}

/** Services and sub-services at any depth; a service that contains itself is met once. */
function reachableServices(device: Term, { device: devices, services }: Facts): Term[] {
  const reached = new Map<string, Term>();
  const waiting = [...devices.all(device, 'service')];
  for (let service = waiting.pop(); service !== undefined; service = waiting.pop()) {
    if (reached.has(termKey(service))) continue;
    reached.set(termKey(service), service);
    waiting.push(...services.all(service, 'subService'));
  }
  return sortBy([...reached.values()], (service) => [termKey(service)]);
}

/** What all services offer of one kind, each once. */
function offers(
  services: readonly Term[],
  kind: 'operation' | 'dataPoint',
  most: number,
  facts: Facts,
  report: Report,
): Term[] {
  const offered = services.flatMap((service) => facts.services.all(service, kind));
  const distinct = [...new Map(offered.map((term) => [termKey(term), term])).values()];
  if (distinct.length > most)
    report.fault(
      'the document',
      kind,
      String(distinct.length),
      `at most ${most}`,
      'The device offers too much.',
    );
  return distinct.slice(0, most);
}

function assembleDataPoints(
  services: readonly Term[],
  profile: Profile,
  most: number,
  assembly: Assembly,
): readonly DataPoint[] {
  const { facts, report } = assembly;
  const points = sortBy(offers(services, 'dataPoint', most, facts, report), (node) => [
    Number(facts.fields.text(node, 'order') ?? Number.POSITIVE_INFINITY),
    localName(node.value),
    termKey(node),
  ]);
  const names = points.map(({ value }) => localName(value));
  checkNames(points, names, [], report);
  return points.map((node, i) => {
    const type = valueType(node, assembly);
    return {
      name: names[i] ?? '',
      ...firstText([node, ...measuring(node, services, facts)], assembly),
      type,
      ...assembly.units(node),
      topic: namedTopic(node, profile, deviceTopic, assembly),
      ...dataPointWire(node, type, profile, assembly),
    };
  });
}

/** The functionality a data point is for: that of its service, where the service has but one. */
function measuring(point: Term, services: readonly Term[], facts: Facts): readonly Term[] {
  const service = services.find((one) =>
    facts.services.all(one, 'dataPoint').some((offered) => termKey(offered) === termKey(point)),
  );
  if (service === undefined || facts.services.all(service, 'dataPoint').length !== 1) return [];
  const functionalities = facts.services.all(service, 'functionality');
  return functionalities.length === 1 ? functionalities : [];
}

/** The category names a module that all devices of its kind share, so the UUID is cut out (design, Names). */
function category(text: string, report: Report): string {
  const name = text
    .split(uuidPlaceholder)
    .join('')
    .replace(/^[\s_.-]+|[\s_.-]+$/g, '');
  if (name === '' || name.length > 64)
    report.fault(
      'myno:deviceCategory',
      'onem2m:hasValue',
      JSON.stringify(text),
      '1 to 64 characters besides the UUID',
      'The category names the kind of device.',
    );
  return name;
}

function numbers(
  device: Term,
  { device: facts }: Facts,
): Pick<DeviceDescription, 'maxSliceSize' | 'window' | 'maximumPacketSize'> {
  const keys = ['maxSliceSize', 'window', 'maximumPacketSize'] as const;
  const given = keys.flatMap((key) => {
    const text = facts.text(device, key);
    return text === undefined ? [] : [[key, Number(text)] as const];
  });
  return Object.fromEntries(given);
}
