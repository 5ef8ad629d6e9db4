import { maxUint32 } from '../../mup/manifest-fields.ts';
import type { Bench, Installed } from '../bench.ts';
import { type Check, CheckSkipped, checksOf, expectThat } from '../check.ts';

/** Whole updates: the device boots what it gets (mup-protocol §3, steps 1 to 7). */
export const updateChecks: readonly Check[] = checksOf(
  'update',
  { section: '§3, steps 1–7', severity: 'critical', profiles: ['mup', 'myno'], needs: ['image'] },
  {
    complete: {
      title: 'A whole update succeeds: token, manifest, slices, FIN, restart.',
      severity: 'major',
      run: async (bench) => void (await bench.update()),
    },
    'version-reported': {
      title: 'After an update the device reports the new version, when it is back and in its token.',
      run: async (bench) => {
        const installed = await bench.updated();
        const { newVersion } = installed.manifest;
        expectThat(
          installed.reported === newVersion,
          `version ${newVersion}`,
          `version ${installed.reported}`,
        );
        const { version } = await bench.token();
        expectThat(version === newVersion, `version ${newVersion} in the token`, `version ${version}`);
      },
    },
    'nonce-after-restart': {
      title: 'After a restart no nonce comes again: the generator does not begin where it began before.',
      section: '§3, steps 1–2; §5, replayed whole update',
      run: async (bench) => {
        await bench.updated();
        const before = new Set(bench.nonces);
        const { nonce } = await bench.token();
        expectThat(!before.has(nonce), 'a nonce that was not there before', `${nonce} again`);
      },
    },
    replayed: {
      title: 'An update that succeeded is refused when all of it comes again.',
      section: '§5, replayed whole update',
      run: async (bench) => {
        const { manifest } = await bench.updated();
        await bench.refusesReplay(manifest);
      },
    },
    rollback: {
      title:
        'The version that an update brought is not installed again, nor the one before it, with manifests made for now.',
      section: '§5, rollback, same version again',
      run: async (bench) => {
        const { manifest, before } = await bench.updated();
        await refusesVersion(bench, manifest.newVersion);
        await refusesVersion(bench, before.version);
      },
    },
    'versions-as-numbers': {
      title: 'Versions are compared as numbers: 10 is higher than 2.',
      section: '§3, the device checks',
      severity: 'major',
      profiles: ['mup'],
      run: async (bench) => {
        await bench.updated();
        const token = await bench.token();
        const newVersion = higherThatReadsLower(token.version);
        const { accepted, state } = await bench.dialect.offer(bench.manifest(token, { newVersion }));
        expectThat(accepted, `that version ${newVersion} is taken for higher than ${token.version}`, state);
      },
    },
    interrupted: {
      title: 'An update whose connection breaks amid the slices goes on where it was, and succeeds.',
      section: '§3, Slices; §4',
      severity: 'major',
      profiles: ['mup'],
      needs: ['image', 'reconnect'],
      run: async (bench) => {
        await bench.updated();
        const { reported, manifest }: Installed = await bench.install(() => bench.options.reconnection.run());
        expectThat(reported === manifest.newVersion, `version ${manifest.newVersion}`, `version ${reported}`);
      },
    },
  },
);

/** @throws CheckSkipped where there is none: no text comes before that of a power of ten and stands for more */
function higherThatReadsLower(version: number): number {
  const higher = 10 ** String(version).length;
  if (String(higher) < String(version) && higher <= maxUint32) return higher;
  throw new CheckSkipped(`no version is higher than ${version} and would come before it as a text`);
}

async function refusesVersion(bench: Bench, newVersion: number): Promise<void> {
  const manifest = bench.manifest(await bench.token(), { newVersion });
  bench.expectRefused(await bench.dialect.offer(manifest), '25_INVALID-VERSIONNR');
}
