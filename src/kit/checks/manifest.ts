import { toHex } from '../../base/bytes.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import type { DeviceStateName } from '../../mup/states.ts';
import type { Bench } from '../bench.ts';
import { type Check, checksOf } from '../check.ts';
import type { ManifestChanges } from '../signer.ts';

/** A manifest that is signed as it should be, and wrong in one field. */
async function refusesSigned(bench: Bench, changes: ManifestChanges, state: DeviceStateName): Promise<void> {
  const token = await bench.token();
  bench.expectRefused(await bench.dialect.offer(bench.manifest(token, changes)), state);
}

/** Longer than any UUID of a device that is there, but a UUID all the same. */
const otherUuid = 'mup-device-test-another-device';

/** What a device checks of a manifest, one check each (mup-protocol §3). */
export const manifestChecks: readonly Check[] = checksOf(
  'manifest',
  { section: '§3, the device checks', severity: 'critical', profiles: ['mup', 'myno'] },
  {
    accepted: {
      title: 'A valid manifest is accepted.',
      severity: 'major',
      run: async (bench) => void (await bench.begin()),
    },
    'nonce-unknown': {
      title: 'A manifest with a nonce that was never handed out is refused.',
      profiles: ['mup'],
      run: async (bench) => {
        const token = { ...(await bench.token()), nonce: toHex(bench.signer.nonce()) };
        bench.expectRefused(await bench.dialect.offer(bench.manifest(token)), '22_INVALID-NONCE');
      },
    },
    'nonce-spent': {
      title:
        'A nonce is spent by the first manifest that is checked against it, also by one that is refused.',
      section: '§3, the device checks; §5, endless manifests to drain a battery',
      profiles: ['mup'],
      run: async (bench) => {
        const token = await bench.token();
        const refused = bench.manifest(token, {}, bench.signer.stranger);
        bench.expectRefused(await bench.dialect.offer(refused), '23_OUTER-SIGN-INVALID');
        bench.expectRefused(await bench.dialect.offer(bench.manifest(token)), '22_INVALID-NONCE');
      },
    },
    replayed: {
      title: 'A manifest that was accepted once is refused when it comes again.',
      section: '§5, replayed manifest',
      run: async (bench) => {
        const { manifest } = await bench.begin();
        await bench.restore();
        await bench.refusesReplay(manifest);
      },
    },
    'other-device': {
      title: "A manifest for another device's UUID is refused.",
      section: "§5, another device's manifest",
      run: async (bench) => {
        const token = { ...(await bench.token()), uuid: otherUuid };
        bench.expectRefused(await bench.dialect.offer(bench.manifest(token)), '29_WRONG-UUID');
      },
    },
    'other-app': {
      title: 'A manifest for another App ID is refused.',
      section: '§5, another App ID',
      profiles: ['mup'],
      run: (bench) => refusesSigned(bench, { appId: 'mup-device-test.another-app' }, '21_WRONG-APP-ID'),
    },
    'version-same': {
      title: 'A manifest of the version that runs is refused.',
      section: '§5, same version again',
      run: async (bench) => {
        const token = await bench.token();
        const manifest = bench.manifest(token, { newVersion: token.version });
        bench.expectRefused(await bench.dialect.offer(manifest), '25_INVALID-VERSIONNR');
      },
    },
    'version-lower': {
      title: 'A manifest of a version lower than the one that runs is refused.',
      section: '§5, rollback',
      run: async (bench) => {
        const token = await bench.token();
        const manifest = bench.manifest(token, { newVersion: Math.max(0, token.version - 1) });
        bench.expectRefused(await bench.dialect.offer(manifest), '25_INVALID-VERSIONNR');
      },
    },
    'wrong-precursor': {
      title: 'A difference to another version than the one that runs is refused.',
      section: '§5, wrong precursor',
      profiles: ['mup'],
      run: async (bench) => {
        const token = await bench.token();
        const manifest = bench.manifest(token, { oldVersion: token.version + 1 });
        bench.expectRefused(await bench.dialect.offer(manifest), '25_INVALID-VERSIONNR');
      },
    },
    'too-big': {
      title: 'An image that does not fit into the slot is refused before a byte of it travels.',
      section: '§5, endless image',
      severity: 'major',
      profiles: ['mup'],
      run: (bench) => refusesSigned(bench, { size: maxUint32 }, '27_IMAGE-TOO-BIG'),
    },
    'outer-signature': {
      title: 'A manifest that the update server has not signed is refused.',
      run: async (bench) => {
        const manifest = bench.manifest(await bench.token(), {}, bench.signer.stranger);
        bench.expectRefused(await bench.dialect.offer(manifest), '23_OUTER-SIGN-INVALID');
      },
    },
    'inner-signature': {
      title: 'A manifest that the vendor has not signed is refused, whoever the update server is.',
      run: (bench) => refusesSigned(bench, { vendorKey: bench.signer.stranger }, '24_INNER-SIGN-INVALID'),
    },
    mixed: {
      title: 'Parts of two valid manifests make none.',
      section: '§5, mix-and-match of two manifests',
      run: async (bench) => {
        const token = await bench.token();
        const [one, other] = [bench.manifest(token), bench.manifest(token)];
        const mixed = { ...one, outerSignature: other.outerSignature };
        bench.expectRefused(await bench.dialect.offer(mixed), '23_OUTER-SIGN-INVALID');
        const next = await bench.token();
        const vendors = { ...bench.manifest(next), innerSignature: one.innerSignature };
        bench.expectRefused(
          await bench.dialect.offer(bench.signer.extend(vendors, next)),
          '24_INNER-SIGN-INVALID',
        );
      },
    },
    'changed-after-acceptance': {
      title:
        'Once a manifest is accepted no other one takes its place, and nothing changes what the image is compared with.',
      section: '§5, manifest changed after it was accepted',
      run: replacesNothing,
    },
  },
);

/** A second manifest, as good as the first, while the image of the first travels; then the image of the second. */
async function replacesNothing(bench: Bench): Promise<void> {
  const { image } = await bench.begin();
  const token = await bench.token();
  const changed = bench.signer.image(image.length);
  const version = bench.newer(token) + 1;
  const second = bench.extended(changed, version, token);
  bench.expectRefused(await bench.dialect.offer(second), '26_SAVESLOT-IN-USE');
  await bench.refusesImage(changed);
}
