import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { parsePresence } from '../../src/bridge/presence.ts';

describe('presence (mup-protocol §1)', () => {
  test('online names the firmware version, offline is the will', () => {
    expect(parsePresence(utf8('online;7'))).toEqual({ presence: 'online', firmwareVersion: 7 });
    const hex = '0f'.repeat(64);
    const signature = new Uint8Array(64).fill(15);
    expect(parsePresence(utf8(`online;7;${hex}`))).toEqual({
      ...{ presence: 'online', firmwareVersion: 7, signature },
    });
    expect(parsePresence(utf8(`online;7;${'ab'.repeat(8)};${hex}`))).toMatchObject({
      ...{ serverKey: 'ab'.repeat(8), signature },
    });
    expect(parsePresence(utf8('offline'))).toEqual({ presence: 'offline' });
  });

  test.each([
    '',
    'online',
    'online;',
    'online;07',
    'online;-1',
    'online;1;2',
    'ONLINE;1',
    'offline ',
    `online;${'9'.repeat(40)}`,
    'online;4294967296',
  ])('%j is no presence', (text) => {
    expect(parsePresence(utf8(text))).toBeUndefined();
  });

  test('any bytes are presence or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const report = parsePresence(bytes);
        expect([undefined, 'online', 'offline']).toContain(report?.presence);
      }),
    );
  });
});
