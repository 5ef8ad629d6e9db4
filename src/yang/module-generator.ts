import type { Field, ValueType } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { deviceUuidPattern } from '../base/ids.ts';
import { retvalName, telemetryName, uuidInputName } from './identifiers.ts';
import { cleanText } from './lexical.ts';
import { failure, memberList, overallState } from './member-list.ts';
import type { DataPointModel, ModuleModel, OperationModel } from './module-model.ts';
import { Scope } from './scope.ts';
import { type Statement, statement } from './statement.ts';
import { dateAndTimePattern, describeText, typeStatement } from './type-mapping.ts';
import { resolveType } from './types.ts';
import { checkValue } from './value-check.ts';

const maxUnitsLength = 64;

/** Revisions that a module lists, the newest. */
export const maxListedRevisions = 16;

/**
 * The YANG 1 module of a model (design: From description to module): an `rpc` for each operation, the data
 * points below `telemetry`, and a notification that carries measurements of them. What virtual devices answer
 * and measure is a list of their members; a measurement is told in the member's own module. Statements are in the order of RFC 6020 §12, so that no compiler warns.
 * @throws PeerError `bad-type`, `bad-pattern`, `bad-name` when a part of the model cannot be said in YANG
 */
export function moduleStatement(model: ModuleModel): Statement {
  const hasDataPoints = model.dataPoints.length > 0;
  return statement('module', model.name, [
    statement('namespace', model.namespace),
    statement('prefix', model.prefix),
    statement('organization', 'mup-bridge'),
    statement('contact', 'The maker of the devices, or the operator of this bridge.'),
    description(model.text, `Devices of the category ${model.category || 'device'}.`),
    ...model.revisions.slice(0, maxListedRevisions).map((revision) => revisionStatement(model, revision)),
    deviceIdTypedef,
    hasDataPoints ? dateAndTimeTypedef : undefined,
    hasDataPoints ? telemetry(model) : undefined,
    ...model.operations.map((operation) => rpc(operation, model)),
    hasDataPoints && model.notification !== undefined
      ? measurement(model.notification, model.dataPoints)
      : undefined,
  ]);
}

function revisionStatement(
  { category }: ModuleModel,
  { date, text }: ModuleModel['revisions'][number],
): Statement {
  return statement('revision', date, [
    description(text, 'Changed.'),
    statement(
      'reference',
      describeText(
        undefined,
        `Descriptions published over MQTT by devices of the category ${category || 'device'}.`,
      ),
    ),
  ]);
}

const deviceIdTypedef = statement('typedef', 'device-id', [
  statement('type', 'string', [statement('length', '1..64'), statement('pattern', deviceUuidPattern)]),
  description(undefined, 'The id (UUID) under which a device has registered.'),
]);

const dateAndTimeTypedef = statement('typedef', 'date-and-time', [
  statement('type', 'string', [statement('pattern', dateAndTimePattern)]),
  description(undefined, 'Date and time of RFC 3339.'),
]);

function rpc(operation: OperationModel, { virtual }: ModuleModel): Statement {
  const { name, text, inputs } = operation;
  return located(`operation ${name}`, () =>
    statement('rpc', name, [
      description(text, `The operation ${name} of the device.`),
      statement('input', undefined, [
        statement('leaf', uuidInputName, [
          statement('type', 'device-id'),
          statement('mandatory', 'true'),
          description(undefined, 'The device that performs the operation.'),
        ]),
        ...inputs.map((field) => located(`input ${field.name}`, () => fieldStatement(field, 'Input'))),
      ]),
      statement(
        'output',
        undefined,
        virtual
          ? [
              overallState,
              memberList('What each member of the device did.', [...outputs(operation), failure]),
            ]
          : outputs(operation),
      ),
    ]),
  );
}

/** The state that a device answers with, and its outputs. */
function outputs({ outputs, states }: OperationModel): Statement[] {
  return [
    retval(states),
    ...outputs.map((field) =>
      located(`output ${field.name}`, () => fieldStatement({ ...field, mandatory: false }, 'Output')),
    ),
  ];
}

