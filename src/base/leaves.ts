import type { EnumerationType, Field, ScalarType } from './description.ts';

/** A field that is one value on the wire. */
export interface Leaf extends Omit<Field, 'type'> {
  readonly type: ScalarType | EnumerationType;
}

/**
 * The values that a list of fields has on the wire (mup-protocol §2): those of a sub-structure follow one
 * another, and are optional where it is.
 */
export function leaves(fields: readonly Field[]): Leaf[] {
  return fields.flatMap((field) => {
    const { type } = field;
    if (type.kind !== 'structure') return [{ ...field, type }];
    const inner = leaves(type.fields);
    return field.mandatory ? inner : inner.map((leaf) => ({ ...leaf, mandatory: false }));
  });
}
