import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SubtreeFilter } from '../../../src/netconf/filter/subtree-filter.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import type { FindDataNode } from '../../../src/netconf/schema-nodes.ts';
import { element, type XmlElement } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import type { SchemaNode } from '../../../src/yang/schema.ts';
import { cpuMsOf } from '../../support/cpu-time.ts';
import { leaf, parse } from '../protocol-fixture.ts';

const config = 'http://example.com/schema/1.2/config';

/** The data of RFC 6241 §6.4.3, with the passwords of no one. */
const users = `
  <users>
    <user><name>root</name><type>superuser</type><full-name>Charlie Root</full-name>
      <company-info><dept>1</dept><id>1</id></company-info></user>
    <user><name>fred</name><type>admin</type><full-name>Fred Flintstone</full-name>
      <company-info><dept>2</dept><id>2</id></company-info></user>
    <user><name>barney</name><type>admin</type><full-name>Barney Rubble</full-name>
      <company-info><dept>2</dept><id>3</id></company-info></user>
  </users>`;
const data = [parse(`<top xmlns="${config}">${users}<other><x>1</x></other></top>`)];

const usersSchema: SchemaNode = {
  kind: 'container',
  name: 'top',
  children: [
    {
      kind: 'container',
      name: 'users',
      children: [
        {
          kind: 'choice',
          name: 'how',
          mandatory: false,
          cases: [[{ kind: 'list', name: 'user', keys: ['name'], children: [leaf('name'), leaf('type')] }]],
        },
      ],
    },
  ],
};
const schemaOf: FindDataNode = (namespace, name) =>
  namespace === config && name === 'top' ? usersSchema : undefined;

const filterOf = (content: string): XmlElement => parse(`<filter type="subtree">${content}</filter>`);

function select(
  content: string,
  from: readonly XmlElement[] = data,
  schemas: FindDataNode = schemaOf,
): string {
  return new SubtreeFilter(filterOf(content), schemas).apply(from).map(writeXml).join('');
}

const top = (content: string): string => `<top xmlns="${config}">${content}</top>`;
const squeeze = (xml: string): string => writeXml(parse(xml));

describe('the examples of RFC 6241 §6.4', () => {
  test('6.4.2: an empty filter selects nothing', () => {
    expect(select('')).toBe('');
    expect(select(' \n ')).toBe('');
  });

  test('6.4.3: a selection node selects the whole subtree', () => {
    expect(select(top('<users/>'))).toBe(squeeze(top(users)));
  });

  test('6.4.3: a containment node inside selects the same', () => {
    expect(select(top('<users><user/></users>'))).toBe(squeeze(top(users)));
  });

  test('6.4.4: one selection node of every entry', () => {
    expect(select(top('<users><user><name/></user></users>'))).toBe(
      squeeze(
        top(
          '<users><user><name>root</name></user><user><name>fred</name></user><user><name>barney</name></user></users>',
        ),
      ),
    );
  });

  test('6.4.5: one entry by content match, all of it', () => {
    expect(select(top('<users><user><name>fred</name></user></users>'))).toBe(
      squeeze(
        top(
          '<users><user><name>fred</name><type>admin</type><full-name>Fred Flintstone</full-name>' +
            '<company-info><dept>2</dept><id>2</id></company-info></user></users>',
        ),
      ),
    );
  });

  test('6.4.6: some elements of one entry', () => {
    expect(select(top('<users><user><name>fred</name><type/><full-name/></user></users>'))).toBe(
      squeeze(
        top(
          '<users><user><name>fred</name><type>admin</type><full-name>Fred Flintstone</full-name></user></users>',
        ),
      ),
    );
  });

  test('6.4.7: several subtrees', () => {
    expect(
      select(
        top(`<users>
          <user><name>root</name><company-info/></user>
          <user><name>fred</name><company-info><id/></company-info></user>
          <user><name>barney</name><type>superuser</type><company-info><dept/></company-info></user>
        </users>`),
      ),
    ).toBe(
      squeeze(
        top(
          '<users><user><name>root</name><company-info><dept>1</dept><id>1</id></company-info></user>' +
            '<user><name>fred</name><company-info><id>2</id></company-info></user></users>',
        ),
      ),
    );
  });

  const stats = 'http://example.com/schema/1.2/stats';
  const interfaces = [
    parse(
      `<t:top xmlns:t="${stats}"><t:interfaces>
        <t:interface t:ifName="eth0"><t:ifInOctets>45621</t:ifInOctets><t:ifOutOctets>774344</t:ifOutOctets></t:interface>
        <t:interface t:ifName="eth1"><t:ifInOctets>1</t:ifInOctets></t:interface>
      </t:interfaces></t:top>`,
    ),
  ];
  const eth0 =
    `<top xmlns="${stats}"><interfaces><interface xmlns:ns1="${stats}" ns1:ifName="eth0">` +
    '<ifInOctets>45621</ifInOctets><ifOutOctets>774344</ifOutOctets></interface></interfaces></top>';

  test('6.4.8: elements with attributes', () => {
    const filter = `<t:top xmlns:t="${stats}"><t:interfaces><t:interface t:ifName="eth0"/></t:interfaces></t:top>`;
    const [selected = element('', 'none')] = new SubtreeFilter(filterOf(filter)).apply(interfaces);
    expect(writeXml(withoutScope(selected))).toBe(eth0);
  });

  test('6.2.2: an attribute has to be equal in name, namespace and value', () => {
    const interfaceFilter = (attribute: string): string =>
      `<t:top xmlns:t="${stats}"><t:interfaces><t:interface ${attribute}/></t:interfaces></t:top>`;
    for (const attribute of ['t:ifName="eth2"', 'ifName="eth0"', 't:other="eth0"', 't:ifName="eth0" a="b"'])
      expect(select(interfaceFilter(attribute), interfaces)).toBe('');
  });

  function withoutScope({ name, namespace, attributes, children }: XmlElement): XmlElement {
    const bare = children.map((child) => (typeof child === 'string' ? child : withoutScope(child)));
    return { name, namespace, attributes, children: bare };
  }
});

