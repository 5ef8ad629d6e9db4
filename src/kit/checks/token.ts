import { deviceUuid } from '../../base/ids.ts';
import { type Check, CheckFailure, checksOf, expectThat } from '../check.ts';

/** Tokens that are drawn to see whether a nonce comes twice. */
const draws = 8;

/** Steps 1 and 2 of an update. */
export const tokenChecks: readonly Check[] = checksOf(
  'token',
  { section: '§3, steps 1–2', profiles: ['mup', 'myno'] },
  {
    fields: {
      title: 'A token request is answered with UUID, nonce and version, each in its form.',
      run: async (bench) => {
        const { uuid } = await bench.token();
        expectThat(uuid === bench.options.description.uuid, "the device's own UUID", deviceUuid(uuid));
      },
    },
    'nonce-fresh': {
      title: 'Each token has a nonce of its own, so that no manifest can be replayed.',
      section: '§3, steps 1–2; §5, replayed manifest',
      severity: 'critical',
      run: async (bench) => {
        const before = new Set(bench.nonces);
        for (let drawn = 0; drawn < draws; drawn += 1) {
          const { nonce } = await bench.token();
          if (before.has(nonce))
            throw new CheckFailure('a nonce that was not there before', `${nonce} again`);
          before.add(nonce);
        }
      },
    },
    superseded: {
      title: 'A new token takes the place of the one before: a manifest for the earlier nonce is refused.',
      severity: 'critical',
      profiles: ['mup'],
      run: async (bench) => {
        const earlier = await bench.token();
        await bench.token();
        bench.expectRefused(await bench.dialect.offer(bench.manifest(earlier)), '22_INVALID-NONCE');
      },
    },
  },
);
