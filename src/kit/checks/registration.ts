import { decodeUtf8Lossy } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';
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
    will: {
      title: 'When the connection breaks the will says `offline`, and the device `online` when it is back.',
      severity: 'minor',
      needs: ['reconnect'],
      run: async (bench) => {
        const { presence, reconnection, limits } = bench.options;
        presence.clear();
        await reconnection.run();
        const read = (wanted: RegExp) =>
          presence.take(
            ({ payload }) => (wanted.test(decodeUtf8Lossy(payload.subarray(0, 80))) ? true : undefined),
            limits.timeoutMs,
          );
        expectThat((await read(/^offline$/)) === true, 'offline', 'nothing of the kind');
        expectThat((await read(/^online;/)) === true, 'online after it', 'nothing of the kind');
      },
    },
  },
);
