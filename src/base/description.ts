import type { DeviceUuid } from './ids.ts';

/**
 * What a device can do, as the ontology pipeline reads it from a JSON-LD description with SPARQL and as
 * the YANG generator, the bridge and the device agent understand it. Pure data (it crosses a worker
 * boundary and a store), without order left to chance: arrays are in the order of the YANG module.
 */

/** The message profile a device speaks (mup-protocol, introduction). */
export type Profile = 'mup' | 'myno';

/**
 * What an operation is to the update protocol, said by its class in the ontology (`mup:TokenOperation`,
 * `mup:ManifestOperation`, `mup:FirmwareOperation`); all other operations are `generic`.
 */
export type OperationRole = 'generic' | 'token' | 'manifest' | 'firmware';

/**
 * What a field means to the update protocol, said by `mup:represents` in the ontology. The local names
 * of the ontology's individuals, first letter in lower case.
 */
export const fieldRoles = [
  'suite',
  'appId',
  'linkOffset',
  'imageDigest',
  'imageSize',
  'newVersion',
  'oldVersion',
  'innerSignature',
  'deviceUuid',
  'nonce',
  'outerSignature',
  'firmwareVersion',
  'image',
] as const;
export type FieldRole = (typeof fieldRoles)[number];

/** XSD data types a field may have (local names of `http://www.w3.org/2001/XMLSchema#`). */
export const datatypes = [
  'string',
  'boolean',
  'decimal',
  'double',
  'byte',
  'short',
  'int',
  'long',
  'unsignedByte',
  'unsignedShort',
  'unsignedInt',
  'unsignedLong',
  'hexBinary',
  'base64Binary',
  'anyURI',
  'dateTime',
  'date',
  'duration',
] as const;
export type Datatype = (typeof datatypes)[number];

/** One value of an enumeration or one state of an operation, with what it means. */
export interface EnumValue {
  readonly name: string;
  readonly text?: string;
}

/** A scalar's type. Bounds are decimal texts, so that 64-bit and decimal values stay exact. */
export interface ScalarType {
  readonly kind: 'scalar';
  readonly datatype: Datatype;
  readonly minInclusive?: string;
  readonly maxInclusive?: string;
  readonly minExclusive?: string;
  readonly maxExclusive?: string;
  /** Length in characters (string) or octets (binary). */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** XSD regular expressions; the value matches all of them. */
  readonly patterns?: readonly string[];
  /** `decimal` only: fraction digits, 1 to 18. */
  readonly fractionDigits?: number;
}

/** A closed set of values. */
export interface EnumerationType {
  readonly kind: 'enumeration';
  readonly values: readonly EnumValue[];
}

/** A sub-structure: becomes a YANG container, and its leaves follow one another on the wire. */
export interface StructureType {
  readonly kind: 'structure';
  readonly fields: readonly Field[];
}

export type ValueType = ScalarType | EnumerationType | StructureType;

/** One input or output of an operation, or a part of a sub-structure. */
export interface Field {
  /** Local name of the individual's IRI, without the numeric ordering prefix of older descriptions. */
  readonly name: string;
  readonly text?: string;
  readonly type: ValueType;
  readonly mandatory: boolean;
  readonly units?: string;
  readonly default?: string;
  readonly role?: FieldRole;
}

/** One operation of a device: one RPC of its module. */
export interface Operation {
  /** RPC name: the local name of the functionality's IRI, verbatim. */
  readonly name: string;
  readonly text?: string;
  readonly role: OperationRole;
  readonly mqttMethod: string;
  /** Request topic, complete (`/<uuid>` appended where the description left it out). */
  readonly topic: string;
  /** Topic of the answer: `mup/response/<uuid>`, `response/<uuid>`, or what the description names. */
  readonly answerTopic: string;
  /** Inputs in wire order, the target UUID left out. */
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];
  /** States the operation answers with; `retval` of the module. Empty: any text. */
  readonly states: readonly EnumValue[];
  /** Topic of the input data point (firmware slices), complete. */
  readonly inputTopic?: string;
  /** Topic on which slices are acknowledged, complete. */
  readonly acknowledgementTopic?: string;
}

/** A measurement that the device publishes by itself. */
export interface DataPoint {
  /** Local name of the output data point's IRI. */
  readonly name: string;
  readonly text?: string;
  readonly type: ValueType;
  readonly units?: string;
  /** Topic, complete. */
  readonly topic: string;
}

/** All that a device says of itself. */
export interface DeviceDescription {
  /** In a template, the placeholder (`ontology/description-template`). */
  readonly uuid: DeviceUuid;
  /** Category, from which the YANG module's name is derived. */
  readonly category: string;
  readonly text?: string;
  readonly profile: Profile;
  /** Octets of image in one slice (`mup:maxSliceSize`). */
  readonly maxSliceSize?: number;
  /** Slices that may be in flight (`mup:window`). */
  readonly window?: number;
  /** Octets of the largest MQTT packet the device takes, header and topic included. */
  readonly maximumPacketSize?: number;
  readonly operations: readonly Operation[];
  readonly dataPoints: readonly DataPoint[];
  /** What the description says and the bridge does not use, for its author. */
  readonly remarks: readonly string[];
}
