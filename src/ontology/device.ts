import { type DataPoint, type DeviceDescription, type Profile, profiles } from '../base/description.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { Assembly } from './assembly.ts';
import { uuidPlaceholder } from './description-template.ts';
import { deviceProperties } from './device-properties.ts';
import { dataPointWire } from './encodings.ts';
import { valueType } from './fields.ts';
import { measuring, remarkUnrealised } from './functionalities.ts';
import { checkNames, sortBy } from './names.ts';
import { assembleOperations, firstText } from './operations.ts';
import { localName, show, type Term } from './rdf.ts';
import type { Facts } from './reading.ts';
import type { Report } from './report.ts';
import { offersOf, servicesOf } from './services.ts';
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
  const services = servicesOf(device, assembly);
  const members = membersOf(device, facts, report);
  const profile =
    members === undefined ? spokenProfile(device, facts) : virtualProfile(device, facts, report);
  const offered = offersOf(services, 'operation', maxOperations, assembly);
  const context = { profile, uuidProperty: facts.device.one(device, 'uuidProperty') };
  const properties = deviceProperties(device, assembly);
  const { operations, owners } = assembleOperations(offered, context, assembly);
  const { dataPoints, measured } = assembleDataPoints(services, profile, maxOperations, assembly);
  remarkUnrealised(device, services, [...owners, ...measured], assembly);
  return {
    // The placeholder, or what `instantiate` compares with the device's own.
    uuid: (facts.device.text(device, 'uuid') ?? '') as DeviceUuid,
    category: category(facts.device.text(device, 'category') ?? '', report),
    ...assembly.text(device),
    profile,
    ...numbers(device, facts),
    ...(properties.length === 0 ? {} : { properties }),
    operations,
    dataPoints,
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

/** Data points in the order of the module, and the functionalities that describe them. */
function assembleDataPoints(
  services: readonly Term[],
  profile: Profile,
  most: number,
  assembly: Assembly,
): { readonly dataPoints: readonly DataPoint[]; readonly measured: readonly Term[] } {
  const { report } = assembly;
  const { nodes, place } = offersOf(services, 'dataPoint', most, assembly);
  const points = sortBy(nodes, (node) => [place(node), ...assembly.order(node)]);
  const names = points.map(({ value }) => localName(value));
  checkNames(points, names, [], report);
  const functionalities = points.map((node) => measuring(node, services, assembly));
  const dataPoints = points.map((node, i) => {
    const type = valueType(node, assembly);
    return {
      name: names[i] ?? '',
      ...firstText([node, ...(functionalities[i] ?? [])], assembly),
      type,
      ...assembly.units(node),
      topic: namedTopic(node, profile, deviceTopic, assembly),
      ...dataPointWire(node, type, profile, assembly),
    };
  });
  return { dataPoints, measured: functionalities.flat() };
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
