import { compareTexts, knownPrefixes } from './rdf.ts';

/** A namespace that is worth a prefix is named so often. */
const worthwhile = 2;

/**
 * The prefixes with which a document is shortest: those of its author, those we know, and numbered ones for
 * other namespaces that it names often.
 * @param expanded the document in expanded form
 * @param context its own `@context`
 */
export function usedPrefixes(expanded: unknown, context: unknown): Readonly<Record<string, string>> {
  const counts = namespaceCounts(expanded);
  const known = [...authorsPrefixes(context), ...knownPrefixes];
  const chosen = new Map<string, string>();
  for (const [prefix, namespace] of known)
    if (counts.has(namespace) && !chosen.has(prefix) && ![...chosen.values()].includes(namespace))
      chosen.set(prefix, namespace);
  const others = [...counts].filter(
    ([namespace, count]) => count >= worthwhile && ![...chosen.values()].includes(namespace),
  );
  let number = 0;
  for (const [namespace] of others.sort(([a], [b]) => compareTexts(a, b))) {
    do number += 1;
    while (chosen.has(`n${number}`));
    chosen.set(`n${number}`, namespace);
  }
  return Object.fromEntries(chosen);
}

/** Terms of a `@context` that are prefixes, of all contexts where there are several. */
export function authorsPrefixes(context: unknown): (readonly [prefix: string, namespace: string])[] {
  return [context]
    .flat()
    .filter((one) => typeof one === 'object' && one !== null)
    .flatMap((one) => Object.entries(one as object))
    .flatMap(([term, value]) =>
      typeof value === 'string' && !term.startsWith('@') && /[#/:]$/.test(value)
        ? [[term, value] as const]
        : [],
    );
}

/** How often the IRIs of each namespace are named: as properties, individuals and types. */
function namespaceCounts(expanded: unknown): Map<string, number> {
  const counts = new Map<string, number>();
  const waiting: unknown[] = [expanded];
  const count = (iri: unknown): void => {
    const namespace = typeof iri === 'string' ? /^[a-z][\w+.-]*:.*[#/:]/i.exec(iri)?.[0] : undefined;
    if (namespace !== undefined) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  };
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) waiting.push(...value);
    else if (typeof value === 'object' && value !== null)
      for (const [key, member] of Object.entries(value)) {
        if (key === '@id' || key === '@type') for (const iri of [member].flat()) count(iri);
        else if (key.startsWith('@')) waiting.push(member);
        else {
          count(key);
          waiting.push(member);
        }
      }
  }
  return counts;
}
