import { describe, expect, test } from '@jest/globals';
import {
  config,
  edited,
  editNow,
  faultOf,
  faultText,
  readNow,
  shown,
  testSchema,
  tree,
} from '../config-fixture.ts';

describe('errors of edit-config (RFC 6241 Appendix A, RFC 6020 §8.3)', () => {
  const before = '<top><name>a</name><item><id>1</id></item></top>';
  const item1 = "/t:top/t:item[t:id='1']";

  test.each([
    [
      'create of a leaf that is there',
      '<top><name nc:operation="create">b</name></top>',
      'application/data-exists /t:top/t:name',
    ],
    [
      'create of an entry that is there',
      '<top><item nc:operation="create"><id>1</id></item></top>',
      `application/data-exists ${item1}`,
    ],
    [
      'create below create',
      '<top nc:operation="create"><size>1</size></top>',
      'application/data-exists /t:top',
    ],
    [
      'delete of a leaf that is not there',
      '<top><size nc:operation="delete"/></top>',
      'application/data-missing /t:top/t:size',
    ],
    [
      'delete of an entry that is not there',
      '<top><item nc:operation="delete"><id>2</id></item></top>',
      "application/data-missing /t:top/t:item[t:id='2']",
    ],
    [
      'delete of a container that holds nothing',
      '<top><inner nc:operation="delete"/></top>',
      'application/data-missing /t:top/t:inner',
    ],
    [
      'delete of a value that is not there',
      '<top><tag nc:operation="delete">x</tag></top>',
      "application/data-missing /t:top/t:tag[.='x']",
    ],
    ['an element that is not known', '<top><nix/></top>', 'application/unknown-element /t:top'],
    ['a namespace that is not known', '<top xmlns="urn:x"/>', 'application/unknown-namespace'],
    ['a foreign child', '<top><name xmlns="urn:x">a</name></top>', 'application/unknown-namespace /t:top'],
    ['a top-level node that is not known', '<nix/>', 'application/unknown-element'],
    ['state data', '<top><seen>1</seen></top>', 'application/unknown-element /t:top'],
    ['state data at the top', '<state/>', 'application/unknown-element'],
    [
      'a value outside its type',
      '<top><item><id>1</id><size>256</size></item></top>',
      `application/invalid-value ${item1}/t:size`,
    ],
    [
      'a key outside its type',
      '<top><item><id>x</id></item></top>',
      'application/invalid-value /t:top/t:item',
    ],
    ['no key', '<top><item><size>1</size></item></top>', 'protocol/missing-element /t:top/t:item'],
    [
      'a key of another namespace',
      '<top><item><id xmlns="urn:x">1</id></item></top>',
      'application/unknown-namespace /t:top/t:item',
    ],
    ['a key twice', '<top><item><id>1</id><id>1</id></item></top>', 'application/bad-element /t:top/t:item'],
    [
      'a key that is deleted',
      '<top><item><id nc:operation="delete">1</id></item></top>',
      `application/bad-attribute ${item1}`,
    ],
    [
      'an entry twice',
      '<top><item><id>4</id></item><item><id>04</id></item></top>',
      "application/bad-element /t:top/t:item[t:id='4']",
    ],
    ['a leaf twice', '<top><name>a</name><name>a</name></top>', 'application/bad-element /t:top/t:name'],
    ['a container twice', '<top/><top/>', 'application/bad-element /t:top'],
    ['a value twice', '<top><tag>a</tag><tag>a</tag></top>', "application/bad-element /t:top/t:tag[.='a']"],
    ['two cases', '<top><tcp>a</tcp><more><ttl>1</ttl></more></top>', 'application/bad-element /t:top/t:tcp'],
    ['text beside elements', '<top>text<name>a</name></top>', 'application/bad-element /t:top'],
    ['elements in a leaf', '<top><name><b/></name></top>', 'application/unknown-element /t:top/t:name'],
    ['an operation that is none', '<top nc:operation="move"/>', 'application/bad-attribute'],
    [
      'an operation that RFC 6241 forbids to write',
      '<top nc:operation="none"/>',
      'application/bad-attribute',
    ],
    ['operation without its namespace', '<top operation="delete"/>', 'application/unknown-attribute'],
    ['an attribute without a meaning', '<top nc:nix="1"/>', 'application/unknown-attribute'],
  ])('%s', (_, edit, fault) => {
    expect(faultOf(() => edited(before, edit))).toBe(fault);
  });

  test('none on a way that is not there is data-missing', () => {
    const edit = '<top><item><id>2</id><note nc:operation="create">x</note></item></top>';
    expect(faultOf(() => edited(before, edit, { defaultOperation: 'none' }))).toBe(
      "application/data-missing /t:top/t:item[t:id='2']",
    );
  });

  test('a whole configuration holds no operations (RFC 6241 §7.3)', () => {
    expect(faultOf(() => readNow(config('<top nc:operation="merge"/>'), testSchema))).toBe(
      'application/unknown-attribute',
    );
  });

  test('whether a node is there is not told to who may not read it (RFC 8341 §3.4.5)', () => {
    const blind = { access: { mayRead: () => false, mayWrite: () => true } };
    const denied = 'protocol/access-denied /t:top/t:name';
    expect(faultOf(() => edited(before, '<top><name nc:operation="create">b</name></top>', blind))).toBe(
      denied,
    );
    expect(faultOf(() => edited('', '<top><name nc:operation="delete"/></top>', blind))).toBe(denied);
  });

  test('nor by an edit that changes nothing (RFC 8341 §3.4.5)', () => {
    const stranger = { access: { mayRead: () => false, mayWrite: () => false } };
    const name = 'protocol/access-denied /t:top/t:name';
    const item = (id: number): string => `protocol/access-denied /t:top/t:item[t:id='${id}']`;
    const faultFor = (edit: string, options = {}): string =>
      faultOf(() => edited(before, `<top>${edit}</top>`, { ...stranger, ...options }));
    for (const value of ['a', 'b']) expect(faultFor(`<name>${value}</name>`)).toBe(name);
    expect(faultFor('<name nc:operation="remove"/>')).toBe(name);
    for (const id of [1, 2]) {
      expect(faultFor(`<item><id>${id}</id></item>`)).toBe(item(id));
      expect(faultFor(`<item nc:operation="remove"><id>${id}</id></item>`)).toBe(item(id));
      expect(faultFor(`<item><id>${id}</id></item>`, { defaultOperation: 'none' })).toBe(item(id));
    }
  });

  test('what is refused for certain is refused before the rest is looked at', () => {
    const reader = { access: { mayRead: () => true, mayWrite: () => false } };
    const edit = '<top><item><id>7</id></item><nix/></top>';
    expect(faultOf(() => edited('', edit, reader))).toBe("protocol/access-denied /t:top/t:item[t:id='7']");
    expect(edited(before, '<top><name>a</name></top>', reader)).toBe(shown(tree(before)));
  });

  test('a value of megabytes is too-big, whatever its type', () => {
    expect(faultOf(() => edited('', `<top><name>${'a:'.repeat(40_000)}</name></top>`))).toBe(
      'application/too-big /t:top/t:name',
    );
  });
});

