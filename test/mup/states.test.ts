import { describe, expect, test } from '@jest/globals';
import { deviceStateOf, deviceStates, deviceStateText } from '../../src/mup/states.ts';

describe('the states of a device (mup-protocol §3)', () => {
  test('are these, each beginning with its code', () => {
    expect(deviceStates.map(({ name }) => name).join(' ')).toBe(
      '10_OK 11_NOOP 12_ERROR 20_MANIFEST-NOT-VALID 21_WRONG-APP-ID 22_INVALID-NONCE ' +
        '23_OUTER-SIGN-INVALID 24_INNER-SIGN-INVALID 25_INVALID-VERSIONNR 26_SAVESLOT-IN-USE ' +
        '27_IMAGE-TOO-BIG 28_IMAGE-INVALID 29_WRONG-UUID',
    );
    for (const { code, name } of deviceStates) expect(name.startsWith(`${code}_`)).toBe(true);
  });

  test('are known by their code, however a description spells the rest, and have a text', () => {
    for (const text of ['28', '28_IMAGE-INVALID', '28 image invalid', '28_image-invalid'])
      expect(deviceStateOf(text)).toBe('28_IMAGE-INVALID');
    for (const text of ['280', '13_OTHER', ' 10_OK', 'OK', 'toString', ''])
      expect(deviceStateOf(text)).toBeUndefined();
    expect(deviceStateText('29_WRONG-UUID')).toBe('the manifest is for another device');
  });
});