describe('the rules of RFC 6241 §6.2', () => {
  test('6.2.1: another namespace selects nothing, none selects any', () => {
    expect(select('<top xmlns="urn:other"/>')).toBe('');
    expect(select('<top xmlns=""><users><user><name>root</name><type/></user></users></top>')).toBe(
      squeeze(top('<users><user><name>root</name><type>superuser</type></user></users>')),
    );
  });

  test('6.2.3: a path that leads nowhere selects nothing, not even the containers on it', () => {
    expect(select(top('<users><nobody/></users>'))).toBe('');
    expect(select(top('<users><user><name>nobody</name></user></users>'))).toBe('');
    expect(select(top('<users><user><nothing/></user></users>'))).toBe('');
  });

  test('6.2.5: all content match nodes of a sibling set have to be true', () => {
    expect(select(top('<users><user><name>fred</name><type>superuser</type></user></users>'))).toBe('');
    expect(select(top('<users><user><name>fred</name><type>admin</type><none/></user></users>'))).toBe(
      squeeze(top('<users><user><name>fred</name><type>admin</type></user></users>')),
    );
  });

  test('6.2.5: white space around the text does not count, case does', () => {
    expect(select(top('<users><user><name>\n fred </name><type/></user></users>'))).toContain('fred');
    expect(select(top('<users><user><name>Fred</name></user></users>'))).toBe('');
  });

  test('6.2.5: content is matched in leaves only', () => {
    expect(select(top('<users>root</users>'))).toBe('');
  });

  test('subtrees that overlap are merged, in the order of the data', () => {
    const fred = '<user><name>fred</name><full-name/></user>';
    expect(select(top(`<users><user><type/></user>${fred}</users>`))).toBe(
      squeeze(
        top(
          '<users><user><name>root</name><type>superuser</type></user>' +
            '<user><name>fred</name><type>admin</type><full-name>Fred Flintstone</full-name></user>' +
            '<user><name>barney</name><type>admin</type></user></users>',
        ),
      ),
    );
  });

  test('keys always come along, and alone select nothing', () => {
    expect(select(top('<users><user><type/></user></users>'))).toContain('<name>root</name>');
    const unknown: FindDataNode = () => undefined;
    expect(select(top('<users><user><type/></user></users>'), data, unknown)).not.toContain('<name>');
  });

  test('several top-level elements are several filters', () => {
    const both = [...data, parse('<more xmlns="urn:m"><a>1</a></more>')];
    expect(select(`${top('<other/>')}<more xmlns="urn:m"/>`, both)).toBe(
      squeeze(top('<other><x>1</x></other>')) + squeeze('<more xmlns="urn:m"><a>1</a></more>'),
    );
  });

  test('a filter over the limit is too big', () => {
    expect(() => new SubtreeFilter(filterOf('<a/>'.repeat(1001)))).toThrow(RpcError);
    expect(new SubtreeFilter(filterOf('<a/>'.repeat(1000))).apply(data)).toEqual([]);
  });
});

