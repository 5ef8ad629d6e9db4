import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearest } from '../../src/base/nearest.ts';

const candidates = ['port', 'host', 'maxSessions', 'MUP_REGISTRATION_MAX_DESCRIPTION_BYTES'];

test.each([
  ['prot', 'port'],
  ['Host', 'host'],
  ['maxsession', 'maxSessions'],
  ['MUP_REGISTRATION_MAX_DESCRIPTON_BYTES', 'MUP_REGISTRATION_MAX_DESCRIPTION_BYTES'],
  ['somethingElse', undefined],
  ['', undefined],
])('the word nearest to %j is %j', (word, meant) => {
  expect(nearest(word, candidates)).toBe(meant);
});

test('a candidate is nearest to itself, whatever the others are', () => {
  const word = fc.string({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(word, fc.array(word), (meant, others) => {
      expect(nearest(meant, [...others, meant])?.toLowerCase()).toBe(meant.toLowerCase());
    }),
  );
});

test('a word longer than any name is not compared', () => {
  expect(nearest('x'.repeat(101), ['x'.repeat(101)])).toBeUndefined();
});
