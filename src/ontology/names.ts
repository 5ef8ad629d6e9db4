import { compareTexts, localName, show, type Term } from './rdf.ts';
import type { Report } from './report.ts';

/** RFC 6020 §6.2 identifiers, bounded as all YANG tools take them. */
const identifier = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/** The ordering prefix of older descriptions: `input_1_AppId`. */
const orderingPrefix = /^(?:input|output)_([0-9]{1,6})_(.+)$/;

/** Whether a text can be a node's name in a YANG 1 module (RFC 6020 §6.2, §12: not `xml…`). */
export function isIdentifier(name: string): boolean {
  return identifier.test(name) && !/^xml/i.test(name);
}

/** The number that an older description orders its fields by, or `undefined`. */
export function orderInName(name: string): number | undefined {
  const digits = orderingPrefix.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Names of sibling fields: local names without their ordering prefix, which says where a field stands and
 * not what it is, so that a name outlives a change of the way its order is written. Where that would leave
 * no identifier, or the same one twice, all of those fields keep their local names.
 */
export function fieldNames(nodes: readonly Term[]): string[] {
  const locals = nodes.map((node) => localName(node.value));
  const stripped = locals.map((local) => orderingPrefix.exec(local)?.[2] ?? local);
  return stripped.map((name, i) => {
    const unique = stripped.indexOf(name) === stripped.lastIndexOf(name);
    return unique && isIdentifier(name) ? name : (locals[i] ?? name);
  });
}

/** Reports names that YANG does not take, that are reserved, or that two siblings share. */
export function checkNames(
  nodes: readonly Term[],
  names: readonly string[],
  reserved: readonly string[],
  report: Report,
): void {
  const owners = new Map<string, Term>();
  names.forEach((name, i) => {
    const node = nodes[i];
    if (node === undefined) return;
    if (!isIdentifier(name))
      report.fault(
        node,
        '@id',
        JSON.stringify(name),
        'a name of 1 to 64 letters, digits, ".", "-" and "_" that starts with a letter or "_", and not with "xml"',
        'The end of the @id becomes a name in the YANG module.',
      );
    const owner = owners.get(name);
    if (owner !== undefined)
      report.fault(node, '@id', JSON.stringify(name), `another name than ${show(owner)} has`, sharedName);
    if (reserved.includes(name))
      report.fault(
        node,
        '@id',
        JSON.stringify(name),
        'another name',
        `The name ${name} is taken by the bridge.`,
      );
    owners.set(name, node);
  });
}

const sharedName = 'Two neighbours would have the same name in the YANG module.';

/** Sorts terms by the keys that `keysOf` gives, compared one after the other. */
export function sortBy<T>(items: readonly T[], keysOf: (item: T) => readonly (number | string)[]): T[] {
  return items
    .map((item) => ({ item, keys: keysOf(item) }))
    .sort((a, b) => compareKeys(a.keys, b.keys))
    .map(({ item }) => item);
}

function compareKeys(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? compareNumbers(left, right)
        : compareTexts(String(left), String(right));
    if (order !== 0) return order;
  }
  return 0;
}

/** Infinity is equal to itself, so no subtraction. */
function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
