import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import { deviceUuid, digest } from '../../src/base/ids.ts';
import {
  abstractUuid,
  type DescriptionTemplate,
  instantiate,
  instantiateParts,
  unescapePercent,
} from '../../src/ontology/description-template.ts';
import { describeDevice, example, operation, read } from './support.ts';

const uuid = deviceUuid('F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD');
const abstracted = (id: string, text: string) => decodeUtf8(abstractUuid(deviceUuid(id), utf8(text)));

describe('abstracting the UUID (mup-protocol §1)', () => {
  test('siblings that differ in nothing but the UUID are the same afterwards', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.array(fc.string()), (a, b, parts) => {
        expect(abstracted(a, parts.join(a))).toBe(abstracted(b, parts.join(b)));
      }),
    );
  });

  test('an id that may be part of any word stays', () => {
    for (const id of ['relay', '1', 'a1', 'onem2m', 'temperature'])
      expect(abstracted(id, `"${id}"`)).toBe(`"${id}"`);
  });

  test.each([
    ['100%', '100%%%s'],
    ['100%%', '100%%%s'],
    ['100', '100%s'],
  ])('a percent sign before it, as in %j, does not make it a text', (before, expected) =>
    expect(abstracted(uuid, before + uuid)).toBe(expected),
  );

  test('all of the longest description of nothing but UUIDs and percent signs', () => {
    const many = 40_000;
    expect(abstracted('abcdefg1', '%%%abcdefg1'.repeat(many))).toBe('%%%%%s'.repeat(many));
    expect(abstracted('abcdefg1', `${'%'.repeat(many)}x abcdefg1`)).toBe(`${'%'.repeat(many)}x %s`);
  });

  test('bytes that are not UTF-8 stay', () => {
    const bytes = Uint8Array.of(0xff, ...utf8(uuid));
    expect(abstractUuid(uuid, bytes)).toBe(bytes);
  });

  test.each([
    ['100%%', '100%'],
    ['%s', '%s'],
    ['a%b', 'a%b'],
    ['%%%%', '%%'],
    ['%%%s', '%%s'],
    ['%%s', '%\u034fs'],
    ['%', '%'],
  ])('%j is %j', (text, expected) => expect(unescapePercent(text)).toBe(expected));
});

describe('instantiating a template', () => {
  const template = async (): Promise<DescriptionTemplate> => ({
    digest: digest('0'.repeat(64)),
    description: await read(example('updatable-device')),
  });

  test('puts the UUID wherever it belongs', async () => {
    const description = instantiate(await template(), uuid);
    expect(description.uuid).toBe(uuid);
    expect(description.operations.every(({ topic }) => topic.endsWith(`/${uuid}`))).toBe(true);
    expect(JSON.stringify(description)).not.toContain('%s');
  });

  test('%%s is the text %s, and %%%s a percent sign before the UUID', async () => {
    const document = describeDevice(operation('call', { 'myno:mqttTopic': 'a/%%s/b%%%s' }));
    const filled = instantiate({ digest: digest('0'.repeat(64)), description: await read(document) }, uuid);
    expect(filled.operations[0]?.topic).toBe(`a/%s/b%${uuid}/${uuid}`);
  });

  test('shares what holds no UUID with the template, and leaves that as it was', async () => {
    const shared = await template();
    const before = JSON.stringify(shared);
    const description = instantiate(shared, uuid);
    expect(description.operations[0]?.states).toBe(shared.description.operations[0]?.states);
    expect(JSON.stringify(shared)).toBe(before);
  });

  test('parts of it are as in the whole, and what a description lacks is no part', async () => {
    const shared = await template();
    const { uuid: own, operations } = instantiate(shared, uuid);
    expect(shared.description.members).toBeUndefined();
    expect(instantiateParts(shared, uuid, ['uuid', 'operations', 'members'])).toStrictEqual({
      uuid: own,
      operations,
    });
  });

  test('a template with a literal UUID is for that device alone', async () => {
    const shared = await template();
    const own = { ...shared, description: { ...shared.description, uuid: deviceUuid('relay') } };
    expect(instantiate(own, deviceUuid('relay')).uuid).toBe('relay');
    const mismatch = expect.objectContaining({ code: 'uuid-mismatch' });
    expect(() => instantiate(own, uuid)).toThrow(mismatch);
    expect(() => instantiateParts(own, uuid, ['operations'])).toThrow(mismatch);
  });
});
