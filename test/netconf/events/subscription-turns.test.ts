import { expect, test } from '@jest/globals';
import { unrestricted } from '../../../src/netconf/access/user-access.ts';
import { element } from '../../../src/xml/element.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { eventStreams } from '../../support/memory-event-log.ts';

test('a replay whose filter takes long gives way after 10 ms, and goes on afterwards', () => {
  const clock = new ManualClock();
  const streams = eventStreams(clock);
  for (let n = 0; n < 50; n += 1) streams.emit({ content: element('urn:e', 'event') });
  let sent = 0;
  const subscriber = {
    access: unrestricted,
    ready: () => true,
    send: () => {
      sent += 1;
    },
    failed: () => {},
  };
  const filter = {
    matches: () => {
      clock.busy(4);
      return true;
    },
  };
  streams.subscribe({ stream: 'NETCONF', startTime: 0, filter }, subscriber).start();
  clock.advance(0);
  expect(sent).toBe(3);
  clock.advance(1000);
  // With replayComplete.
  expect(sent).toBe(51);
});
