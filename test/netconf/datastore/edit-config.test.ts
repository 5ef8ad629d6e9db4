import { describe, expect, test } from '@jest/globals';
import { element } from '../../../src/xml/element.ts';
import { config, edited, editNow, faultOf, shown, testSchema, tree } from '../config-fixture.ts';

describe('edit-config (RFC 6241 §7.2): operations', () => {
  const before = '<top><name>a</name><item><id>1</id><note>x</note></item></top>';

  test.each([
    ['merge sets a leaf and keeps the rest', '<top><name>b</name></top>', before.replace('>a<', '>b<')],
    [
      'merge makes what is not there',
      '<top><item><id>2</id></item></top>',
      before.replace('</item>', '</item><item><id>2</id></item>'),
    ],
    [
      'merge in an entry keeps its other leaves',
      '<top><item><id>1</id><size>9</size></item></top>',
      before.replace('</note>', '</note><size>9</size>'),
    ],
    [
      'replace of a container drops what the edit does not name',
      '<top nc:operation="replace"><size>1</size></top>',
      '<top><size>1</size></top>',
    ],
    [
      'replace of an entry drops its other leaves',
      '<top><item nc:operation="replace"><id>1</id><size>9</size></item></top>',
      '<top><name>a</name><item><id>1</id><size>9</size></item></top>',
    ],
    [
      'create makes an entry',
      '<top><item nc:operation="create"><id>3</id></item></top>',
      before.replace('</item>', '</item><item><id>3</id></item>'),
    ],
    [
      'delete takes a leaf away',
      '<top><name nc:operation="delete"/></top>',
      before.replace('<name>a</name>', ''),
    ],
    [
      'delete takes an entry away',
      '<top><item nc:operation="delete"><id>1</id></item></top>',
      '<top><name>a</name></top>',
    ],
    [
      'remove of what is not there does nothing',
      '<top><item nc:operation="remove"><id>9</id></item><size nc:operation="remove"/></top>',
      before,
    ],
    [
      'an operation holds for all below it until another one',
      '<top nc:operation="replace"><item nc:operation="merge"><id>1</id></item></top>',
      '<top><item><id>1</id><note>x</note></item></top>',
    ],
    ['the last leaf takes its containers along (RFC 6020 §7.5.1)', '<top nc:operation="delete"/>', ''],
    [
      'values become canonical (RFC 6020 §9.1)',
      '<top><item><id>01</id><size>+9</size></item></top>',
      before.replace('</note>', '</note><size>9</size>'),
    ],
  ])('%s', (_, edit, after) => {
    expect(edited(before, edit)).toBe(after);
  });

  test('default-operation none edits only where an operation is', () => {
    const edit = '<top><name>zzz</name><item><id>1</id><note nc:operation="replace">y</note></item></top>';
    expect(edited(before, edit, { defaultOperation: 'none' })).toBe(before.replace('>x<', '>y<'));
  });

  test('default-operation replace replaces the datastore', () => {
    expect(edited(before, '<top><size>1</size></top>', { defaultOperation: 'replace' })).toBe(
      '<top><size>1</size></top>',
    );
    expect(edited(before, '', { defaultOperation: 'replace' })).toBe('');
  });

  test('none passes through a container without presence that holds nothing (RFC 6020 §7.5.1)', () => {
    const edit = '<top><inner><core><heat nc:operation="create">1</heat></core></inner></top>';
    expect(edited('', edit, { defaultOperation: 'none' })).toBe(
      '<top><inner><core><heat>1</heat></core></inner></top>',
    );
  });

  test('an edit shares what it does not touch with the tree before it', () => {
    const old = tree(before);
    const same = editNow(old, config('<top><name>a</name></top>'), testSchema, {
      defaultOperation: 'merge',
    });
    expect(same.tree[0]).toBe(old[0]);
    const other = editNow(old, config('<top><name>b</name></top>'), testSchema, {
      defaultOperation: 'merge',
    });
    expect(other.tree[0]?.children).toContain(old[0]?.children[1]);
  });
});

