import type { Field, Operation, Profile } from '../base/description.ts';
import { InternalError } from '../base/errors.ts';
import { leaves } from '../base/leaves.ts';
import { isBareAnswer } from '../mqtt/bare-messages.ts';
import type { RpcInput } from '../netconf/backend.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { ModuleSchema, SchemaNode } from '../yang/schema.ts';
import { checkValue, ValueError } from '../yang/value-check.ts';
import { answerInvalid } from './rpc-errors.ts';

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

/** What a device answered, and to what. */
export interface AnsweredRpc {
  readonly profile: Profile;
  readonly operation: Operation;
  readonly answer: { readonly state: string; readonly outputs: readonly string[] };
}

/**
 * The outputs of an answer as elements of the module's namespace: `retval` where there is a state, then the
 * outputs in canonical form. Each value is checked against its type, for a client refuses the whole reply for one that is none
 * (netconf-wire, XML). A `mup` device answers exactly what it describes; what a `myno` device leaves out or
 * adds is left out.
 * @throws RpcError `device-answer-invalid`
 */
export function outputElements(
  { namespace, rpcs }: Pick<ModuleSchema, 'namespace' | 'rpcs'>,
  { profile, operation, answer }: AnsweredRpc,
): XmlElement[] {
  const schema = rpcs.get(operation.name)?.output ?? [];
  const rest = [...answer.outputs];
  const reader = new OutputReader(namespace, profile, rest);
  const outputs = reader.elements(operation.outputs, schema);
  if (profile === 'mup' && rest.length > 0)
    throw answerInvalid(`the device answered ${rest.length} values more than ${operation.name} describes`);
  if (answer.state === '' && isBareAnswer(profile, operation)) return outputs;
  return [reader.leaf('retval', answer.state, schema), ...outputs];
}

/**
 * Takes values off an answer, in the order of the fields that they belong to.
 * @throws RpcError `device-answer-invalid` for a value that is not of its type
 */
export class OutputReader {
  readonly #namespace: string;
  readonly #profile: Profile;
  readonly #rest: string[];

  constructor(namespace: string, profile: Profile, rest: string[]) {
    this.#namespace = namespace;
    this.#profile = profile;
    this.#rest = rest;
  }

  elements(fields: readonly Field[], schema: readonly SchemaNode[]): XmlElement[] {
    return fields.flatMap((field) => {
      if (field.type.kind !== 'structure') return this.#value(field, schema);
      if (!field.mandatory && this.#skipEmpty(leaves([field]).length)) return [];
      const node = schema.find(({ name }) => name === field.name);
      const below = node?.kind === 'container' ? node.children : [];
      const parts = this.elements(field.type.fields, below);
      return parts.length === 0 ? [] : [element(this.#namespace, field.name, parts)];
    });
  }

  leaf(name: string, text: string, schema: readonly SchemaNode[]): XmlElement {
    const node = schema.find((one) => one.name === name);
    if (node?.kind !== 'leaf') throw new InternalError(`the module has no output leaf ${name}`);
    try {
      return element(this.#namespace, name, checkValue(node.type, text));
    } catch (error) {
      if (error instanceof ValueError) throw answerInvalid(`the device answered ${name}: ${error.message}`);
      throw error;
    }
  }

  /** An optional sub-structure of which nothing is given. @returns whether it was one */
  #skipEmpty(count: number): boolean {
    const values = this.#rest.slice(0, count);
    if (values.length < count || values.some((value) => value !== '')) return false;
    this.#rest.splice(0, count);
    return true;
  }

  #value({ name, mandatory }: Field, schema: readonly SchemaNode[]): XmlElement[] {
    const text = this.#rest.shift();
    if (text === '' && !mandatory) return [];
    if (text !== undefined) return [this.leaf(name, text, schema)];
    if (this.#profile === 'mup' && mandatory) throw answerInvalid(`the device answered no ${name}`);
    return [];
  }
}

function isInput(value: RpcInput[string]): value is RpcInput {
  return typeof value === 'object' && !Array.isArray(value);
}
