import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { unpack } from '../../src/ontology/adapters/inflate.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { parseDocument } from '../../src/ontology/json-document.ts';
import { context, describeDevice, id, refusal } from './support.ts';

const limits = { maxDepth: 32, maxNodes: 50_000 };
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const withContext = (more: unknown) => ({ ...describeDevice([]), '@context': more });

describe('a JSON-LD context is never fetched, imported, nested or listed', () => {
  test.each<[string, unknown]>([
    ['remote', 'http://127.0.0.1:1/context.jsonld'],
    ['listed', [context, 'http://127.0.0.1:1/context.jsonld']],
    ['imported', { ...context, '@import': 'http://127.0.0.1:1/context.jsonld' }],
    ['scoped to a property', { ...context, p: { '@id': 'myno:p', '@context': { x: 'myno:x' } } }],
    ['scoped to a type', { ...context, T: { '@id': 'myno:T', '@context': 'http://127.0.0.1:1/' } }],
    ['with a term called __proto__', JSON.parse('{"__proto__": "myno:x"}')],
    ['with a term called constructor', { constructor: 'myno:x' }],
    ['with another name for @graph', { g: '@graph' }],
    ['with another name for @reverse', { r: { '@id': '@reverse' } }],
    ['with reverse properties', { r: { '@reverse': 'myno:p' } }],
    ['with JSON literals', { j: { '@id': 'myno:j', '@type': '@json' } }],
    ['with language maps', { l: { '@id': 'myno:l', '@container': '@language' } }],
    ['of too many terms', Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`t${i}`, 'myno:x']))],
    ['that is null', null],
  ])('%s', async (_, more) => {
    const { code, findings } = await refusal(withContext(more));
    expect(code).toBe('description-malformed');
    expect(findings[0]?.node).toMatch(/^\/@context/);
  });

  test.each<[string, unknown]>([
    ['in a node', [{ '@context': context, ...id('x') }]],
    ['in a value', [{ ...id('x'), 'myno:p': { '@context': 'http://127.0.0.1:1/' } }]],
  ])('%s of the document', async (_, nodes) => {
    const { code, message } = await refusal(describeDevice(nodes as Record<string, unknown>[]));
    expect([code, message]).toEqual(['description-malformed', expect.stringContaining('@context')]);
  });

  test('in an expanded document', async () => {
    expect((await refusal([{ '@context': 'http://127.0.0.1:1/', '@id': 'x:y' }])).code).toBe(
      'description-malformed',
    );
  });
});

describe('a document is bounded before JSON-LD sees it', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['too deep', `{"@graph":${nested(40)}}`, 'description-too-big'],
    ['as deep as its size allows', nested(100_000), 'description-too-big'],
    ['with too many values', JSON.stringify(Array.from({ length: 50_001 }, () => 0)), 'description-too-big'],
    [
      'with a long array',
      JSON.stringify({ '@graph': [{ 'x:p': Array.from({ length: 2000 }, (_, i) => i) }] }),
      'description-too-big',
    ],
    [
      'with one individual spread over many objects',
      JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ '@id': 'x:y', 'x:p': i }))),
      'description-too-big',
    ],
    [
      'with that under another name of @id',
      JSON.stringify({
        '@context': { id: '@id' },
        '@graph': Array.from({ length: 100 }, (_, i) => ({ id: 'x:y', 'x:p': i })),
      }),
      'description-too-big',
    ],
    [
      'with that under another name of another name of @id',
      JSON.stringify({
        '@context': { ref: { '@id': 'key' }, key: 'id', id: '@id' },
        '@graph': Array.from({ length: 100 }, (_, i) => ({ ref: 'x:y', 'x:p': i })),
      }),
      'description-too-big',
    ],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'description-malformed'],
    ['empty', '', 'description-malformed'],
    ['cut off', '{"@graph": [', 'description-malformed'],
    ['a scalar', '"@graph"', 'description-malformed'],
    ['null', 'null', 'description-malformed'],
    ['with a named graph', '{"@id":"x:g","@graph":[]}', 'description-malformed'],
    ['with a graph in a node', '{"@graph":[{"@id":"x:g","@graph":[]}]}', 'description-malformed'],
    ['with @included', '{"@included":[]}', 'description-malformed'],
    ['with the key __proto__', '{"@graph":[{"__proto__":{"polluted":true}}]}', 'description-malformed'],
    ['with the key constructor', '{"@graph":[{"constructor":{"prototype":{}}}]}', 'description-malformed'],
  ])('%s', (_, document, code) => {
    const parse = () => parseDocument(typeof document === 'string' ? utf8(document) : document, limits);
    expect(parse).toThrow(expect.objectContaining({ code }));
    expect({}).not.toHaveProperty('polluted');
  });

  test('a byte order mark before it is passed over (RFC 8259 §8.1), one within it is not', () => {
    expect(parseDocument(utf8('\uFEFF{"a":1}'), limits)).toEqual({ a: 1 });
    expect(() => parseDocument(utf8('{\uFEFF"a":1}'), limits)).toThrow(DescriptionError);
  });

  test('any bytes and any JSON are parsed or refused', () => {
    const documents = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(utf8),
      fc
        .object({ key: fc.constantFrom('@id', '@graph', '@list', '@context', '__proto__', 'a') })
        .map((value) => utf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(documents, (bytes) => {
        try {
          expect(typeof parseDocument(bytes, limits)).toBe('object');
        } catch (error) {
          expect(error).toBeInstanceOf(DescriptionError);
        }
      }),
    );
  });
});

describe('a packed description (mup-protocol §1)', () => {
  const inflate = { maxDescriptionBytes: 1000, maxInflateRatio: 20 };

  test('is unpacked', async () => {
    expect(await unpack(deflateSync(utf8('{"a":1}')), inflate)).toEqual(utf8('{"a":1}'));
  });

  test.each<[string, Uint8Array, string]>([
    ['a bomb', deflateSync(new Uint8Array(1_000_000)), 'description-too-big'],
    ['larger than its ratio allows', deflateSync(new Uint8Array(900)), 'description-too-big'],
    ['too big before it is unpacked', new Uint8Array(1001), 'description-too-big'],
    ['no zlib stream', Uint8Array.of(0x78, 1, 2, 3), 'description-malformed'],
    ['cut off', deflateSync(utf8('{"a":1}')).subarray(0, 8), 'description-malformed'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(unpack(bytes, inflate)).rejects.toMatchObject({ code });
  });
});
