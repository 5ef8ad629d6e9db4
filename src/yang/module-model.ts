import type { DataPoint, DeviceDescription, EnumValue, Field } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { moduleName, notificationName, rpcName, withLeafNames } from './identifiers.ts';
import { dataPointDifference, operationDifferences } from './module-differences.ts';
import { maxListedRevisions, moduleStatement } from './module-generator.ts';
import { moduleSchema } from './module-schema.ts';
import { refuseCostlyPatterns } from './pattern-work.ts';

export { moduleName };

/** What the module says of an operation; topics and methods are each device's own. */
export interface OperationModel {
  readonly name: string;
  readonly text?: string;
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];
  /** Empty: `retval` is any text. */
  readonly states: readonly EnumValue[];
}

/** What the module says of a data point; how and where it is sent is each device's own. */
export type DataPointModel = Omit<DataPoint, 'topic' | 'encoding' | 'pointer'>;

export interface Revision {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** What it brought. */
  readonly text: string;
  readonly extent: Extent;
}

/**
 * How much of the newest revision was there already: a revision only adds, and always at the end, so that
 * these counts tell what an earlier one said.
 */
export interface Extent {
  readonly dataPoints: number;
  /** States of each operation that was there, in order. */
  readonly states: readonly number[];
}

/** A generated module, as data that a store can keep. */
export interface ModuleModel {
  readonly name: string;
  readonly namespace: string;
  readonly prefix: string;
  readonly category: string;
  readonly text?: string;
  /** Its devices are virtual: what they answer and measure is a list of what their members do. */
  readonly virtual?: true;
  /** Name of the notification that carries measurements; absent before there are data points. */
  readonly notification?: string;
  /** Newest first, and never empty; more than a module lists, so that earlier ones can be printed again. */
  readonly revisions: readonly Revision[];
  readonly operations: readonly OperationModel[];
  readonly dataPoints: readonly DataPointModel[];
}

export type ModuleExtension =
  | { readonly kind: 'same' | 'extended'; readonly model: ModuleModel }
  | { readonly kind: 'contradiction'; readonly reasons: readonly string[] };

/**
 * Date of every first revision. Dates count revisions, a day each: they come from no clock, so that all
 * instances and restarts agree (docs/adr/0002-module-revisions.md).
 */
const firstRevision = '2021-01-01';

/** Revisions that are remembered: those that are served, and those that the earliest of them lists. */
const maxRevisions = 2 * maxListedRevisions - 1;

/** Operations and data points, and states of an operation, that a module may have. */
const maxNodes = 1024;
const maxCategoryLength = 256;
const dayMs = 86_400_000;

/**
 * The first revision of the module for a device's description.
 * @param name the name of a variant; else the category's
 * @throws PeerError `bad-name`, `bad-type`, `bad-pattern`, `too-big`: the description cannot be said in YANG
 */
export function newModule(description: DeviceDescription, name?: string): ModuleModel {
  const { category, text, operations, dataPoints } = parts(description);
  const chosen = name ?? moduleName(category);
  return checked({
    name: chosen,
    namespace: `urn:mup:yang:${chosen}`,
    prefix: chosen,
    category,
    ...(text === undefined ? {} : { text }),
    ...(description.members === undefined
      ? notificationOf({ operations, dataPoints })
      : ({ virtual: true } as const)),
    revisions: [
      { date: firstRevision, text: 'First revision.', extent: extentOf({ operations, dataPoints }) },
    ],
    operations,
    dataPoints,
  });
}

/**
 * Adds what a description has and the module lacks: operations, data points, states of an operation. That
 * makes a new revision. Texts of what the module has stay as they are. Anything else that differs is a
 * contradiction: clients rely on what an earlier revision said.
 * @throws PeerError as {@link newModule}
 */
export function extendModule(model: ModuleModel, description: DeviceDescription): ModuleExtension {
  const { operations, dataPoints } = parts(description);
  const reasons = contradictions(model, operations, dataPoints);
  if ((model.virtual ?? false) !== (description.members !== undefined))
    reasons.push('devices of the module are virtual, or this one alone is');
  if (reasons.length > 0) return { kind: 'contradiction', reasons };
  const merged = {
    operations: mergedBy(model.operations, operations, withMoreStates),
    dataPoints: mergedBy(model.dataPoints, dataPoints, (known) => known),
  };
  const additions = describeAdditions(model, merged);
  if (additions.length === 0) return { kind: 'same', model };
  if (isTooBig(merged))
    return {
      kind: 'contradiction',
      reasons: [`the module holds ${maxNodes} operations and data points at most`],
    };
  const revision = {
    date: dayAfter(model.revisions[0]?.date ?? firstRevision),
    text: additions.join(' '),
    extent: extentOf(merged),
  };
  const revisions = [revision, ...model.revisions].slice(0, maxRevisions);
  const { notification } = model;
  const named =
    notification === undefined && !model.virtual ? notificationOf(merged) : notificationNamed(notification);
  return { kind: 'extended', model: checked({ ...model, ...merged, ...named, revisions }) };
}

