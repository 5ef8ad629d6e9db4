import { utf8Length } from '../base/bytes.ts';
import type { DeviceDescription, Field, Operation, ScalarType, ValueType } from '../base/description.ts';
import { publishPacketSize } from '../mqtt/publish-packet.ts';
import { authenticatedHeaderBytes } from '../mup/authenticated-slices.ts';
import { sliceHeaderBytes } from '../mup/slices.ts';

/** Octets of MQTT that one IEEE 802.15.4 frame carries below 6LoWPAN (paper §5.4: fragments of 96). */
const frameOctets = 96;

/** RAM of the smallest devices that speak IP, class 1 of RFC 7228 §3: about 10 KiB. */
const smallRam = 10 * 1024;

/** Octets of a request id (mup-protocol §2). */
const requestIdOctets = 24;

/** Characters that a value of these types has at most. */
const characters: Readonly<Partial<Record<ScalarType['datatype'], number>>> = {
  boolean: 5,
  byte: 4,
  unsignedByte: 3,
  short: 6,
  unsignedShort: 5,
  int: 11,
  unsignedInt: 10,
  long: 20,
  unsignedLong: 20,
  decimal: 21,
  double: 21,
  dateTime: 35,
  date: 16,
};

/**
 * What a constrained device may not cope with, though the bridge would take its description.
 * @param description with `%s` for the UUID or without
 */
export function limitWarnings(description: DeviceDescription): string[] {
  const { operations, dataPoints } = description;
  const topics = new Set([...operations, ...dataPoints].map(({ topic }) => topic));
  return [
    ...operations.flatMap((operation) => operationWarnings(operation, description)),
    ...[...topics].flatMap(topicWarning),
    ...sliceWarnings(description),
  ];
}

function operationWarnings(operation: Operation, { maximumPacketSize }: DeviceDescription): string[] {
  const endless = sentInputs(operation).flatMap((field) => endlessFields(field));
  const warnings = endless.map(
    (name) =>
      `${operation.name}: the input ${name} may be of any length, and a device has a buffer; say onem2m:hasDataRestriction_maxLength`,
  );
  const octets = requestOctets(operation);
  if (octets === undefined || maximumPacketSize === undefined || octets <= maximumPacketSize) return warnings;
  return [
    ...warnings,
    `${operation.name}: a request may have ${octets} octets, and mup:maximumPacketSize is ${maximumPacketSize}`,
  ];
}

/** An image is for the bridge: it goes to the device in slices. */
function sentInputs({ inputs }: Operation): readonly Field[] {
  return inputs.filter(({ role }) => role !== 'image');
}

/** Names of the values without a greatest length. */
function endlessFields({ name, type }: Field): string[] {
  if (type.kind === 'structure') return type.fields.flatMap(endlessFields);
  return type.kind === 'scalar' && valueOctets(type) === undefined && type.patterns === undefined
    ? [name]
    : [];
}

/** The greatest request in the text of the profile; `undefined` where that cannot be told. */
function requestOctets(operation: Operation): number | undefined {
  const { topic, mqttMethod, encoding } = operation;
  if (encoding !== undefined && encoding !== 'fields') return undefined;
  const values = sentInputs(operation).map(({ type }) => valueOctets(type));
  if (values.includes(undefined)) return undefined;
  const sum = values.reduce<number>((total, octets) => total + 1 + (octets ?? 0), 0);
  return publishPacketSize(topic, requestIdOctets + 1 + mqttMethod.length + sum, {}, 4);
}

function valueOctets(type: ValueType): number | undefined {
  switch (type.kind) {
    case 'enumeration':
      return Math.max(0, ...type.values.map(({ name }) => utf8Length(name)));
    case 'structure': {
      const parts = type.fields.map((part) => valueOctets(part.type));
      if (parts.includes(undefined)) return undefined;
      return parts.reduce<number>((total, octets) => total + 1 + (octets ?? 0), 0);
    }
    case 'scalar':
      return characters[type.datatype] ?? textOctets(type);
  }
}

function textOctets({ datatype, maxLength }: ScalarType): number | undefined {
  if (maxLength === undefined) return undefined;
  if (datatype === 'hexBinary') return 2 * maxLength;
  return datatype === 'base64Binary' ? 4 * Math.ceil(maxLength / 3) : maxLength;
}

function topicWarning(topic: string): string[] {
  const octets = utf8Length(topic);
  if (octets <= frameOctets) return [];
  return [
    `topic ${topic}: its ${octets} octets do not fit one frame of IEEE 802.15.4, and travel with each message`,
  ];
}

function sliceWarnings({
  maxSliceSize,
  window = 1,
  maximumPacketSize,
  operations,
}: DeviceDescription): string[] {
  const inputTopic = operations.find(({ role }) => role === 'firmware')?.inputTopic;
  if (inputTopic === undefined) return [];
  if (maxSliceSize === undefined)
    return [
      'firmware: mup:maxSliceSize is not said, so that slices have as many octets as the bridge chooses',
    ];
  const manifest = operations.find(({ role }) => role === 'manifest');
  const authenticates = manifest?.inputs.some(({ role }) => role === 'sliceHash') === true;
  const headerBytes = authenticates ? authenticatedHeaderBytes : sliceHeaderBytes;
  const packet = publishPacketSize(inputTopic, headerBytes + maxSliceSize, { qos: 0 }, 4);
  return [
    ...(maximumPacketSize === undefined || packet <= maximumPacketSize
      ? []
      : [
          `firmware: a slice of ${maxSliceSize} octets makes a packet of ${packet}, and mup:maximumPacketSize is ${maximumPacketSize}; slices will be smaller`,
        ]),
    ...(maxSliceSize * window <= smallRam
      ? []
      : [
          `firmware: ${window} slices of ${maxSliceSize} octets on their way are more than the RAM of a class 1 device (RFC 7228)`,
        ]),
  ];
}
