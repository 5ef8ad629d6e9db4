import type { FieldRole } from '../../base/description.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import { deviceStateOf, vendorKeyStateOf } from '../../mup/states.ts';
import type { VendorKeyStatement } from '../../mup/vendor-key.ts';
import type { Bench } from '../bench.ts';
import { type Check, CheckFailure, checksOf, expectThat } from '../check.ts';
import { refusesKey } from './keys.ts';

type Changes = Partial<Record<FieldRole, string>>;

/** How the vendor's next key follows the one that a device holds, where the device describes an operation for it (ADR 27). */
export const vendorKeyChecks: readonly Check[] = checksOf(
  'vendor',
  { section: '§1; ADR 27', severity: 'critical' },
  {
    malformed: {
      title: 'What is no statement, by a counter of 0 or a key that is none, is refused as such.',
      severity: 'major',
      run: async (bench) => {
        const { signer } = bench;
        const next = signer.generateKey();
        const statement = signer.nextVendorKey(next);
        for (const changes of [
          { vendorKeyCounter: '0' },
          { vendorKeyCounter: '4294967296' },
          { newVendorKey: 'ab' },
          { vendorKeySignature: '' },
        ])
          await refuses(bench, statement, next, '30_KEY-NOT-VALID', changes);
      },
    },
    forged: {
      title: 'A next key that the kept one has not signed is refused.',
      run: async (bench) => {
        const { signer } = bench;
        for (const by of [signer.stranger, signer.serverKey])
          await refusesUnsigned(bench, signer.nextVendorKey(signer.stranger, signer.nextCounter, by));
      },
    },
    changed: {
      title: 'A next key is refused with another counter than the one that was signed.',
      run: async (bench) => {
        const { signer } = bench;
        const next = signer.generateKey();
        const changes = { vendorKeyCounter: String(signer.nextCounter + 1) };
        await refuses(bench, signer.nextVendorKey(next), next, '24_INNER-SIGN-INVALID', changes);
      },
    },
    'other-purpose': {
      title: 'What the vendor has signed as the endorsement of an update server makes no key the next one.',
      run: async (bench) => {
        const { signer } = bench;
        const counter = signer.nextCounter;
        const { signature } = signer.endorsement(signer.stranger, counter);
        const statement = signer.nextVendorKey(signer.stranger, counter);
        await refusesUnsigned(bench, { ...statement, signature: signature ?? statement.signature });
      },
    },
    'rolled-over': {
      title: 'The next key takes the place of the one that has signed it; the update server’s key stays.',
      severity: 'major',
      run: (bench) =>
        rolledOver(bench, async (before) => {
          expectThat(
            await holds(bench, bench.signer.vendorKey),
            'that manifests of the next key are accepted',
            'they are refused',
          );
          expectThat(
            !(await holds(bench, before)),
            'that manifests of the key before are refused',
            'one is accepted',
          );
        }),
    },
    repeated: {
      title: 'The statement that was taken last is answered 11_NOOP when it comes again.',
      severity: 'minor',
      run: (bench) =>
        rolledOver(bench, async (_, statement) => {
          const { state } = await bench.mup.dialect.rollOver(statement);
          expectThat(vendorKeyStateOf(state) === '11_NOOP', '11_NOOP', state);
        }),
    },
    replayed: {
      title: 'A statement whose counter is not higher than that of the kept key brings no earlier key back.',
      run: async (bench) => {
        const { signer } = bench;
        const before = signer.vendorKey;
        const key = signer.generateKey();
        const statement = await take(bench, key);
        await take(bench, before);
        await refuses(bench, statement, key, '31_COUNTER-NOT-HIGHER');
        const next = signer.generateKey();
        const late = signer.nextVendorKey(next, signer.nextCounter - 1);
        await refuses(bench, late, next, '31_COUNTER-NOT-HIGHER');
      },
    },
    'earlier-endorsement': {
      title: 'After a roll-over no update server’s key is taken that the vendor’s key before has endorsed.',
      needs: ['reconnect'],
      run: (bench) =>
        rolledOver(bench, async (before) => {
          const { signer } = bench;
          const key = signer.generateKey();
          await refusesKey(bench, key, signer.endorsement(key, signer.epoch + 1, before));
        }),
    },
  },
);

/** Whether the device takes manifests of a vendor's key. */
async function holds(bench: Bench, vendorKey: PrivateKey): Promise<boolean> {
  const { accepted, state } = await bench.dialect.offer(bench.manifest(await bench.token(), { vendorKey }));
  if (accepted) await bench.restore();
  const refused = deviceStateOf(state) === '24_INNER-SIGN-INVALID';
  expectThat(accepted || refused, '10 or 24 to a manifest of a vendor', state);
  return accepted;
}

/** The statement is refused, its next key being the stranger's. */
function refusesUnsigned(bench: Bench, statement: VendorKeyStatement): Promise<void> {
  return refuses(bench, statement, bench.signer.stranger, '24_INNER-SIGN-INVALID');
}

/** @throws CheckFailure unless the statement is refused. A device that has taken the key is brought back, if it lets itself be */
async function refuses(
  bench: Bench,
  statement: VendorKeyStatement,
  key: PrivateKey,
  expected: string,
  changes: Changes = {},
): Promise<void> {
  const { signer, mup } = bench;
  const { accepted, state } = await mup.dialect.rollOver(statement, changes);
  if (accepted) {
    const before = signer.vendorKey;
    signer.useVendorKey(key, Math.max(statement.counter, Number(changes.vendorKeyCounter ?? 0)));
    await take(bench, before).catch(() => signer.useVendorKey(before, signer.nextCounter));
  }
  expectThat(vendorKeyStateOf(state) === expected, expected, state);
}

/** The device is brought to a key of the kit's and, when all is done, back to the maker's. */
async function rolledOver(
  bench: Bench,
  during: (before: PrivateKey, statement: VendorKeyStatement) => Promise<void>,
): Promise<void> {
  const before = bench.signer.vendorKey;
  const statement = await take(bench, bench.signer.generateKey());
  try {
    await during(before, statement);
  } finally {
    await take(bench, before);
  }
}

/** Moves the device to another key of the vendor's. @throws CheckFailure when it does not take it */
async function take(bench: Bench, key: PrivateKey): Promise<VendorKeyStatement> {
  const { signer, mup, options } = bench;
  const counter = signer.nextCounter;
  const statement = signer.nextVendorKey(key);
  const { accepted, state } = await mup.dialect.rollOver(statement);
  if (!accepted)
    throw new CheckFailure(`10_OK to the next key with counter ${counter} (--vendor-counter)`, state);
  signer.useVendorKey(key, counter);
  // What the key before has endorsed counts no more when the device registers again.
  options.desk.serve(signer.endorsement());
  return statement;
}
