import { describe, expect, test } from '@jest/globals';
import { applyWithDefaults, type WithDefaultsMode } from '../../../src/netconf/datastore/with-defaults.ts';
import { takeWithDefaults } from '../../../src/netconf/datastore/with-defaults-parameter.ts';
import { element } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import type { SchemaNode } from '../../../src/yang/schema.ts';
import { faultOf, shown, testModule, testNamespace, tree } from '../config-fixture.ts';
import { leaf, parse } from '../protocol-fixture.ts';

const content = '<top><size>7</size><item><id>1</id><size>9</size></item></top>';

function reported(mode: WithDefaultsMode, of = content): string {
  return shown(applyWithDefaults(tree(of), mode, [testModule])).replace(/ ns\d+:default=/g, ' default=');
}

describe('with-defaults (RFC 6243 §3)', () => {
  test('explicit is what is kept: what a client has set, be it the default or not', () => {
    const data = tree(content);
    expect(applyWithDefaults(data, 'explicit', [testModule])).toBe(data);
  });

  test('trim leaves out what has its default, and containers that hold nothing then', () => {
    expect(reported('trim')).toBe('<top><item><id>1</id><size>9</size></item></top>');
    expect(reported('trim', '<top><inner><depth>1</depth></inner><name>x</name></top>')).toBe(
      '<top><name>x</name></top>',
    );
    expect(reported('trim', '<top><extra><level>3</level><must>1</must></extra></top>')).toBe(
      '<top><extra><must>1</must></extra></top>',
    );
  });

  test('report-all adds the default of every leaf that is not there', () => {
    expect(reported('report-all')).toBe(
      '<top><size>7</size><item><id>1</id><size>9</size></item><inner><depth>1</depth></inner></top>',
    );
    expect(reported('report-all', '<top><item><id>1</id></item><tcp>x</tcp></top>')).toBe(
      '<top><tcp>x</tcp><item><id>1</id><size>2</size></item><size>7</size><inner><depth>1</depth></inner><port>22</port></top>',
    );
  });

  test('report-all adds containers without presence, also at the top, and none with it (RFC 6020 §7.6.1)', () => {
    expect(reported('report-all', '')).toBe('<top><size>7</size><inner><depth>1</depth></inner></top>');
  });

  test('report-all-tagged marks what it adds (§6)', () => {
    expect(reported('report-all-tagged', '<top><size>7</size></top>')).toBe(
      '<top><size>7</size><inner><depth default="true">1</depth></inner></top>',
    );
    const [top] = applyWithDefaults([], 'report-all-tagged', [testModule]);
    expect(writeXml(top ?? element('', 'none'))).toContain('"urn:ietf:params:xml:ns:netconf:default:1.0"');
  });

  test('the default case has its defaults where no case is there (RFC 6020 §7.9.3)', () => {
    const choice: SchemaNode = {
      kind: 'choice',
      name: 'way',
      mandatory: false,
      default: 'slow',
      caseNames: ['fast', 'slow'],
      cases: [[leaf('a', undefined, { default: '1' })], [leaf('b', undefined, { default: '2' }), leaf('c')]],
    };
    const schema = { ...testModule, data: [choice] };
    const names = (data: readonly { readonly name: string }[]) => data.map(({ name }) => name);
    expect(names(applyWithDefaults([], 'report-all', [schema]))).toEqual(['b']);
    const given = [element(testNamespace, 'a', '5')];
    expect(names(applyWithDefaults(given, 'report-all', [schema]))).toEqual(['a']);
  });

  test('state data and other modules stay as they are', () => {
    const state = [element(testNamespace, 'state'), element('urn:other', 'top')];
    for (const mode of ['report-all', 'trim'] as const)
      expect(applyWithDefaults(state, mode, [testModule]).slice(0, 2)).toEqual(state);
  });
});

describe('the parameter with-defaults (§4.5)', () => {
  const operation = (parameters: string) =>
    parse(`<get xmlns:wd="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">${parameters}</get>`);

  test.each(['explicit', 'trim', 'report-all', 'report-all-tagged'])('%s', (mode) => {
    const request = takeWithDefaults(operation(`<filter/><wd:with-defaults> ${mode} </wd:with-defaults>`));
    expect(request.mode).toBe(mode);
    expect(request.operation.children).toHaveLength(1);
  });

  test('explicit is the basic mode', () => {
    expect(takeWithDefaults(operation('<filter/>')).mode).toBe('explicit');
  });

  test.each([
    ['a mode that is none', '<wd:with-defaults>all</wd:with-defaults>', 'application/invalid-value'],
    [
      'two of it',
      '<wd:with-defaults>trim</wd:with-defaults><wd:with-defaults>trim</wd:with-defaults>',
      'application/bad-element',
    ],
  ])('refused: %s', (_, parameters, fault) => {
    expect(faultOf(() => takeWithDefaults(operation(parameters)))).toBe(fault);
  });
});