describe('error-option (RFC 6241 §7.2)', () => {
  const edit = config(
    '<nix/><top><name>b</name><size>999</size><item><id>1</id><size>999</size><note>n</note></item><item><id>2</id></item></top>',
  );

  test('continue-on-error does the rest and tells every failure', () => {
    const options = { defaultOperation: 'merge', continueOnError: true } as const;
    const { tree: after, failures } = editNow(tree(''), edit, testSchema, options);
    expect(failures.map(faultText)).toEqual([
      'application/unknown-element',
      'application/invalid-value /t:top/t:size',
      "application/invalid-value /t:top/t:item[t:id='1']/t:size",
    ]);
    expect(shown(after)).toBe('<top><name>b</name><item><id>2</id></item></top>');
  });

  test('what fails in a parent that is replaced fails the parent', () => {
    const options = { defaultOperation: 'merge', continueOnError: true } as const;
    const before = tree('<top><name>a</name></top>');
    const replace = config('<top nc:operation="replace"><size>999</size></top>');
    const { tree: after, failures } = editNow(before, replace, testSchema, options);
    expect(failures).toHaveLength(1);
    expect(shown(after)).toBe('<top><name>a</name></top>');
  });

  test('failures are bounded', () => {
    const bad = Array.from({ length: 50 }, (_, i) => `<item><id>${i}</id><size>x</size></item>`).join('');
    const options = { defaultOperation: 'merge', continueOnError: true } as const;
    expect(editNow([], config(`<top>${bad}</top>`), testSchema, options).failures).toHaveLength(20);
  });
});

describe('the attribute default (RFC 6243 §4.5.2)', () => {
  test.each([
    ['sets a leaf back', '<top><size>9</size></top>', '<top><size wd:default="true">7</size></top>', ''],
    ['may be false', '', '<top><size wd:default="false">7</size></top>', '<top><size>7</size></top>'],
    [
      'an explicit value that is the default is kept',
      '',
      '<top><size>7</size></top>',
      '<top><size>7</size></top>',
    ],
  ])('%s', (_, before, edit, after) => {
    expect(edited(before, edit)).toBe(after);
  });

  test.each([
    [
      'another value',
      '<top><size wd:default="true">8</size></top>',
      'application/invalid-value /t:top/t:size',
    ],
    [
      'a leaf without a default',
      '<top><name wd:default="true">8</name></top>',
      'application/invalid-value /t:top/t:name',
    ],
    [
      'what is no leaf',
      '<top><item wd:default="true"><id>1</id></item></top>',
      "application/bad-attribute /t:top/t:item[t:id='1']",
    ],
    ['what is no boolean', '<top><size wd:default="yes">7</size></top>', 'application/bad-attribute'],
  ])('refused: %s', (_, edit, fault) => {
    expect(faultOf(() => edited('', edit))).toBe(fault);
  });
});
