/** The queries of `ontologies/queries`, by file name, with the variable that is their subject. */
export const querySubjects = {
  device: 'device',
  services: 'service',
  operations: 'operation',
  commands: 'command',
  fields: 'field',
  types: 'typed',
  texts: 'described',
  units: 'measured',
} as const;

export type QueryName = keyof typeof querySubjects;

/** A part `{ ?subject <predicate> ?object }` of a query, by the names of its variables. */
export interface Lookup {
  readonly subject: string;
  readonly object: string;
}

/** The lookups of all queries, by their predicate. */
export type Lookups = ReadonlyMap<string, readonly Lookup[]>;

const text = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\\n])*'/g;
const declaration = /@?\b(?:prefix\s+[^\s:]*:|base)\s*<[^>]*>/gi;
const iri = /<([^<>\s]*)>/g;
const prefixedName = /(?<![\w<"-])([\w-]*):((?:[\w-]|\.(?=[\w.-]*[\w-]))+)/g;

/**
 * The IRIs that a SPARQL query or a Turtle document names, in full or with a prefix. What a description says
 * with any other property is not read by anybody.
 */
export function namedTerms(document: string): ReadonlySet<string> {
  const code = document.replace(/^\s*#.*$/gm, '');
  const namespaces = namespacesOf(code);
  const names = code.replace(text, '').replace(declaration, '');
  const terms = new Set<string>();
  for (const [, full = ''] of names.matchAll(iri)) if (/^[a-z][a-z0-9+.-]*:/i.test(full)) terms.add(full);
  for (const [, prefix = '', name = ''] of names.replace(iri, '').matchAll(prefixedName)) {
    const namespace = namespaces.get(prefix);
    if (namespace !== undefined) terms.add(namespace + name);
  }
  return terms;
}

/** The IRI of a name with a prefix (`td:hasForm`), by the `PREFIX` lines of a text. */
export function expandName(text: string, name: string): string | undefined {
  const [, prefix = '', local = ''] = /^([\w-]*):([\w.-]+)$/.exec(name) ?? [];
  const namespace = namespacesOf(text).get(prefix);
  return namespace === undefined || local === '' ? undefined : namespace + local;
}

function namespacesOf(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/prefix\s+([\w-]*):\s*<([^>]*)>/gi);
  return new Map([...found].map(([, prefix = '', namespace = '']) => [prefix, namespace]));
}
