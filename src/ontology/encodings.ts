import {
  answerKinds,
  type Constant,
  type DataPoint,
  type Encoding,
  encodings,
  type Field,
  type Operation,
  type Profile,
  type ValueType,
} from '../base/description.ts';
import type { Assembly } from './assembly.ts';
import { sortBy } from './names.ts';
import { remarkPointers } from './pointers.ts';
import type { Term } from './rdf.ts';
import { writtenValue } from './written-value.ts';

/** How payloads are written and how calls end: what native devices say, and others never need to. */

type Wire = Pick<Operation, 'encoding' | 'answerEncoding' | 'answered' | 'constants' | 'qos' | 'retain'>;

/** What of an operation its encoding is chosen by. */
interface Call {
  readonly node: Term;
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];
}

/** The terms that only a native device has a use for. */
const nativeTerms = ['encoding', 'answerEncoding', 'answered', 'constant', 'qos', 'retain'] as const;

/**
 * What an operation says of its messages. A request of a profile with request ids is that profile's text, so
 * the terms are refused there: a description that means something else would be misunderstood in silence.
 */
export function wireOf(call: Call, profile: Profile, assembly: Assembly): Wire {
  if (profile === 'native') return nativeWire(call, assembly);
  const { facts, report } = assembly;
  for (const term of nativeTerms) {
    const given = facts.operations.text(call.node, term);
    const isDefault =
      given === undefined ||
      (term === 'encoding' && given === 'fields') ||
      (term === 'answered' && given === 'response');
    if (!isDefault)
      report.fault(
        call.node,
        `mup:${term}`,
        JSON.stringify(given),
        'nothing, or mup:profile "native" on the device',
        `A device of the profile ${profile} is asked in its profile's own messages.`,
      );
  }
  remarkPointers(call.node, [...call.inputs, ...call.outputs], report);
  return {};
}

function nativeWire(call: Call, assembly: Assembly): Wire {
  const { operations } = assembly.facts;
  const { node, inputs, outputs } = call;
  const qos = operations.text(node, 'qos');
  const constants = operations.all(node, 'constant');
  const encoding = requestEncoding(call, assembly);
  const answered = answeredBy(call, assembly);
  const named = oneOf(encodings, operations.text(node, 'answerEncoding'));
  const answerEncoding = named ?? (isOneBareValue(outputs) ? 'raw' : 'json');
  checkRaw(node, 'mup:encoding', encoding, inputs, assembly);
  if (answered === 'state') checkRaw(node, 'mup:answerEncoding', answerEncoding, outputs, assembly);
  return {
    encoding,
    answered,
    ...(answered === 'state' ? { answerEncoding } : {}),
    ...(constants.length === 0 ? {} : { constants: constantsOf(call, constants, encoding, assembly) }),
    ...(qos === undefined ? {} : { qos: Number(qos) as 0 | 1 | 2 }),
    ...(operations.text(node, 'retain') === 'true' ? { retain: true } : {}),
  };
}

function requestEncoding({ node, inputs }: Call, { facts, report }: Assembly): Encoding {
  const named = oneOf(encodings, facts.operations.text(node, 'encoding'));
  if (named !== 'fields') return named ?? (isOneBareValue(inputs) ? 'raw' : 'json');
  report.fault(
    node,
    'mup:encoding',
    '"fields"',
    '"json" or "raw"',
    'A native device has no text of a profile.',
  );
  return 'raw';
}

/** Whether values are written as one bare text unless the description says otherwise. */
function isOneBareValue(fields: readonly Pick<Field, 'type' | 'pointer'>[]): boolean {
  return fields.length <= 1 && fields.every(({ type, pointer }) => type.kind !== 'structure' && !pointer);
}

function answeredBy({ node, outputs }: Call, { facts, report }: Assembly): 'state' | 'none' {
  const named = oneOf(answerKinds, facts.operations.text(node, 'answered'));
  const hasTopic = facts.operations.text(node, 'answerTopic') !== undefined;
  const answered = named ?? (hasTopic ? 'state' : 'none');
  if (answered === 'response')
    report.fault(
      node,
      'mup:answered',
      '"response"',
      '"state" or "none"',
      'A native device knows no request ids, so nothing tells which request it answers.',
    );
  if (answered === 'state' && !hasTopic)
    report.fault(
      node,
      'mup:answerTopic',
      'nothing',
      'the topic on which the device tells its state',
      'An operation that is answered by "state" needs the topic of the answer.',
    );
  if (answered === 'none' && outputs.length > 0)
    report.fault(
      node,
      'onem2m:hasOutput',
      outputs.map(({ name }) => name).join(', '),
      'no output, or mup:answered "state" with a mup:answerTopic',
      'Nothing brings the outputs of an operation that is not answered.',
    );
  return answered === 'state' ? 'state' : 'none';
}

