import { decodeUtf8Lossy, utf8 } from '../../base/bytes.ts';
import { errorCode } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { statusTopic } from '../../mqtt/topics.ts';
import type { Bench } from '../bench.ts';
import { type Check, CheckSkipped, checksOf, expectThat } from '../check.ts';

/** How a device makes itself known (mup-protocol §1). */
export const registrationChecks: readonly Check[] = checksOf(
  'registration',
  { section: '§1' },
  {
    description: {
      title: 'The device describes itself on its topic, in pieces that make a description.',
      profiles: ['mup', 'myno'],
      run: async (bench) => {
        if (bench.options.desk.last === undefined)
          throw new CheckSkipped('the description is that of the file, and the device has sent none');
      },
    },
    online: {
      title: 'The device says `online;<version>` of itself, with the version of its token.',
      run: async (bench) => {
        const { presence, limits } = bench.options;
        const { version } = await bench.token();
        const read = (payload: Uint8Array) => printable(decodeUtf8Lossy(payload.subarray(0, 80)));
        const last = presence.last ?? (await presence.take((message) => message, limits.timeoutMs));
        const said = last === undefined ? 'nothing' : read(last.payload);
        expectThat(`${said};`.startsWith(`online;${version};`), `online;${version}`, said);
      },
    },
    contradicted: {
      title: 'When somebody else says `offline` of a device that is there, it says `online` again.',
      severity: 'minor',
      run: (bench) => contradicts(bench),
    },
    will: {
      title: 'When the connection breaks the will says `offline`, and the device `online` when it is back.',
      severity: 'minor',
      needs: ['reconnect'],
      run: async (bench) => {
        const { presence, reconnection } = bench.options;
        presence.clear();
        await reconnection.run();
        expectThat(await says(bench, /^offline$/), 'offline', 'nothing of the kind');
        expectThat(await says(bench, /^online;/), 'online after it', 'nothing of the kind');
      },
    },
  },
);

/** Whoever believes that a device is away does not update it. */
async function contradicts(bench: Bench): Promise<void> {
  const { presence, transport, description } = bench.options;
  const topic = statusTopic(description.uuid);
  const before = presence.last?.payload;
  presence.clear();
  try {
    await transport.publish(topic, utf8('offline'), { qos: 1, retain: true });
  } catch (error) {
    if (errorCode(error) !== 'mqtt-refused') throw error;
  }
  if (!(await says(bench, /^offline$/)))
    throw new CheckSkipped('the broker lets nobody but the device say that it is offline');
  const contradicted = await says(bench, /^online;/);
  // What the broker keeps is to be true, whatever the device makes of it.
  if (!contradicted && before !== undefined) await transport.publish(topic, before, { qos: 1, retain: true });
  expectThat(contradicted, 'online after it', 'nothing of the kind');
}

/** Whether something of the kind is said of the device, now or soon. */
async function says({ options: { presence, limits } }: Bench, wanted: RegExp): Promise<boolean> {
  const said = await presence.take(
    ({ payload }) => (wanted.test(decodeUtf8Lossy(payload.subarray(0, 80))) ? true : undefined),
    limits.timeoutMs,
  );
  return said === true;
}
