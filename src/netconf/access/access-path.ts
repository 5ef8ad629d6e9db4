/** What a rule's path demands of one step. */
export interface AccessStep {
  readonly namespace: string;
  readonly name: string;
  /** Keys, or `.` for a leaf-list entry, with their values; none: every entry (RFC 8341 §3.3.5). */
  readonly keys: readonly AccessKey[];
}

export interface AccessKey {
  readonly name: string;
  /** `user`: the name of whoever asks (`$USER`). */
  readonly value: { readonly text: string } | 'user';
}

/** A node-instance-identifier (RFC 8341 §9, typedef of that name); no steps: `/`, all of the data. */
export type AccessPath = readonly AccessStep[];

const name = '[A-Za-z_\\u00b7-\\uffff][-.A-Za-z0-9_\\u00b7-\\uffff]*';
const qualifiedName = `(?:(${name}):)?(${name})`;
const stepPattern = new RegExp(`/${qualifiedName}`, 'y');
const predicatePattern = new RegExp(
  `\\[\\s*(?:(\\.)|${qualifiedName})\\s*=\\s*(?:'([^']*)'|"([^"]*)"|\\$(USER))\\s*\\]`,
  'y',
);

/**
 * Reads a node-instance-identifier: `/prefix:node[prefix:key='value']/…`, `/` for everything. A name without
 * a prefix is of the namespace of the one before it; the first one needs one.
 * @param scope what prefixes stand for
 * @returns `undefined` for what is none: that can match nothing and must not be taken for more
 */
export function parseAccessPath(text: string, scope: ReadonlyMap<string, string>): AccessPath | undefined {
  if (text === '/') return [];
  const steps: AccessStep[] = [];
  let at = 0;
  while (at < text.length) {
    const step = matchAt(stepPattern, text, at);
    if (step === undefined) return undefined;
    const namespace = step[1] === undefined ? steps.at(-1)?.namespace : scope.get(step[1]);
    if (namespace === undefined) return undefined;
    at += step[0].length;
    const keys: AccessKey[] = [];
    for (; text[at] === '['; ) {
      const predicate = matchAt(predicatePattern, text, at);
      const key = predicate === undefined ? undefined : keyOf(predicate, namespace, scope);
      if (predicate === undefined || key === undefined) return undefined;
      keys.push(key);
      at += predicate[0].length;
    }
    steps.push({ namespace, name: step[2] ?? '', keys });
  }
  return steps.length === 0 ? undefined : steps;
}

/** A key is of its list's module (RFC 6020 §9.13). */
function keyOf(
  [, self, prefix, keyName = '', single, double]: RegExpExecArray,
  namespace: string,
  scope: ReadonlyMap<string, string>,
): AccessKey | undefined {
  if (prefix !== undefined && scope.get(prefix) !== namespace) return undefined;
  const text = single ?? double;
  return { name: self ?? keyName, value: text === undefined ? 'user' : { text } };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

const noScope: ReadonlyMap<string, string> = new Map();
const prefixUse = new RegExp(`(${name}):`, 'g');

/** Whether the prefixes in a path stand for the same in two places. */
export function sameMeaning(
  path: string,
  one: ReadonlyMap<string, string> = noScope,
  other: ReadonlyMap<string, string> = noScope,
): boolean {
  if (one === other) return true;
  return [...path.matchAll(prefixUse)].every(([, prefix = '']) => one.get(prefix) === other.get(prefix));
}