/** A bare text has room for one value, and no places for pointers. */
function checkRaw(
  node: Term,
  path: string,
  encoding: Encoding,
  fields: readonly Pick<Field, 'type' | 'pointer'>[],
  { report }: Assembly,
): void {
  if (encoding !== 'raw' || isOneBareValue(fields)) return;
  report.fault(
    node,
    path,
    '"raw"',
    '"json", or one value that is no structure and has no mup:pointer',
    'A bare text carries one value.',
  );
}

/** The members of JSON objects, each a constant of its own, or the bare payload. */
function constantsOf(
  { node, inputs }: Call,
  given: readonly Term[],
  encoding: Encoding,
  { report }: Assembly,
): readonly Constant[] {
  const [first, second] = given;
  if (encoding === 'raw') {
    if (second === undefined && inputs.length === 0)
      return [{ pointer: '', value: first === undefined ? '' : writtenValue(first) }];
    report.fault(
      node,
      'mup:constant',
      `${given.length} constants and ${inputs.length} inputs`,
      'one constant without inputs, or mup:encoding "json"',
      'A bare text is either constant or the value of an input.',
    );
    return [];
  }
  const whole = second === undefined && inputs.length === 0 ? wholeOf(first?.value ?? '') : undefined;
  if (whole !== undefined) return [whole];
  const constants = given.flatMap(({ value }) => membersOf(value) ?? fault(value));
  const ordered = sortBy(constants, ({ pointer, value }) => [pointer, value]);
  return ordered.filter(({ pointer }, i) => pointer !== ordered[i - 1]?.pointer || fault(pointer).length > 0);

  function fault(found: string): readonly Constant[] {
    report.fault(
      node,
      'mup:constant',
      JSON.stringify(found),
      'one JSON object, such as {"transition":1}, no member twice',
      'The constants of a JSON request are the members of objects.',
    );
    return [];
  }
}

/** A constant that is the whole of a JSON payload: any value but an object, whose members may join others. */
function wholeOf(text: string): Constant | undefined {
  const value = parsed(text);
  return value === undefined || isObject(value) ? undefined : { pointer: '', value: JSON.stringify(value) };
}

function membersOf(text: string): readonly Constant[] | undefined {
  const object = parsed(text);
  if (!isObject(object)) return undefined;
  return Object.entries(object).map(([name, value]) => ({
    pointer: `/${escapeToken(name)}`,
    value: JSON.stringify(value),
  }));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member's name in a JSON Pointer (RFC 6901 §3). */
function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** How the messages of a data point are written; only JSON has room for pointers and a native device's parts. */
export function dataPointWire(
  node: Term,
  type: ValueType,
  profile: Profile,
  assembly: Assembly,
): Pick<DataPoint, 'encoding' | 'pointer'> {
  const { facts, report } = assembly;
  const pointer = facts.fields.text(node, 'pointer');
  const named = oneOf(encodings, facts.operations.text(node, 'encoding'));
  const structured = profile === 'native' && type.kind === 'structure';
  const encoding = named ?? (structured || pointer !== undefined ? 'json' : undefined);
  if (encoding === 'fields' && pointer)
    report.fault(node, 'mup:encoding', '"fields"', '"json"', 'A mup:pointer is a place in a JSON value.');
  if (encoding === 'raw')
    checkRaw(
      node,
      'mup:encoding',
      encoding,
      [pointer === undefined ? { type } : { type, pointer }],
      assembly,
    );
  if (encoding !== 'json' && type.kind === 'structure') remarkPointers(node, type.fields, report);
  return {
    ...(encoding === undefined || encoding === 'fields' ? {} : { encoding }),
    ...(pointer === undefined ? {} : { pointer }),
  };
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined): T | undefined {
  return known.find((one) => one === text);
}
