import { deviceStateOf } from '../../mup/states.ts';
import { type Check, checksOf, expectThat } from '../check.ts';

/** The end of a transfer, and its other ends (mup-protocol §3, step 6). */
export const imageChecks: readonly Check[] = checksOf(
  'image',
  { section: '§3, step 6', severity: 'critical', profiles: ['mup', 'myno'] },
  {
    truncated: {
      title: 'An image of which the end is missing is refused.',
      section: '§5, truncated image',
      run: async (bench) => {
        const { image } = await bench.begin();
        await bench.dialect.send(image, 0, bench.dialect.sliceBytes);
        bench.expectRefused(await bench.dialect.finish(), '28_IMAGE-INVALID');
        await bench.begin();
      },
    },
    altered: {
      title:
        'An image with a slice that somebody else has injected is refused, and the firmware stays what it was.',
      section: '§5, slice injected',
      run: async (bench) => {
        const { version } = await bench.token();
        const { image } = await bench.begin();
        const altered = image.slice();
        altered[0] = (image[0] ?? 0) ^ 1;
        await bench.refusesImage(altered);
        await bench.restore();
        const after = await bench.token();
        expectThat(
          after.version === version,
          `version ${version} after a refused image`,
          `version ${after.version}`,
        );
        await bench.begin();
      },
    },
    'without-manifest': {
      title: 'The end of an image that no manifest has announced is refused.',
      severity: 'major',
      run: async (bench) => bench.expectRefused(await bench.dialect.finish(), '28_IMAGE-INVALID'),
    },
    abort: {
      title: 'ABORT drops what has arrived, also the whole image, and frees the slot.',
      severity: 'major',
      profiles: ['mup'],
      run: async (bench) => {
        const { image } = await bench.begin();
        await bench.dialect.send(image);
        const { accepted, state } = await bench.mup.dialect.abort();
        expectThat(accepted, '10_OK to ABORT', state);
        bench.expectRefused(await bench.dialect.finish(), '28_IMAGE-INVALID');
        await bench.begin();
      },
    },
    'abort-idle': {
      title: 'ABORT is answered 11_NOOP where there is nothing to drop.',
      severity: 'minor',
      profiles: ['mup'],
      run: async (bench) => {
        const { state } = await bench.mup.dialect.abort();
        expectThat(deviceStateOf(state) === '11_NOOP', '11_NOOP', state);
      },
    },
  },
);