/** Revisions that can be printed as they were, the newest first. */
export function servedRevisions(model: ModuleModel): readonly Revision[] {
  return model.revisions.slice(0, maxListedRevisions);
}

/**
 * The module as a revision said it, to the letter.
 * @param at its index among {@link servedRevisions}
 */
export function atRevision(model: ModuleModel, at: number): ModuleModel {
  const extent = model.revisions[at]?.extent ?? extentOf(model);
  return {
    ...model,
    revisions: model.revisions.slice(at),
    dataPoints: model.dataPoints.slice(0, extent.dataPoints),
    operations: model.operations
      .slice(0, extent.states.length)
      .map((operation, i) => ({ ...operation, states: operation.states.slice(0, extent.states[i]) })),
  };
}

type Content = Pick<ModuleModel, 'operations' | 'dataPoints'>;

function extentOf({ operations, dataPoints }: Content): Extent {
  return { dataPoints: dataPoints.length, states: operations.map(({ states }) => states.length) };
}

function notificationOf({ operations, dataPoints }: Content): Pick<ModuleModel, 'notification'> {
  if (dataPoints.length === 0) return {};
  return { notification: notificationName(operations.map(({ name }) => name)) };
}

function notificationNamed(notification: string | undefined): Pick<ModuleModel, 'notification'> {
  return notification === undefined ? {} : { notification };
}

type Parts = Pick<ModuleModel, 'category' | 'text' | 'operations' | 'dataPoints'>;

/** What of a description belongs into the module, with the names that it has there. */
function parts(description: DeviceDescription): Parts {
  const { uuid, category, text, operations, dataPoints } = withLeafNames(description);
  if (isTooBig(description))
    throw new PeerError('too-big', `a module holds ${maxNodes} operations and data points at most`);
  refuseRepeated(operations.map((operation) => rpcName(operation.name)));
  refuseCostlyPatterns(operations, dataPoints);
  return {
    category: category
      .slice(0, maxCategoryLength)
      .replaceAll(uuid, '')
      .replace(/^[\s_.:-]+|[\s_.:-]+$/g, ''),
    ...(text === undefined ? {} : { text }),
    operations: operations.map((operation) => ({
      name: operation.name,
      ...(operation.text === undefined ? {} : { text: operation.text }),
      inputs: operation.inputs,
      outputs: operation.outputs,
      states: operation.states,
    })),
    dataPoints: dataPoints.map(({ topic: _, encoding: __, pointer: ___, ...point }) => point),
  };
}

function refuseRepeated(names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new PeerError('bad-name', `the operation "${repeated}" occurs twice`);
}

function isTooBig({ operations, dataPoints }: Content): boolean {
  return (
    operations.length + dataPoints.length > maxNodes ||
    operations.some(({ states }) => states.length > maxNodes)
  );
}

/** A model that makes a module: what the statement tree and its schema refuse is the device's fault. */
function checked(model: ModuleModel): ModuleModel {
  moduleSchema(moduleStatement(model), () => undefined);
  return model;
}

function contradictions(
  model: ModuleModel,
  operations: readonly OperationModel[],
  dataPoints: readonly DataPointModel[],
): string[] {
  return [
    ...operations.flatMap((operation) => {
      if (operation.name === model.notification)
        return [`operation ${operation.name}: the notification of the module has this name`];
      const known = model.operations.find(({ name }) => name === operation.name);
      return known === undefined ? [] : operationDifferences(known, operation);
    }),
    ...dataPoints.flatMap((point) => {
      const known = model.dataPoints.find(({ name }) => name === point.name);
      return known === undefined ? [] : dataPointDifference(known, point);
    }),
  ];
}

function mergedBy<T extends { readonly name: string }>(
  known: readonly T[],
  more: readonly T[],
  merge: (known: T, other: T) => T,
): T[] {
  const others = new Map(more.map((item) => [item.name, item]));
  const kept = known.map((item) => {
    const other = others.get(item.name);
    others.delete(item.name);
    return other === undefined ? item : merge(item, other);
  });
  return [...kept, ...others.values()];
}

function withMoreStates(known: OperationModel, other: OperationModel): OperationModel {
  return { ...known, states: mergedBy(known.states, other.states, (state) => state) };
}

/** One sentence for each kind of addition; none: nothing was added. */
function describeAdditions(model: ModuleModel, merged: Content): string[] {
  const added = (known: readonly { name: string }[], all: readonly { name: string }[]): string =>
    all
      .slice(known.length)
      .map(({ name }) => name)
      .join(', ');
  const operations = added(model.operations, merged.operations);
  const dataPoints = added(model.dataPoints, merged.dataPoints);
  const states = model.operations
    .filter((known, i) => known.states.length < (merged.operations[i]?.states.length ?? 0))
    .map(({ name }) => name)
    .join(', ');
  return [
    ...(operations === '' ? [] : [`Added operations: ${operations}.`]),
    ...(states === '' ? [] : [`More states of: ${states}.`]),
    ...(dataPoints === '' ? [] : [`Added data points: ${dataPoints}.`]),
  ];
}

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + dayMs).toISOString().slice(0, 10);
}
