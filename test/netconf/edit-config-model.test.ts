import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig, writeConfig } from '../../src/netconf/datastore/config-text.ts';
import { ConfigValidation } from '../../src/netconf/datastore/config-validation.ts';
import type { ConfigTree } from '../../src/netconf/datastore/config-view.ts';
import { configEdits } from '../../src/netconf/datastore/edit-diff.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { RpcError } from '../../src/netconf/rpc-error.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { checkNow, config, editNow, readNow, shown, testSchema } from './config-fixture.ts';

/** A node of a generated edit. */
interface Edit {
  readonly name: string;
  readonly operation?: string;
  /** An entry's key. */
  readonly key?: string;
  readonly text?: string;
  readonly children?: readonly Edit[];
}

const operation = fc.option(fc.constantFrom('merge', 'replace', 'create', 'delete', 'remove'), {
  nil: undefined,
  freq: 2,
});
const digit = fc.constantFrom('1', '2', '3');

const leaf = (name: string): fc.Arbitrary<Edit> =>
  fc.record({ name: fc.constant(name), operation, text: digit }) as fc.Arbitrary<Edit>;
const container = (name: string, children: fc.Arbitrary<Edit[]>): fc.Arbitrary<Edit> =>
  fc.record({ name: fc.constant(name), operation, children }) as fc.Arbitrary<Edit>;
const entries = (name: string, children: fc.Arbitrary<Edit[]>): fc.Arbitrary<Edit[]> =>
  fc.uniqueArray(fc.record({ name: fc.constant(name), operation, key: digit, children }), {
    selector: ({ key }) => key,
    maxLength: 3,
  }) as fc.Arbitrary<Edit[]>;
const values = (name: string): fc.Arbitrary<Edit[]> =>
  fc.uniqueArray(fc.record({ name: fc.constant(name), operation, text: digit }), {
    selector: ({ text }) => text,
    maxLength: 3,
  }) as fc.Arbitrary<Edit[]>;

/** Some of the nodes, in any order. */
const some = (...nodes: fc.Arbitrary<Edit>[]): fc.Arbitrary<Edit[]> =>
  fc
    .tuple(...nodes.map((node) => fc.option(node, { nil: undefined, freq: 2 })))
    .map((given) => given.filter((node) => node !== undefined))
    .chain((given) => fc.shuffledSubarray(given, { minLength: given.length }));

const core = container('core', some(leaf('heat')));
const parts = entries('part', some(leaf('mark')));
const items = fc
  .tuple(
    entries(
      'item',
      fc.tuple(some(leaf('note'), leaf('size')), parts).map((lists) => lists.flat()),
    ),
  )
  .map(([list]) => list);
const top = container(
  'top',
  fc
    .tuple(
      some(
        leaf('name'),
        leaf('size'),
        container('inner', some(leaf('depth'), core)),
        container('extra', some(leaf('level'), leaf('must'))),
        leaf('tcp'),
        leaf('port'),
        leaf('udp'),
        container('more', some(leaf('ttl'))),
      ),
      items,
      values('tag'),
    )
    .map((lists) => lists.flat()),
);

function xmlOf({ name, operation: own, key, text = '', children = [] }: Edit): string {
  const attribute = own === undefined ? '' : ` nc:operation="${own}"`;
  const keyLeaf = key === undefined ? '' : `<id>${key}</id>`;
  return `<${name}${attribute}>${keyLeaf}${text}${children.map(xmlOf).join('')}</${name}>`;
}

const rivals: Readonly<Record<string, readonly string[]>> = {
  tcp: ['udp', 'more'],
  port: ['udp', 'more'],
  udp: ['tcp', 'port'],
  more: ['tcp', 'port'],
};

/** A naive datastore: the paths of what is there, with their values, in no order. */
class Model {
  readonly paths = new Map<string, string>();

  exists(path: string): boolean {
    return [...this.paths.keys()].some((one) => one === path || one.startsWith(`${path}/`));
  }

  remove(path: string): void {
    for (const one of [...this.paths.keys()])
      if (one === path || one.startsWith(`${path}/`)) this.paths.delete(one);
  }

