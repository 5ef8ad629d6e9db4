import type { DeviceUuid } from '../base/ids.ts';
import type { RpcInput } from '../netconf/backend.ts';
import { childElements, element, textOf, type XmlElement } from '../xml/element.ts';
import { memberName } from '../yang/identifiers.ts';
import type { ModuleSchema, SchemaNode } from '../yang/schema.ts';
import { checkValue, ValueError } from '../yang/value-check.ts';
import { answerInvalid } from './rpc-errors.ts';
import type { TelemetryService } from './telemetry.ts';

/** Values on their way between the module of a virtual device and those of its members. */

/** The input of an RPC as an element of another module. */
export function inputElement(namespace: string, name: string, input: RpcInput): XmlElement {
  return element(
    namespace,
    name,
    Object.entries(input).flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value]).map((one: string | RpcInput | undefined) => {
        if (one === undefined) return undefined;
        return typeof one === 'string' ? element(namespace, key, one) : inputElement(namespace, key, one);
      }),
    ),
  );
}

/** What an entry of the list `member` may hold, below these nodes. */
export function memberNodes(nodes: readonly SchemaNode[]): readonly SchemaNode[] {
  const list = nodes.find(({ name }) => name === memberName);
  return list?.kind === 'list' ? list.children : [];
}

/**
 * What elements of another module say of nodes of this one, by their names. What this module does not have is
 * left out.
 * @throws RpcError `device-answer-invalid` for a value that is not of its type here
 */
export function retyped(
  elements: readonly XmlElement[],
  nodes: readonly SchemaNode[],
  namespace: string,
): XmlElement[] {
  return nodes.flatMap((node) => {
    const given = elements.find(({ name }) => name === node.name);
    if (given === undefined) {
      if (node.kind === 'leaf' && node.mandatory) throw answerInvalid(`the member answered no ${node.name}`);
      return [];
    }
    if (node.kind === 'leaf') return [retypedLeaf(given, node, namespace)];
    if (node.kind !== 'container') return [];
    const parts = retyped(childElements(given), node.children, namespace);
    return parts.length === 0 ? [] : [element(namespace, node.name, parts)];
  });
}

function retypedLeaf(
  given: XmlElement,
  { name, type }: Extract<SchemaNode, { readonly kind: 'leaf' }>,
  namespace: string,
): XmlElement {
  try {
    return element(namespace, name, checkValue(type, textOf(given)));
  } catch (error) {
    if (error instanceof ValueError) throw answerInvalid(`the member answered ${name}: ${error.message}`);
    throw error;
  }
}

/** An entry of the list `member`. */
export function memberEntry(
  namespace: string,
  uuid: DeviceUuid,
  children: readonly XmlElement[],
): XmlElement {
  return element(namespace, memberName, [element(namespace, 'uuid', uuid), ...children]);
}

/** What members have measured, as the entry of their virtual device; `undefined` when they measured nothing. */
export function virtualTelemetry(
  { namespace, data }: ModuleSchema,
  uuid: DeviceUuid,
  members: readonly DeviceUuid[],
  telemetry: Pick<TelemetryService, 'entry'>,
): XmlElement | undefined {
  const points = memberNodes(childrenOf(childrenOf(data, 'telemetry'), 'device'));
  const entries = members.flatMap((member) => {
    const measured = telemetry.entry(namespace, member);
    const values = measured === undefined ? [] : measurements(childElements(measured), points, namespace);
    return values.length === 0 ? [] : [memberEntry(namespace, member, values)];
  });
  return entries.length === 0
    ? undefined
    : element(namespace, 'device', [element(namespace, 'uuid', uuid), ...entries]);
}

/** A measurement that is not of its type here is none. */
function measurements(
  measured: readonly XmlElement[],
  points: readonly SchemaNode[],
  namespace: string,
): XmlElement[] {
  return points
    .filter(({ kind }) => kind === 'container')
    .flatMap((point) => {
      try {
        return retyped(measured, [point], namespace);
      } catch {
        return [];
      }
    });
}

function childrenOf(nodes: readonly SchemaNode[], name: string): readonly SchemaNode[] {
  const node = nodes.find((one) => one.name === name);
  return node?.kind === 'container' || node?.kind === 'list' ? node.children : [];
}
