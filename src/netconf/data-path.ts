import type { ErrorPlace } from './protocol-errors.ts';

/** One step to a node of the data: a container or leaf, or a list entry where `keys` name one. */
export interface PathStep {
  readonly namespace: string;
  readonly name: string;
  /** Values of a list's keys by their names, canonical; of a leaf-list entry its value, by `.`. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** A node instance, from its top-level node down (RFC 6020 §9.13). */
export type DataPath = readonly PathStep[];

/**
 * A path as an instance-identifier (RFC 6020 §9.13), every name with a prefix, and what the prefixes stand
 * for: the error-path of an rpc-error.
 * @param prefixOf the prefix of a module, by its namespace
 */
export function instanceIdentifier(
  path: DataPath,
  prefixOf: (namespace: string) => string | undefined,
): Required<ErrorPlace> {
  const prefixes = new Map<string, string>();
  const prefixFor = (namespace: string): string => {
    const wanted = prefixOf(namespace);
    // Modules choose their prefixes by themselves, and two may choose the same.
    const free = wanted !== undefined && ![...prefixes.values()].includes(wanted);
    const prefix = free ? wanted : `ns${prefixes.size + 1}`;
    prefixes.set(namespace, prefix);
    return prefix;
  };
  const qualified = (namespace: string, name: string): string =>
    `${prefixes.get(namespace) ?? prefixFor(namespace)}:${name}`;
  const steps = path.map(({ namespace, name, keys = {} }) => {
    const predicates = Object.entries(keys).map(
      ([key, value]) => `[${key === '.' ? key : qualified(namespace, key)}=${literal(value)}]`,
    );
    return `/${qualified(namespace, name)}${predicates.join('')}`;
  });
  const pathPrefixes = Object.fromEntries([...prefixes].map(([namespace, prefix]) => [prefix, namespace]));
  return { path: steps.join(''), pathPrefixes };
}

/** XPath 1.0 §3.7: a literal has no escapes, so a value with both kinds of quotes takes several. */
function literal(value: string): string {
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"')) return `"${value}"`;
  return `concat('${value.split("'").join(`', "'", '`)}')`;
}