  /** RFC 6241 §7.2, word by word. */
  edit(edit: Edit, inherited: string, parent: string): boolean {
    const path = pathOf(edit, parent);
    const how = edit.operation ?? inherited;
    if (how === 'create' && this.exists(path)) throw new Error('data-exists');
    if (how === 'delete' && !this.exists(path)) throw new Error('data-missing');
    if (how === 'delete' || how === 'remove') {
      this.remove(path);
      return false;
    }
    const isContainer = edit.children !== undefined && edit.key === undefined;
    const implied = isContainer && edit.name !== 'extra';
    if (how === 'none' && !implied && !this.exists(path)) throw new Error('data-missing');
    if (edit.children === undefined) {
      if (how !== 'none') this.paths.set(path, edit.text ?? '');
      return how !== 'none';
    }
    if (how === 'replace') this.#removeOthers(path, edit.children);
    this.children(edit.children, how, path);
    if (!implied) this.paths.set(path, '');
    return how !== 'none' && (!implied || this.exists(path));
  }

  children(edits: readonly Edit[], inherited: string, path: string): void {
    const set = edits.filter((child) => this.edit(child, inherited, path)).map(({ name }) => name);
    if (set.some((name) => rivals[name]?.some((rival) => set.includes(rival))))
      throw new Error('bad-element');
    for (const name of set) for (const rival of rivals[name] ?? []) this.remove(`${path}/${rival}`);
  }

  #removeOthers(path: string, children: readonly Edit[]): void {
    const kept = children.map((child) => pathOf(child, path));
    for (const one of [...this.paths.keys()])
      if (one.startsWith(`${path}/`) && !kept.some((keep) => one === keep || one.startsWith(`${keep}/`)))
        this.paths.delete(one);
  }
}

/** A leaf-list entry is told from others by its value. */
function pathOf({ name, key, text }: Edit, parent: string): string {
  if (name === 'tag') return `${parent}/tag[${text}]`;
  return key === undefined ? `${parent}/${name}` : `${parent}/${name}[${key}]`;
}

function pathsOf(elements: readonly XmlElement[], parent = ''): [string, string][] {
  return elements.flatMap((node): [string, string][] => {
    const children = childElements(node);
    const key = children.find(({ name }) => name === 'id');
    const isEntry = node.name === 'item' || node.name === 'part';
    const text = textOf(node);
    const edit = { name: node.name, ...(isEntry && key !== undefined ? { key: textOf(key) } : { text }) };
    const path = pathOf(edit, parent);
    const inner = pathsOf(isEntry ? children.filter((child) => child !== key) : children, path);
    return children.length === 0 || isEntry || node.name === 'extra' ? [[path, text], ...inner] : inner;
  });
}

interface Request {
  readonly defaultOperation: 'merge' | 'replace' | 'none';
  readonly tops: readonly Edit[];
}

const request: fc.Arbitrary<Request> = fc.record({
  defaultOperation: fc.constantFrom('merge', 'merge', 'none', 'replace'),
  tops: fc.option(top, { nil: undefined, freq: 9 }).map((one) => (one === undefined ? [] : [one])),
});

function apply(tree: ConfigTree, { tops, defaultOperation }: Request): ConfigTree | string {
  try {
    const edit = config(tops.map(xmlOf).join(''));
    return editNow(tree, edit, testSchema, { defaultOperation }).tree;
  } catch (error) {
    if (error instanceof RpcError) return error.tag;
    throw error;
  }
}

