import type { DeviceUuid } from './ids.ts';

/**
 * What a device can do, as the ontology pipeline reads it from a JSON-LD description with SPARQL and as
 * the YANG generator, the bridge and the device agent understand it. Pure data (it crosses a worker
 * boundary and a store), without order left to chance: arrays are in the order of the YANG module.
 */

/**
 * The messages a device speaks: `mup` and `myno` (mup-protocol, introduction), or `native` for an MQTT device
 * that was never made for this bridge. It knows no request ids: a request is a bare message on the
 * operation's topic, and the operation says how its call ends ({@link Answered}) and how payloads are written
 * ({@link Encoding}). Its topics need not hold the device's UUID, so that only an operator may install its
 * description; one that comes over MQTT is refused. `virtual`: the device is none, but consists of others
 * ({@link Members}) that each speak a profile of their own.
 */
export const profiles = ['mup', 'myno', 'native', 'virtual'] as const;
export type Profile = (typeof profiles)[number];

/**
 * How a payload is written: as the profile's own text (`fields`), as one JSON value (`json`), or as the bare
 * text of the one value there is (`raw`).
 */
export const encodings = ['fields', 'json', 'raw'] as const;
export type Encoding = (typeof encodings)[number];

/**
 * How a call ends: with an answer that brings the request id or correlation data back (`response`), with the
 * next message on the answer topic, which carries the outputs (`state`), or once the broker has
 * acknowledged the request (`none`).
 */
export const answerKinds = ['response', 'state', 'none'] as const;
export type Answered = (typeof answerKinds)[number];

/**
 * A part of a request that is the same in every call.
 * - `json`: `value` is a JSON text, and `pointer` (RFC 6901) its place in the payload.
 * - `raw`: `value` is the payload, and `pointer` is empty.
 */
export interface Constant {
  readonly pointer: string;
  readonly value: string;
}

/**
 * What an operation is to the update protocol, said by its class in the ontology (`mup:TokenOperation`,
 * `mup:ManifestOperation`, `mup:FirmwareOperation`, `mup:VendorKeyOperation`); all other operations are `generic`.
 */
export const operationRoles = ['generic', 'token', 'manifest', 'firmware', 'vendor-key'] as const;
export type OperationRole = (typeof operationRoles)[number];

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
  'sliceSize',
  'sliceHash',
  'outerSignature',
  'firmwareVersion',
  'newVendorKey',
  'vendorKeyCounter',
  'vendorKeySignature',
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
  /** What the values are in a JSON payload, where they are no strings: `int` for `1`, `boolean` for `true`. */
  readonly datatype?: Datatype;
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
  /**
   * JSON Pointer (RFC 6901) of the value in a JSON payload or, for a part of a sub-structure, in the value
   * of that structure; empty for the whole of it. Without one: the member that has the field's name.
   */
  readonly pointer?: string;
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
  /** How the request is written; `fields` where it is absent. */
  readonly encoding?: Encoding;
  /** How the answer is written; as the request where it is absent. */
  readonly answerEncoding?: Encoding;
  /** How a call ends; `response` where it is absent. */
  readonly answered?: Answered;
  /** What always travels with the request, in the order of their pointers. */
  readonly constants?: readonly Constant[];
  /** QoS of the request, where the description names one. */
  readonly qos?: 0 | 1 | 2;
  /** Whether the broker keeps the request for those who subscribe later; it does not where this is absent. */
  readonly retain?: boolean;
}

/** A measurement that the device publishes by itself. */
export interface DataPoint {
  /** Local name of the output data point's IRI. */
  readonly name: string;
  readonly text?: string;
  readonly type: ValueType;
  readonly units?: string;
  /** Topic, complete. Several data points may share one: a JSON message brings many measurements. */
  readonly topic: string;
  /** How messages are written; `fields`, which for one value is its text, where it is absent. */
  readonly encoding?: Encoding;
  /** JSON Pointer (RFC 6901) of the value in a JSON payload; the whole payload where it is absent. */
  readonly pointer?: string;
}

/**
 * What a virtual device consists of: these devices, and all that are registered with one of the categories when
 * it is asked. None of them need be there when the virtual device is installed.
 */
export interface Members {
  readonly uuids: readonly DeviceUuid[];
  readonly categories: readonly string[];
}

/** A fact about a device that its description states, such as its maker: a thing property with a value. */
export interface DeviceProperty {
  /** Local name of the thing property's IRI. */
  readonly name: string;
  readonly text?: string;
  readonly value: string;
  readonly units?: string;
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
  /** Facts about the device; each device's own, so no part of the module. */
  readonly properties?: readonly DeviceProperty[];
  readonly operations: readonly Operation[];
  readonly dataPoints: readonly DataPoint[];
  /**
   * A virtual device's: a call goes to each member that has an operation of that name, and what the members
   * measure is what it measures. Its own operations and data points have no topics (empty texts). Only an
   * operator may install its description.
   */
  readonly members?: Members;
  /** What the description says and the bridge does not use, for its author. */
  readonly remarks: readonly string[];
}
