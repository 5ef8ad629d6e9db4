import { describe, expect, test } from '@jest/globals';
import { loadModule } from '../../src/yang/adapters/module-library.ts';
import type { YangType } from '../../src/yang/schema.ts';
import { Scope } from '../../src/yang/scope.ts';
import { statement } from '../../src/yang/statement.ts';
import { resolveType } from '../../src/yang/types.ts';
import { checkValue, ValueError } from '../../src/yang/value-check.ts';

async function typeOf(module: string, name: string): Promise<YangType> {
  const { statement: tree } = await loadModule(module, '2013-07-15', []);
  return resolveType(statement('type', name), new Scope(tree, () => undefined)).type;
}

describe('our renditions of RFC 6991', () => {
  test.each([
    [
      'ietf-inet-types',
      'ipv4-address',
      ['0.0.0.0', '255.255.255.255', '10.1.2.3%eth0'],
      ['256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4%'],
    ],
    [
      'ietf-inet-types',
      'ipv6-address',
      [
        '::',
        '::1',
        '1::',
        'fe80::1%lo',
        '1:2:3:4:5:6:7:8',
        '::ffff:1.2.3.4',
        '1:2:3:4:5:6:1.2.3.4',
        '2001:db8::a:1',
      ],
      ['', ':', '1', '1:2:3:4:5:6:7', '1::2::3', '12345::', '::g', '1:2:3:4:5:6:7:8:9', '1.2.3.4'],
    ],
    [
      'ietf-inet-types',
      'ipv4-prefix',
      ['10.0.0.0/8', '0.0.0.0/0', '1.2.3.4/32'],
      ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/'],
    ],
    [
      'ietf-inet-types',
      'ipv6-prefix',
      ['::/0', '2001:db8::/128', '1:2:3:4:5:6:7:8/64'],
      ['::', '::/129', '1:2/64'],
    ],
    [
      'ietf-inet-types',
      'domain-name',
      ['a', 'example.org.', 'a-b.c_d.e', '.'],
      ['', '-a', 'a..b', 'a b', 'x'.repeat(64)],
    ],
    ['ietf-inet-types', 'ip-address-no-zone', ['127.0.0.1', '::1'], ['127.0.0.1%lo', 'fe80::1%lo']],
    ['ietf-inet-types', 'host', ['127.0.0.1', '::1', 'localhost'], ['a b', '']],
    ['ietf-inet-types', 'port-number', ['0', '65535'], ['65536', '-1']],
    [
      'ietf-yang-types',
      'date-and-time',
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123+01:00'],
      ['2026-01-01', '2026-01-01T00:00:00'],
    ],
    ['ietf-yang-types', 'object-identifier', ['1.3.6.1', '2.999'], ['3.1', '1', '1.3.06']],
    ['ietf-yang-types', 'object-identifier-128', ['1.3.6.1'], ['1']],
    ['ietf-yang-types', 'mac-address', ['00:1a:2B:33:44:55'], ['00:1a:2B:33:44', '0:1:2:3:4:5']],
    [
      'ietf-yang-types',
      'yang-identifier',
      ['a', '_x-1.b', 'xm', 'axml'],
      ['', '1a', 'xml', 'XMLthing', 'a b'],
    ],
    ['ietf-yang-types', 'hex-string', ['', '00:1a'], ['0', '001a']],
    [
      'ietf-yang-types',
      'uuid',
      ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
      ['f81d4fae7dec11d0a76500a0c91e6bf6', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf'],
    ],
    ['ietf-yang-types', 'dotted-quad', ['0.0.0.0', '255.1.2.3'], ['256.0.0.0', '1.2.3', '1.2.3.4%lo']],
    ['ietf-yang-types', 'phys-address', ['', '00:1a'], ['001a']],
    ['ietf-yang-types', 'zero-based-counter32', ['4294967295'], ['4294967296']],
  ])('%s %s', async (module, name, good, bad) => {
    const type = await typeOf(module, name);
    for (const value of good) expect(checkValue(type, value)).toBe(value);
    for (const value of bad) expect(() => checkValue(type, value)).toThrow(ValueError);
  });
});