describe('nodes of every kind', () => {
  test.each([
    ['a presence container stays when it is empty', '', '<top><extra/></top>', '<top><extra/></top>'],
    ['an empty container without presence is none', '', '<top><inner><core/></inner></top>', ''],
    [
      'leaf-lists gain a value once',
      '<top><tag>a</tag></top>',
      '<top><tag>b</tag><tag>a</tag></top>',
      '<top><tag>a</tag><tag>b</tag></top>',
    ],
    [
      'leaf-lists lose a value',
      '<top><tag>a</tag><tag>b</tag></top>',
      '<top><tag nc:operation="delete">a</tag></top>',
      '<top><tag>b</tag></top>',
    ],
    [
      'entries have several keys',
      '<top><pair><a>1</a><b>x</b></pair></top>',
      '<top><pair><b>x</b><a>1</a><value>v</value></pair><pair><a>1</a><b>y</b></pair></top>',
      '<top><pair><a>1</a><b>x</b><value>v</value></pair><pair><a>1</a><b>y</b></pair></top>',
    ],
    ['an empty string is a value', '', '<top><name/></top>', '<top><name/></top>'],
    [
      'a case deletes the others (RFC 6020 §7.9)',
      '<top><tcp>x</tcp><port>1</port></top>',
      '<top><udp>y</udp></top>',
      '<top><udp>y</udp></top>',
    ],
    [
      'nodes of one case stand together',
      '<top><tcp>x</tcp></top>',
      '<top><port>1</port></top>',
      '<top><tcp>x</tcp><port>1</port></top>',
    ],
    [
      'a case goes by an operation of its own',
      '<top><tcp>x</tcp></top>',
      '<top><tcp nc:operation="delete"/><udp>y</udp></top>',
      '<top><udp>y</udp></top>',
    ],
    [
      'keys come first, then the order of the schema',
      '',
      '<top><item><size>1</size><note>n</note><id>4</id></item><name>n</name></top>',
      '<top><name>n</name><item><id>4</id><note>n</note><size>1</size></item></top>',
    ],
  ])('%s', (_, before, edit, after) => {
    expect(edited(before, edit)).toBe(after);
  });

  test('prefixes that a value uses stay with it (RFC 8341, node-instance-identifier)', () => {
    const [top] = tree('<top><rule><name>r</name><path>/t:top/x:y</path><action>a</action></rule></top>');
    const rule = top?.children[0];
    const path = typeof rule === 'object' ? rule.children[1] : undefined;
    expect(typeof path === 'object' ? path.scope : undefined).toEqual(new Map([['t', 'urn:test:config']]));
  });
});

describe('lists that the user orders (RFC 6020 §7.7.7, §7.8.6)', () => {
  const rule = (name: string, attributes = ''): string =>
    `<rule ${attributes}><name>${name}</name><action>a</action></rule>`;
  const three = `<top>${rule('a')}${rule('b')}${rule('c')}</top>`;
  const order = (edit: string, before = three): string =>
    [...edited(before, edit).matchAll(/<name>(\w+)<\/name>/g)].map(([, name]) => name).join('');

  test.each([
    ['new ones go to the end', rule('d'), 'abcd'],
    ['first', rule('d', 'yang:insert="first"'), 'dabc'],
    ['last moves one that is there', rule('a', 'yang:insert="last"'), 'bca'],
    ['before', rule('d', `yang:insert="before" yang:key="[t:name='b']"`), 'adbc'],
    ['after', rule('d', `yang:insert="after" yang:key='[t:name="a"]' nc:operation="create"`), 'adbc'],
    ['after moves one that is there', rule('a', `yang:insert="after" yang:key="[name = 'b']"`), 'bac'],
    ['without insert one that is there stays', rule('a'), 'abc'],
    [
      'one after the other',
      `${rule('d', 'yang:insert="first"')}${rule('e', `yang:insert="after" yang:key="[t:name='d']"`)}`,
      'deabc',
    ],
  ])('%s', (_, edit, expected) => {
    expect(order(`<top>${edit}</top>`)).toBe(expected);
  });

  test('replace takes the order of the edit', () => {
    expect(order(`<top nc:operation="replace">${rule('c')}${rule('a')}</top>`)).toBe('ca');
  });

  test('leaf-lists too, by their value', () => {
    const edit =
      '<top><step yang:insert="before" yang:value="02">9</step><step yang:insert="first">3</step></top>';
    expect(edited('<top><step>1</step><step>2</step><step>3</step></top>', edit)).toBe(
      '<top><step>3</step><step>1</step><step>9</step><step>2</step></top>',
    );
  });

  test.each([
    [
      'a neighbour that is not there',
      rule('d', `yang:insert="after" yang:key="[t:name='z']"`),
      'application/bad-attribute missing-instance',
    ],
    [
      'itself',
      rule('a', `yang:insert="after" yang:key="[t:name='a']"`),
      'application/bad-attribute missing-instance',
    ],
    [
      'a key that is none',
      rule('d', `yang:insert="after" yang:key="name='a'"`),
      'application/bad-attribute missing-instance',
    ],
    [
      'a prefix that is not bound',
      rule('d', `yang:insert="after" yang:key="[q:name='a']"`),
      'application/bad-attribute missing-instance',
    ],
    ['no key', rule('d', 'yang:insert="after"'), 'application/missing-attribute'],
    ['a key without insert', rule('d', `yang:key="[t:name='a']"`), 'application/missing-attribute'],
    ['a place that is none', rule('d', 'yang:insert="middle"'), 'application/bad-attribute'],
    ['what the system orders', '<item yang:insert="first"><id>1</id></item>', 'application/bad-attribute'],
    ['what is no list', '<name yang:insert="first">x</name>', 'application/bad-attribute'],
  ])('refused: %s', (_, edit, fault) => {
    expect(faultOf(() => edited(three, `<top>${edit}</top>`))).toMatch(new RegExp(`^${fault}( /t:top.*)?$`));
  });
});

test('no other module is edited', () => {
  expect(shown(editNow([], element('urn:x', 'config'), testSchema, { defaultOperation: 'merge' }).tree)).toBe(
    '',
  );
});
