import { ConfigSchema } from '../../src/netconf/datastore/config-schema.ts';
import type { ConfigValidation } from '../../src/netconf/datastore/config-validation.ts';
import type { ConfigTree } from '../../src/netconf/datastore/config-view.ts';
import {
  type EditOptions,
  type EditResult,
  editConfig,
  readConfig,
} from '../../src/netconf/datastore/edit-config.ts';
import { atOnce } from '../../src/netconf/datastore/steps.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { RpcError } from '../../src/netconf/rpc-error.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import type { ModuleSchema, SchemaNode, YangType } from '../../src/yang/schema.ts';
import { leaf, parse } from './protocol-fixture.ts';

export const testNamespace = 'urn:test:config';

const text: YangType = { base: 'string', lengths: [], patterns: [] };
const byte: YangType = { base: 'uint8', ranges: [] };

/** One of every kind of node that a configuration can have. */
const nodes: readonly SchemaNode[] = [
  {
    kind: 'container',
    name: 'top',
    children: [
      leaf('name'),
      leaf('size', byte, { default: '7' }),
      { kind: 'leaf-list', name: 'tag', type: text },
      { kind: 'leaf-list', name: 'step', type: byte, orderedBy: 'user' },
      {
        kind: 'container',
        name: 'inner',
        children: [
          leaf('depth', byte, { default: '1' }),
          { kind: 'container', name: 'core', children: [leaf('heat', byte)] },
        ],
      },
      {
        kind: 'container',
        name: 'extra',
        presence: true,
        children: [leaf('level', byte, { default: '3' }), leaf('must', byte, { mandatory: true })],
      },
      {
        kind: 'choice',
        name: 'way',
        mandatory: false,
        cases: [
          [leaf('tcp'), leaf('port', byte, { default: '22' })],
          [leaf('udp'), { kind: 'container', name: 'more', children: [leaf('ttl', byte)] }],
        ],
      },
      {
        kind: 'list',
        name: 'item',
        keys: ['id'],
        children: [
          leaf('note'),
          leaf('id', byte),
          leaf('size', byte, { default: '2' }),
          { kind: 'list', name: 'part', keys: ['id'], children: [leaf('id'), leaf('mark', byte)] },
        ],
      },
      {
        kind: 'list',
        name: 'rule',
        keys: ['name'],
        orderedBy: 'user',
        children: [leaf('name'), leaf('path'), leaf('action', text, { mandatory: true })],
      },
      {
        kind: 'list',
        name: 'pair',
        keys: ['a', 'b'],
        children: [leaf('a', byte), leaf('b'), leaf('value')],
      },
      leaf('seen', byte, { config: false }),
    ],
  },
  { kind: 'container', name: 'state', config: false, children: [leaf('count', byte, { config: false })] },
];

export const testModule: ModuleSchema = {
  name: 'config-test',
  namespace: testNamespace,
  prefix: 't',
  revision: '2026-01-01',
  rpcs: new Map(),
  data: nodes,
};

export const testSchema = new ConfigSchema([testModule]);

const prefixes = [
  `xmlns="${testNamespace}"`,
  `xmlns:t="${testNamespace}"`,
  `xmlns:nc="${baseNamespace}"`,
  'xmlns:yang="urn:ietf:params:xml:ns:yang:1"',
  'xmlns:wd="urn:ietf:params:xml:ns:netconf:default:1.0"',
].join(' ');

/** A `<config>` whose content is in the test module's namespace, the prefixes nc, yang, wd and t bound. */
export function config(content: string): XmlElement {
  return parse(`<nc:config ${prefixes}>${content}</nc:config>`);
}

/** The datastore that holds this. */
export function tree(content: string): ConfigTree {
  return readNow(config(content), testSchema);
}

/** `editConfig`, at once. */
export function editNow(...of: Parameters<typeof editConfig>): EditResult {
  return atOnce(editConfig(...of));
}

/** `readConfig`, at once. */
export function readNow(...of: Parameters<typeof readConfig>): ConfigTree {
  return atOnce(readConfig(...of));
}

/** Checks a datastore at once. */
export function checkNow(validation: ConfigValidation, content: ConfigTree): void {
  atOnce(validation.checked(content));
}

/** The content of a datastore, without namespace declarations. */
export function shown(content: ConfigTree): string {
  return writeXml(element(baseNamespace, 'config', content))
    .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
    .replace(/^<config\/?>|<\/config>$/g, '');
}

/** Edits a datastore given as text. */
export function edited(before: string, edit: string, options: Partial<EditOptions> = {}): string {
  const { tree: after } = editNow(tree(before), config(edit), testSchema, {
    defaultOperation: 'merge',
    ...options,
  });
  return shown(after);
}

/** What an action throws, as its tag, app-tag and path. */
export function faultOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return faultText(error);
  }
  return 'no error';
}

export function faultText({ type, tag, fields: { appTag, path } }: RpcError): string {
  return [`${type}/${tag}`, appTag, path].filter((part) => part !== undefined).join(' ');
}