function retval(states: OperationModel['states']): Statement {
  return statement('leaf', retvalName, [
    states.length === 0
      ? statement('type', 'string')
      : typeStatement({ kind: 'enumeration', values: states }),
    description(undefined, 'The state that the device answers with.'),
  ]);
}

/** A leaf, or for a sub-structure a container; an optional one has `presence`, so that it can be left out. */
function fieldStatement(field: Field, noun: string): Statement {
  const { name, text, type, mandatory } = field;
  if (type.kind !== 'structure') return leaf(field, noun);
  return statement('container', name, [
    mandatory ? undefined : statement('presence', `${name} is given.`),
    description(text, `${noun} ${name}.`),
    ...type.fields.map((part) => located(`part ${part.name}`, () => fieldStatement(part, 'Part'))),
  ]);
}

function leaf({ name, text, type, units, mandatory, default: defaultValue }: Field, noun: string): Statement {
  if (type.kind === 'structure') throw new PeerError('bad-type', 'a leaf has no structure');
  const typed = typeStatement(type);
  return statement('leaf', name, [
    typed,
    unitsStatement(units),
    defaultValue === undefined ? undefined : statement('default', checkedDefault(typed, defaultValue)),
    mandatory && defaultValue === undefined ? statement('mandatory', 'true') : undefined,
    description(text, `${noun} ${name}.`),
  ]);
}

function checkedDefault(type: Statement, text: string): string {
  return checkValue(resolveType(type, new Scope(type, () => undefined)).type, text);
}

function unitsStatement(units: string | undefined): Statement | undefined {
  const clean = cleanText(units ?? '')
    .replace(/\s+/g, ' ')
    .trim();
  return clean === '' ? undefined : statement('units', [...clean].slice(0, maxUnitsLength).join(''));
}

function telemetry({ dataPoints, virtual }: ModuleModel): Statement {
  const points = dataPoints.map(dataPoint);
  return statement('container', telemetryName, [
    statement('config', 'false'),
    description(undefined, 'What the devices have measured last.'),
    statement('list', 'device', [
      statement('key', 'uuid'),
      description(undefined, 'A device that has measured something.'),
      statement('leaf', 'uuid', [
        statement('type', 'device-id'),
        description(undefined, 'The id of the device.'),
      ]),
      ...(virtual ? [memberList('A member of the device that has measured something.', points)] : points),
    ]),
  ]);
}

/** A measurement of some data points; those that were not measured are not in it. */
function measurement(name: string, dataPoints: readonly DataPointModel[]): Statement {
  return statement('notification', name, [
    description(undefined, 'A device has measured something.'),
    statement('leaf', 'uuid', [
      statement('type', 'device-id'),
      description(undefined, 'The id of the device.'),
    ]),
    ...dataPoints.map(dataPoint),
  ]);
}

function dataPoint({ name, text, type, units }: DataPointModel): Statement {
  return located(`data point ${name}`, () =>
    statement('container', name, [
      description(text, `The data point ${name}.`),
      fieldStatement(valueField(type, units), 'Value'),
      statement('leaf', 'time', [
        statement('type', 'date-and-time'),
        description(undefined, 'When the bridge received the value.'),
      ]),
    ]),
  );
}

function valueField(type: ValueType, units: string | undefined): Field {
  // Devices that have not measured it yet have no value, so a structure must be one that may be absent.
  const value = { name: 'value', text: 'The value.', type, mandatory: false };
  return units === undefined ? value : { ...value, units };
}

function description(text: string | undefined, otherwise: string): Statement {
  return statement('description', describeText(text, otherwise));
}

/** Says in which part of the description a fault is. */
function located<T>(place: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    const where = error.where === undefined ? place : `${place}, ${error.where}`;
    throw new PeerError(error.code === 'invalid-value' ? 'bad-type' : error.code, error.message, {
      where,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}
