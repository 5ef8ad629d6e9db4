import { type Endorsement, formatRegistrationAnswer } from '../../mup/endorsement.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import type { Bench } from '../bench.ts';
import { type Check, checksOf, expectThat } from '../check.ts';

/** How often a key has to show that it is not taken: the device may still be checking its endorsement. */
const looks = 3;

/** How often a device may be asked whether it has taken a key: it may still be writing it down. */
const patience = 20;

/** Which update server's key a device takes with its registration (mup-protocol §1). */
export const keyChecks: readonly Check[] = checksOf(
  'keys',
  { section: '§1; §5, substituted update server key', severity: 'critical', needs: ['reconnect'] },
  {
    unendorsed: {
      title: 'A key without endorsement is not taken.',
      run: async (bench) => {
        const key = bench.signer.generateKey();
        const { serverKey, epoch } = bench.signer.endorsement(key, bench.signer.epoch + 1);
        await refusesKey(bench, key, { serverKey, epoch, signature: undefined });
      },
    },
    forged: {
      title: 'A key that another vendor has endorsed is not taken.',
      run: async (bench) => {
        const { signer } = bench;
        const key = signer.generateKey();
        await refusesKey(bench, key, signer.endorsement(key, signer.epoch + 1, signer.stranger));
      },
    },
    'other-epoch': {
      title: 'A key is not taken with an epoch for which the vendor has not endorsed it.',
      run: async (bench) => {
        const { signer } = bench;
        const key = signer.generateKey();
        const endorsed = signer.endorsement(key, signer.epoch + 1);
        await refusesKey(bench, key, { ...endorsed, epoch: signer.epoch + 2 });
      },
    },
    rotated: {
      title: 'A key that the vendor has endorsed with a higher epoch takes the place of the kept one.',
      severity: 'major',
      run: async (bench) => {
        const { signer } = bench;
        const kept = signer.serverKey;
        await takesKey(bench, signer.generateKey(), signer.epoch + 1);
        // The device is left with the key that the maker has.
        await takesKey(bench, kept, signer.epoch + 1);
      },
    },
    'older-epoch': {
      title: 'A key whose epoch is lower than the kept one is not taken, however well it is endorsed.',
      run: async (bench) => {
        const { signer } = bench;
        const kept = signer.serverKey;
        const older = signer.generateKey();
        const epoch = signer.epoch;
        await takesKey(bench, kept, epoch + 1);
        await refusesKey(bench, older, signer.endorsement(older, epoch));
      },
    },
  },
);

/** The device registers again, is offered a key that it must not take, and then its own. */
export async function refusesKey(bench: Bench, key: PrivateKey, offered: Endorsement): Promise<void> {
  const { desk, reconnection } = bench.options;
  desk.answerOnce(formatRegistrationAnswer(offered));
  try {
    await reconnection.run();
    for (let look = 0; look < looks; look += 1)
      expectThat(!(await bench.trusts(key)), 'that the key is not taken', 'a manifest signed with it passes');
    expectThat(await bench.trusts(bench.signer.serverKey), 'that the kept key stays', 'it counts no more');
  } finally {
    desk.answerAsUsual();
    await desk.answer();
  }
}

/** The device registers again, is offered a key that it has to take, and takes it. */
async function takesKey(bench: Bench, key: PrivateKey, epoch: number): Promise<void> {
  const { desk, reconnection } = bench.options;
  const before = desk.endorsement;
  desk.serve(bench.signer.endorsement(key, epoch));
  try {
    await reconnection.run();
    expectThat(await comesToTrust(bench, key), `that the key of epoch ${epoch} is taken`, 'it is not');
  } catch (error) {
    desk.serve(before);
    throw error;
  }
  bench.signer.useServerKey(key, epoch);
}

/** Whether the device takes manifests that are signed with a key, now or soon. */
export async function comesToTrust(bench: Bench, key: PrivateKey): Promise<boolean> {
  for (let look = 0; look < patience; look += 1) if (await bench.trusts(key)) return true;
  return false;
}
