import { describe, expect, test } from '@jest/globals';
import { selectedKeys, selectsNode } from '../../src/bridge/list-keys.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';

const namespace = 'urn:mup:yang:mup-bridge';
const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';

function node(name: string, children: readonly XmlElement[] | string = []): XmlElement {
  return element(namespace, name, children);
}

function filter(...children: XmlElement[]): XmlElement {
  return element(base, 'filter', children);
}

const path = ['devices', 'device'];
const device = (...children: XmlElement[]): XmlElement => node('devices', [node('device', children)]);

describe('which entries a subtree filter can select (RFC 6241 §6.2)', () => {
  test.each([
    ['no filter', undefined],
    ['the container alone', filter(node('devices'))],
    ['the list alone', filter(device())],
    ['a selection node instead of a key', filter(device(node('presence')))],
    ['an empty key', filter(device(node('uuid')))],
    ['a key beside an entry without one', filter(device(node('uuid', 'A')), device(node('presence')))],
    ['a key beside the container', filter(device(node('uuid', 'A')), node('devices'))],
  ])('%s selects any entry', (_, given) => {
    expect(selectedKeys(given, path, 'uuid')).toBeUndefined();
  });

  test.each([
    ['one key', filter(device(node('uuid', ' A '), node('presence'))), ['A']],
    ['two keys in two filters', filter(device(node('uuid', 'A')), device(node('uuid', 'B'))), ['A', 'B']],
    ['another node', filter(node('statistics')), []],
    ['an empty filter', filter(), []],
  ])('%s selects those entries', (_, given, keys) => {
    expect([...(selectedKeys(given, path, 'uuid') ?? ['any'])]).toEqual(keys);
  });

  test('a node is selected by its namespace or by the wildcard of none', () => {
    expect(selectsNode(undefined, namespace, 'devices')).toBe(true);
    expect(selectsNode(filter(node('devices')), namespace, 'devices')).toBe(true);
    expect(selectsNode(filter(element('', 'devices')), namespace, 'devices')).toBe(true);
    expect(selectsNode(filter(element('urn:x', 'devices')), namespace, 'devices')).toBe(false);
    expect(selectsNode(filter(), namespace, 'devices')).toBe(false);
  });
});
