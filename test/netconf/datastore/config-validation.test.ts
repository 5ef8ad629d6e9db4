import { describe, expect, test } from '@jest/globals';
import { ConfigSchema } from '../../../src/netconf/datastore/config-schema.ts';
import { ConfigValidation } from '../../../src/netconf/datastore/config-validation.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import type { SchemaNode, YangType } from '../../../src/yang/schema.ts';
import { checkNow, config, faultOf, readNow, testModule, testSchema } from '../config-fixture.ts';
import { leaf } from '../protocol-fixture.ts';

const text: YangType = { base: 'string', lengths: [], patterns: [] };

const bounded: readonly SchemaNode[] = [
  {
    kind: 'container',
    name: 'top',
    presence: true,
    children: [
      { kind: 'list', name: 'item', keys: ['id'], minElements: 1, maxElements: 2, children: [leaf('id')] },
      { kind: 'leaf-list', name: 'tag', type: text, maxElements: 2 },
      {
        kind: 'choice',
        name: 'way',
        mandatory: true,
        cases: [[leaf('tcp', text, { mandatory: true }), leaf('port')], [leaf('udp')]],
      },
      { kind: 'container', name: 'inner', children: [leaf('deep', text, { mandatory: true })] },
      leaf('seen', text, { config: false, mandatory: true }),
    ],
  },
];

function check(content: string): string {
  const schema = new ConfigSchema([{ ...testModule, data: bounded }]);
  const validation = new ConfigValidation(schema, 1e6);
  return faultOf(() => checkNow(validation, readNow(config(content), schema)));
}

const inner = '<inner><deep>x</deep></inner>';
const item = '<item><id>1</id></item>';

describe('a datastore is valid as a whole (RFC 6020 §8.1)', () => {
  test.each([
    ['nothing at all', '', 'no error'],
    ['all that has to be there', `<top>${item}<udp>x</udp>${inner}</top>`, 'no error'],
    [
      'too few entries (§13.3)',
      `<top><udp>x</udp>${inner}</top>`,
      'application/operation-failed too-few-elements /t:top/t:item',
    ],
    [
      'too many entries (§13.2)',
      `<top>${[1, 2, 3].map((id) => `<item><id>${id}</id></item>`).join('')}<udp>x</udp>${inner}</top>`,
      'application/operation-failed too-many-elements /t:top/t:item',
    ],
    [
      'too many values (§13.2)',
      `<top>${item}<tag>1</tag><tag>2</tag><tag>3</tag><udp>x</udp>${inner}</top>`,
      'application/operation-failed too-many-elements /t:top/t:tag',
    ],
    [
      'no case of a mandatory choice (§13.7)',
      `<top>${item}${inner}</top>`,
      'application/data-missing missing-choice /t:top',
    ],
    [
      'a mandatory leaf of the case that is there',
      `<top>${item}<port>1</port>${inner}</top>`,
      'application/data-missing /t:top/t:tcp',
    ],
    [
      'a mandatory leaf of a container that is implied (§7.5.1)',
      `<top>${item}<udp>x</udp></top>`,
      'application/data-missing /t:top/t:inner/t:deep',
    ],
  ])('%s', (_, content, fault) => {
    expect(check(content)).toBe(fault);
  });

  test('a mandatory leaf of an entry', () => {
    const validation = new ConfigValidation(testSchema, 1e6);
    const rule = readNow(config('<top><rule><name>r</name></rule></top>'), testSchema);
    expect(faultOf(() => checkNow(validation, rule))).toBe(
      "application/data-missing /t:top/t:rule[t:name='r']/t:action",
    );
  });

  test('missing-choice names the choice in error-info (§13.7)', () => {
    const schema = new ConfigSchema([{ ...testModule, data: bounded }]);
    try {
      checkNow(new ConfigValidation(schema, 1e6), readNow(config(`<top>${item}${inner}</top>`), schema));
    } catch (error) {
      const info = error instanceof RpcError ? error.fields.info : undefined;
      expect(info?.map(writeXml)).toEqual([
        '<missing-choice xmlns="urn:ietf:params:xml:ns:yang:1">way</missing-choice>',
      ]);
    }
    expect.assertions(1);
  });

  test('a datastore is bounded', () => {
    const validation = new ConfigValidation(testSchema, 100);
    const tree = (size: number) => readNow(config(`<top><name>${'x'.repeat(size)}</name></top>`), testSchema);
    expect(faultOf(() => checkNow(validation, tree(50)))).toBe('no error');
    expect(faultOf(() => checkNow(validation, tree(100)))).toBe('application/too-big');
  });
});