describe('the work of a filter', () => {
  const devices = (count: number): readonly XmlElement[] => {
    const names = ['uuid', 'presence', ...Array.from({ length: 18 }, (_, index) => `leaf-${index}`)];
    const device = element(
      'urn:m',
      'device',
      names.map((name) => element('urn:m', name, 'x')),
    );
    return [
      element(
        'urn:m',
        'devices',
        Array.from({ length: count }, () => device),
      ),
    ];
  };
  const apply = (content: string, count: number): readonly XmlElement[] =>
    new SubtreeFilter(filterOf(content)).apply(devices(count));

  test('is not too much for what managers ask, however large the data', () => {
    const leaves = Array.from({ length: 18 }, (_, index) => `<leaf-${index}/>`).join('');
    const [selected] = apply(`<devices><device><presence>x</presence>${leaves}</device></devices>`, 50_000);
    expect(selected?.children).toHaveLength(50_000);
  });

  test.each([
    ['many nodes of one name', `<devices>${'<device><a/></device>'.repeat(499)}</devices>`],
    ['many of one leaf', `<devices><device>${'<uuid>y</uuid>'.repeat(400)}<presence/></device></devices>`],
    ['many that match', `<devices><device>${'<leaf-1> <b/></leaf-1>'.repeat(400)}</device></devices>`],
  ])('is too big for one made to be slow: %s', (_, content) => {
    const spent = cpuMsOf(() => {
      try {
        apply(content, 50_000);
      } catch (error) {
        expect(error).toMatchObject({ tag: 'too-big' });
      }
    });
    // Some 100 ms for a million elements; the rest is for a slow machine.
    expect(spent).toBeLessThan(5000);
  });
});

describe('maySelect', () => {
  const mayX = (content: string): boolean => new SubtreeFilter(filterOf(content)).maySelect('urn:a', 'x');

  test('is true exactly where a filter names the element', () => {
    expect(mayX('<x xmlns="urn:a"/>')).toBe(true);
    expect(mayX('<x/>')).toBe(true);
    expect(mayX('<x xmlns="urn:b"/><y/>')).toBe(false);
    expect(mayX('')).toBe(false);
  });
});

describe('properties', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
    tree: fc
      .tuple(
        name,
        fc.oneof(
          { maxDepth: 3 },
          fc.constantFrom('', '1', '2'),
          fc.array(tie('tree') as fc.Arbitrary<XmlElement>, { maxLength: 4 }),
        ),
      )
      .map(([local, content]) => element('urn:a', local, content)),
  }));
  const texts = (node: XmlElement, path = ''): string[] =>
    node.children.flatMap((child) =>
      typeof child === 'string' ? [`${path}/${node.name}=${child}`] : texts(child, `${path}/${node.name}`),
    );

  test('what is selected is a part of the data, and selecting from it again changes nothing', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), fc.array(tree, { maxLength: 4 }), (all, filters) => {
        const filter = new SubtreeFilter(element('', 'filter', filters));
        const selected = filter.apply(all);
        const known = all.flatMap((one) => texts(one));
        for (const one of selected.flatMap((node) => texts(node))) expect(known).toContain(one);
        expect(filter.apply(selected)).toEqual(selected);
      }),
    );
  });

  test('RFC 8526 §3.1.1: a depth beyond all levels changes nothing', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), fc.array(tree, { maxLength: 4 }), (all, filters) => {
        const filter = new SubtreeFilter(element('', 'filter', filters));
        expect(filter.apply(all, { depth: 65535 })).toEqual(filter.apply(all));
      }),
    );
  });
});

describe('keys: which entries a filter can select (§6.2.5)', () => {
  const namespace = 'urn:mup:yang:mup-bridge';
  const devices = (content: string): string => `<devices xmlns="${namespace}">${content}</devices>`;
  const device = (content: string): string => devices(`<device>${content}</device>`);
  const keysOf = (content: string): readonly string[] | undefined => {
    const keys = new SubtreeFilter(filterOf(content)).keys(['devices', 'device'], 'uuid');
    return keys === undefined ? undefined : [...keys];
  };

  test.each([
    ['the container alone', devices('')],
    ['the list alone', device('')],
    ['a selection node instead of a key', device('<presence/>')],
    ['an empty key', device('<uuid/>')],
    ['a key beside an entry without one', device('<uuid>A</uuid>') + device('<presence/>')],
    ['a key beside the container', device('<uuid>A</uuid>') + devices('')],
    ['the content of another leaf', device('<presence>online</presence>')],
  ])('%s selects any entry', (_, content) => {
    expect(keysOf(content)).toBeUndefined();
  });

  test.each([
    ['one key', device('<uuid> A </uuid><presence/>'), ['A']],
    ['two keys in two filters', device('<uuid>A</uuid>') + device('<uuid>B</uuid>'), ['A', 'B']],
    ['another node', '<statistics/>', []],
    ['an empty filter', '', []],
  ])('%s selects those entries', (_, content, keys) => {
    expect(keysOf(content)).toEqual(keys);
  });
});
