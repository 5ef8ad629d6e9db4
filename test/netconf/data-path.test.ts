import { describe, expect, test } from '@jest/globals';
import { instanceIdentifier } from '../../src/netconf/data-path.ts';

const a = (name: string, keys?: Record<string, string>) => ({
  namespace: 'urn:a',
  name,
  ...(keys === undefined ? {} : { keys }),
});

describe('instance-identifier (RFC 6020 §9.13)', () => {
  const text = (...path: Parameters<typeof instanceIdentifier>[0]): string =>
    instanceIdentifier(path, () => 'a').path;

  test.each([
    [text(a('x'), a('y')), '/a:x/a:y'],
    [text(a('x', { k: '1', l: '2' })), "/a:x[a:k='1'][a:l='2']"],
    [text(a('x', { k: "it's" })), `/a:x[a:k="it's"]`],
    [text(a('x', { k: `'"` })), `/a:x[a:k=concat('', "'", '"')]`],
    [text(a('x', { '.': 'v' })), "/a:x[.='v']"],
  ])('%s', (written, wanted) => {
    expect(written).toBe(wanted);
  });

  test('two modules of one prefix, and one that is not known, are told apart', () => {
    const path = [a('x'), { namespace: 'urn:b', name: 'y' }, { namespace: 'urn:c', name: 'z' }];
    const prefixOf = (namespace: string): string | undefined => (namespace === 'urn:c' ? undefined : 'p');
    expect(instanceIdentifier(path, prefixOf)).toEqual({
      path: '/p:x/ns2:y/ns3:z',
      pathPrefixes: { p: 'urn:a', ns2: 'urn:b', ns3: 'urn:c' },
    });
  });
});
