import { expect, test } from '@jest/globals';
import { PeerError } from '../../src/base/errors.ts';
import { refusalOf } from '../../src/bridge/registration-source.ts';

test.each([
  [new PeerError('bad-topic', 'it is wrong'), 'it is wrong'],
  [new PeerError('bad-topic', 'it is wrong', { where: 'a' }), 'it is wrong (a)'],
  [new PeerError('bad-topic', 'it is wrong', { hint: 'Mend it.' }), 'it is wrong. Mend it.'],
  [new PeerError('bad-topic', 'It is wrong.', { where: 'a', hint: 'Mend it.' }), 'It is wrong (a). Mend it.'],
])('what a device is told are whole sentences: %s', (error, text) => {
  expect(refusalOf(error)).toEqual({ code: 'bad-topic', text, level: 'warn', reason: text });
});
