import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { endorse } from '../../src/mup/endorsement.ts';
import { formatEndorsementFile } from '../../src/mup/endorsement-file.ts';
import { type PrivateKey, type PublicKey, publicKeyFromHex } from '../../src/mup/signature-scheme.ts';
import { element, textOf } from '../../src/xml/element.ts';
import { vendor } from '../device/bench-device.ts';
import type { BenchUpdate } from './bench-update.ts';

/** Has the bridge make the next key of its update server. @returns the public half */
export async function preparedKey({ bench }: BenchUpdate): Promise<PublicKey> {
  const output = await bench.call('mup-bridge', 'prepare-server-key', { suite: '1' });
  const made = output.find(({ name }) => name === 'public-key') ?? element('', 'none');
  const key = publicKeyFromHex(textOf(made));
  if (key === undefined) throw new Error('no key was made');
  return key;
}

/** Has a key endorsed and takes it into use. Resolves when devices have been told. */
export async function activateKey(
  { bench }: BenchUpdate,
  serverKey: PublicKey,
  epoch: number,
  by: PrivateKey = vendor,
): Promise<void> {
  const signature = endorse(serverKey, epoch, by, es256);
  const endorsement = formatEndorsementFile({ serverKey, epoch, signature });
  await bench.call('mup-bridge', 'activate-server-key', { endorsement });
  await bench.settled();
}
