import type { Field, Operation } from '../base/description.ts';
import type { RpcInput } from '../netconf/backend.ts';
import { element, type XmlElement } from '../xml/element.ts';

/**
 * The inputs of a request in wire order (mup-protocol §2): the leaves in the order of the module,
 * sub-structures flattened, the target's UUID left out. An optional input that is not given is empty.
 */
export function wireInputs(fields: readonly Field[], input: RpcInput): string[] {
  return fields.flatMap((field) => {
    const value = input[field.name];
    if (field.type.kind === 'structure') return wireInputs(field.type.fields, isInput(value) ? value : {});
    return [typeof value === 'string' ? value : (field.default ?? '')];
  });
}

/** The leaves of fields, sub-structures flattened, as they follow one another on the wire. */
export function wireFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) =>
    field.type.kind === 'structure' ? wireFields(field.type.fields) : [field],
  );
}

/** The outputs of an answer as elements of the module's namespace: `retval`, then the outputs. */
export function outputElements(
  namespace: string,
  operation: Operation,
  answer: { readonly state: string; readonly outputs: readonly string[] },
): XmlElement[] {
  const rest = [...answer.outputs];
  return [element(namespace, 'retval', answer.state), ...fieldElements(namespace, operation.outputs, rest)];
}

function fieldElements(namespace: string, fields: readonly Field[], rest: string[]): XmlElement[] {
  return fields.flatMap((field) => {
    if (field.type.kind === 'structure')
      return [element(namespace, field.name, fieldElements(namespace, field.type.fields, rest))];
    const value = rest.shift();
    return value === undefined || (value === '' && !field.mandatory)
      ? []
      : [element(namespace, field.name, value)];
  });
}

function isInput(value: RpcInput[string]): value is RpcInput {
  return typeof value === 'object' && !Array.isArray(value);
}
