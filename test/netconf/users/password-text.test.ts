import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clearPassword, formatPassword, parsePassword } from '../../../src/netconf/users/password-text.ts';
import type { PasswordRecord } from '../../../src/netconf/users/users.ts';

const record: fc.Arbitrary<PasswordRecord> = fc.record({
  n: fc.integer({ min: 1, max: 18 }).map((ln) => 2 ** ln),
  r: fc.integer({ min: 1, max: 8 }),
  p: fc.integer({ min: 1, max: 16 }),
  salt: fc.uint8Array({ minLength: 8, maxLength: 64 }),
  hash: fc.uint8Array({ minLength: 16, maxLength: 64 }),
});

const good = '$scrypt$ln=15,r=8,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI';

describe('the text of a hashed password', () => {
  test('names the function, its cost, salt and hash, after the PHC string format', () => {
    const cost = { n: 32_768, r: 8, p: 1 };
    const salt = new Uint8Array(16).fill(1);
    expect(formatPassword({ ...cost, salt, hash: new Uint8Array(32).fill(2) })).toBe(good);
    expect(parsePassword(good)).toMatchObject(cost);
  });

  test('says what was put in', () => {
    fc.assert(
      fc.property(record, (password) => {
        expect(parsePassword(formatPassword(password))).toEqual(password);
      }),
    );
  });

  test.each([
    '',
    '$0$wonderland',
    'wonderland',
    good.slice(1),
    `${good}$`,
    ` ${good}`,
    `${good}\n`,
    good.replace('scrypt', 'sha512'),
    good.replace('ln=15', 'ln=015'),
    good.replace('ln=15', 'ln=0'),
    good.replace('ln=15', 'ln=99'),
    good.replace('ln=15', 'ln=19'),
    good.replace('r=8', 'r=0'),
    good.replace('r=8', 'r=9999999'),
    good.replace('p=1', 'p=17'),
    good.replace('ln=15,r=8,p=1', 'r=8,ln=15,p=1'),
    good.replace(/\$AQE[^$]*/, '$AQEBAQ'),
    good.replace(/\$AQE[^$]*/, '$'),
    good.replace(/\$AgI.*/, '$AgICAg'),
    `${good}=`,
    good.replace(/I$/, '_'),
    good.replace(/\$AgI.*/, `$${'A'.repeat(200)}`),
  ])('%s is none', (text) => {
    expect(parsePassword(text)).toBeUndefined();
  });

  test('no text makes reading it fail, or costs a login more than 256 MiB', () => {
    const likely = fc
      .tuple(fc.nat(99), fc.nat(9_999_999), fc.nat(99), fc.base64String(), fc.base64String())
      .map(([ln, r, p, salt, hash]) => `$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${hash}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), likely), (text) => {
        const { n = 1, r = 1, p = 1 } = parsePassword(text) ?? {};
        expect(128 * n * r).toBeLessThanOrEqual(256 * 1024 * 1024);
        expect(p).toBeLessThanOrEqual(16);
      }),
    );
  });
});

test('$0$ says that the rest is a password in the clear', () => {
  expect(clearPassword('$0$wonder$land')).toBe('wonder$land');
  expect(clearPassword('$0$')).toBe('');
  expect(clearPassword(good)).toBeUndefined();
});
