import type { Field, ValueType } from '../base/description.ts';
import type { DataPointModel, OperationModel } from './module-model.ts';

/**
 * What makes two descriptions of the same operation contradict each other. Texts and roles do not count,
 * and neither do states as long as both name some: `retval` then takes the states of both.
 * @param known as the module has it
 * @returns sentences for people; empty: they agree
 */
export function operationDifferences(known: OperationModel, other: OperationModel): string[] {
  return [
    ...fieldDifferences(known.inputs, other.inputs, `operation ${known.name}, input`),
    ...fieldDifferences(known.outputs, other.outputs, `operation ${known.name}, output`),
    ...((known.states.length === 0) === (other.states.length === 0)
      ? []
      : [`operation ${known.name}: one names its states and the other does not`]),
  ];
}

/** As {@link operationDifferences}, of a data point. */
export function dataPointDifference(known: DataPointModel, other: DataPointModel): string[] {
  if (canonical(known.type) === canonical(other.type) && known.units === other.units) return [];
  return [`data point ${known.name} has another type or other units`];
}

function fieldDifferences(known: readonly Field[], other: readonly Field[], place: string): string[] {
  if (known.length !== other.length) return [`${place}s: ${other.length}, not ${known.length}`];
  return known.flatMap((field, i) => {
    const counterpart = other[i];
    if (counterpart !== undefined && canonicalField(field) === canonicalField(counterpart)) return [];
    return [`${place} ${i + 1}: "${counterpart?.name}" is not as "${field.name}" of the module`];
  });
}

function canonicalField({ name, type, mandatory, units, default: defaultValue }: Field): string {
  return JSON.stringify([name, canonical(type), mandatory, units ?? null, defaultValue ?? null]);
}

/** A text that two types share exactly when they mean the same, texts left out. */
function canonical(type: ValueType): string {
  switch (type.kind) {
    case 'structure':
      return JSON.stringify(type.fields.map(canonicalField));
    case 'enumeration':
      return JSON.stringify(type.values.map(({ name }) => name));
    case 'scalar':
      return JSON.stringify(
        Object.entries(type)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
  }
}