function applyToModel(model: Model, { tops, defaultOperation }: Request): string | undefined {
  try {
    if (defaultOperation === 'replace' && tops.length === 0) model.paths.clear();
    model.children(tops, defaultOperation, '');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('edit-config against a naive tree (RFC 6241 §7.2)', () => {
  test('any sequence of edits leaves what the naive one does, or fails as it does', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 8 }), (requests) => {
        let tree: ConfigTree = [];
        let model = new Model();
        for (const one of requests) {
          const next = new Model();
          for (const [path, value] of model.paths) next.paths.set(path, value);
          const failure = applyToModel(next, one);
          const result = apply(tree, one);
          if (typeof result === 'string') {
            expect(result).toBe(failure);
            continue;
          }
          expect(failure).toBeUndefined();
          tree = result;
          model = next;
          expect(new Map(pathsOf(tree))).toEqual(model.paths);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what was committed is read back the same, and there is nothing between a tree and itself', () => {
    const validation = new ConfigValidation(testSchema, 1e6);
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), request, (requests, last) => {
        const before = requests.reduce<ConfigTree>((tree, one) => kept(tree, apply(tree, one)), []);
        const whole = element(baseNamespace, 'config', before);
        expect(shown(readNow(whole, testSchema))).toBe(shown(before));
        expect(configEdits(before, readNow(whole, testSchema), testSchema)).toEqual([]);
        const after = kept(before, apply(before, last));
        expect(configEdits(before, after, testSchema).length === 0).toBe(shown(before) === shown(after));
        if (isValid(after, validation))
          expect(shown(parseConfig(writeConfig(after), testSchema, validation))).toBe(shown(after));
      }),
      { numRuns: 150 },
    );
  });

  test('what was found valid before is found valid beside what an edit changed', () => {
    const remembering = new ConfigValidation(testSchema, 300);
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
        let tree: ConfigTree = [];
        for (const one of requests) {
          tree = kept(tree, apply(tree, one));
          expect(isValid(tree, remembering)).toBe(isValid(tree, new ConfigValidation(testSchema, 300)));
        }
      }),
      { numRuns: 100 },
    );
  });
});

function kept(before: ConfigTree, result: ConfigTree | string): ConfigTree {
  return typeof result === 'string' ? before : result;
}

function isValid(tree: ConfigTree, validation: ConfigValidation): boolean {
  try {
    checkNow(validation, tree);
    return true;
  } catch (error) {
    if (error instanceof RpcError) return false;
    throw error;
  }
}

describe('lists that the user orders, against an array (RFC 6020 §7.7.7)', () => {
  const names = ['1', '2', '3', '4', '5', '6'];
  const move = fc.record({
    name: fc.constantFrom(...names),
    where: fc.constantFrom(undefined, 'first', 'last', 'before', 'after'),
    neighbour: fc.constantFrom(...names),
  });

  test('any sequence of edits', () => {
    const edits = fc.array(fc.uniqueArray(move, { selector: ({ name }) => name, maxLength: 4 }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(edits, (sequence) => {
        let tree: ConfigTree = [];
        let order: string[] = [];
        for (const moves of sequence) {
          const steps = moves.map(({ name, where, neighbour }) => {
            const insert = where === undefined ? '' : ` yang:insert="${where}"`;
            const value = where === 'before' || where === 'after' ? ` yang:value="${neighbour}"` : '';
            return `<step${insert}${value}>${name}</step>`;
          });
          const expected = moves.reduce<string[] | undefined>((list, one) => list && moved(list, one), order);
          const result = applyXml(tree, `<top>${steps.join('')}</top>`);
          expect(result === undefined).toBe(expected === undefined);
          tree = result ?? tree;
          order = expected ?? order;
          expect(tree.flatMap(childElements).map(textOf)).toEqual(order);
        }
      }),
      { numRuns: 200 },
    );
  });

  function applyXml(tree: ConfigTree, xml: string): ConfigTree | undefined {
    try {
      return editNow(tree, config(xml), testSchema, { defaultOperation: 'merge' }).tree;
    } catch (error) {
      if (error instanceof RpcError) return undefined;
      throw error;
    }
  }

  /** @returns `undefined` where the neighbour is not there */
  function moved(
    list: readonly string[],
    { name, where, neighbour }: { name: string; where: string | undefined; neighbour: string },
  ): string[] | undefined {
    if (where === undefined) return list.includes(name) ? [...list] : [...list, name];
    const others = list.filter((one) => one !== name);
    if (where === 'first') return [name, ...others];
    if (where === 'last') return [...others, name];
    const at = others.indexOf(neighbour);
    if (at < 0) return undefined;
    return others.toSpliced(where === 'before' ? at : at + 1, 0, name);
  }
});
