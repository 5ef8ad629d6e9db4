import { fromHex, toHex } from '../../base/bytes.ts';
import type { FieldRole } from '../../base/description.ts';
import { leaves } from '../../base/leaves.ts';
import type { ExtendedManifest } from '../../mup/manifest.ts';
import { manifestValues } from '../../mup/manifest-values.ts';
import type { Bench } from '../bench.ts';
import { type Check, CheckSkipped, checksOf, expectThat } from '../check.ts';

type Values = { readonly [Role in FieldRole]?: string | undefined };

/** Manifests that are none, each by one thing: what becomes of the values, by what they mean. */
const malformed: readonly (readonly [fault: string, change: (values: Values) => Values])[] = [
  ['an App ID with a semicolon', (values) => ({ ...values, appId: 'a;b' })],
  ['an empty App ID', (values) => ({ ...values, appId: '' })],
  ['a size with a leading zero', (values) => ({ ...values, imageSize: `0${values.imageSize}` })],
  ['a size with a sign', (values) => ({ ...values, imageSize: `+${values.imageSize}` })],
  ['size 0', (values) => ({ ...values, imageSize: '0' })],
  ['a version of more than 32 bits', (values) => ({ ...values, newVersion: '4294967296' })],
  ['a digest that is too short', (values) => ({ ...values, imageDigest: values.imageDigest?.slice(2) })],
  ['a digest in upper case', (values) => ({ ...values, imageDigest: 'A'.repeat(64) })],
  ['no inner signature', (values) => ({ ...values, innerSignature: '' })],
  [
    'an outer signature that is too long',
    (values) => ({ ...values, outerSignature: `${values.outerSignature}00` }),
  ],
  ['a nonce that is too short', (values) => ({ ...values, nonce: values.nonce?.slice(2) })],
];

function inputs(bench: Bench, values: Values): string[] {
  return leaves(bench.options.requests.operation('manifest').inputs).map(({ role, default: usual = '' }) =>
    role === undefined ? usual : (values[role] ?? ''),
  );
}

async function refusesMalformed(bench: Bench): Promise<void> {
  const { dialect } = bench.mup;
  const refuses = async (fault: string, texts: readonly string[]): Promise<void> => {
    const { state } = await dialect.offerTexts(texts);
    expectThat(state.startsWith('20'), `20_MANIFEST-NOT-VALID to ${fault}`, state);
  };
  for (const [fault, change] of malformed) {
    const values = manifestValues(bench.manifest(await bench.token()));
    await refuses(fault, inputs(bench, change(values)));
  }
  const whole = inputs(bench, manifestValues(bench.manifest(await bench.token())));
  await refuses('a manifest without its last field', whole.slice(0, -1));
  await refuses('a manifest with a field too many', [...whole, 'more']);
  await refuses('a manifest without any field', []);
}

/** Order of the group of secp256r1 (SEC 2 §2.4.2). */
const groupOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature of the same message: (r, n − s) verifies where (r, s) does. */
export function otherSignature(signature: Uint8Array): Uint8Array {
  const s = groupOrder - BigInt(`0x${toHex(signature.subarray(32))}`);
  const bytes = fromHex(s.toString(16).padStart(64, '0')) ?? new Uint8Array();
  return new Uint8Array([...signature.subarray(0, 32), ...bytes]);
}

async function takesEverySignature(bench: Bench): Promise<void> {
  const flips: readonly ((manifest: ExtendedManifest) => ExtendedManifest)[] = [
    (manifest) => manifest,
    (manifest) => ({ ...manifest, outerSignature: otherSignature(manifest.outerSignature) }),
    (manifest) => {
      const vendors = { ...manifest, innerSignature: otherSignature(manifest.innerSignature) };
      return bench.signer.extend(vendors, manifest);
    },
  ];
  if (bench.signer.vendorKey.suite !== '1') throw new CheckSkipped('only signatures of ES256 have two forms');
  for (const flip of flips) {
    const { accepted, state } = await bench.dialect.offer(flip(bench.manifest(await bench.token())));
    expectThat(accepted, 'that a signature counts with every s, low and high', state);
    await bench.restore();
  }
}

/** The form of a manifest, and the order of the checks (mup-protocol §3). */
export const manifestFormChecks: readonly Check[] = checksOf(
  'manifest',
  { section: '§3, the device checks' },
  {
    malformed: {
      title:
        'What is no manifest, by a field too many, one too few or one that breaks its rule, is refused as such.',
      run: refusesMalformed,
    },
    'suite-unknown': {
      title: 'A signature suite that the device does not know is refused.',
      severity: 'critical',
      run: async (bench) => {
        const values = manifestValues(bench.manifest(await bench.token()));
        const { state } = await bench.mup.dialect.offerTexts(inputs(bench, { ...values, suite: '99' }));
        expectThat(state.startsWith('20'), '20_MANIFEST-NOT-VALID to suite 99', state);
      },
    },
    order: {
      title: 'The cheapest check comes first: with several faults the answer names the cheapest.',
      section: '§3, the device checks; §5, endless manifests to drain a battery',
      severity: 'minor',
      run: async (bench) => {
        const { signer, dialect } = bench;
        const wrong = { appId: 'mup-device-test.another-app', vendorKey: signer.stranger };
        const token = { ...(await bench.token()), uuid: 'mup-device-test-another-device' };
        bench.expectRefused(
          await dialect.offer(bench.manifest(token, wrong, signer.stranger)),
          '29_WRONG-UUID',
        );
        const next = await bench.token();
        bench.expectRefused(
          await dialect.offer(bench.manifest(next, wrong, signer.stranger)),
          '21_WRONG-APP-ID',
        );
      },
    },
    'every-s': {
      title: 'A signature counts with its low and with its high s.',
      section: 'introduction',
      run: takesEverySignature,
    },
  },
);
