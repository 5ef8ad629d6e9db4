import { decodeUtf8Lossy, equalBytes } from '../../base/bytes.ts';
import { errorMessage } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import {
  isSignedDescription,
  parseSignedDescription,
  type SignedDescription,
} from '../../mup/signed-description.ts';
import { parseOnline } from '../../mup/signed-presence.ts';
import type { Bench } from '../bench.ts';
import { type Check, CheckFailure, CheckSkipped, checksOf, expectThat } from '../check.ts';

/** What a bridge with the acceptance policy `signed` takes, of a device that signs or whose vendor does (ADR 29). */
export const signedChecks: readonly Check[] = checksOf(
  'signed',
  { section: '§1; ADR 29' },
  {
    description: {
      title:
        'A description that carries a signature carries one that holds, over these octets and for this device.',
      run: async (bench) => {
        verified(bench);
      },
    },
    repeated: {
      title: 'A description that comes again has the same signer, and a counter that is not lower.',
      needs: ['reconnect'],
      run: async (bench) => {
        const before = verified(bench);
        await bench.options.reconnection.run();
        const { key, counter } = verified(bench);
        expectThat(equalBytes(key, before.key), 'the key that had signed before', 'another one');
        expectThat(counter >= before.counter, `a counter from ${before.counter} on`, String(counter));
      },
    },
    presence: {
      title: 'A device that signs with a key of its own signs with it which version it runs.',
      run: async (bench) => {
        const { key } = verified(bench);
        if (bench.signer.isVendors(key)) throw new CheckSkipped('the vendor has signed the description');
        const { presence, description, limits } = bench.options;
        const { payload } =
          presence.last ?? (await presence.take((message) => message, limits.timeoutMs)) ?? {};
        const text = decodeUtf8Lossy((payload ?? new Uint8Array()).subarray(0, 200));
        const online = parseOnline(text);
        const signed = online !== undefined && bench.signer.presenceHolds(description.uuid, online, key);
        expectThat(signed, 'online;<version>, signed with the key of the description', printable(text));
      },
    },
  },
);

/** @throws CheckSkipped for a description without a signature; CheckFailure unless it holds */
function verified(bench: Bench): SignedDescription {
  const { desk, description } = bench.options;
  if (desk.sent === undefined || !isSignedDescription(desk.sent))
    throw new CheckSkipped('the description carries no signature');
  try {
    const signed = parseSignedDescription(desk.sent);
    bench.signer.verifyDescription(description.uuid, signed);
    return signed;
  } catch (error) {
    throw new CheckFailure('a signature that holds', errorMessage(error));
  }
}
