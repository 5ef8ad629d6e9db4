import { randomInt } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { vectorDirectory, vectorFiles } from '../support/mup-vectors.ts';
import { describeWith } from '../support/peers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { VectorVerifier } from '../support/vector-verifier.ts';
import { changedVectors } from '../support/vectors/changed-vectors.ts';

type Vector = Readonly<Record<string, string | number | boolean>>;

/** The vectors of a file of `fixtures/mup`. */
function vectorsOf(name: string): Vector[] {
  return JSON.parse(vectorFiles[name] ?? '').vectors;
}

/** What each file says of a vector, and what it may say instead. */
const verdicts: Readonly<Record<string, readonly [member: string, other: string | boolean]>> = {
  'signatures.json': ['valid', false],
  'tokens.json': ['valid', false],
  'endorsements.json': ['decision', 'refuse'],
  'manifests.json': ['state', '24_INNER-SIGN-INVALID'],
  'images.json': ['state', '28_IMAGE-INVALID'],
  'slice-chains.json': ['state', '28_IMAGE-INVALID'],
  'myno.json': ['innerValid', false],
  'descriptions.json': ['verdict', 'wrong-key'],
  'presences.json': ['believed', false],
  'rotations.json': ['state', '12_ERROR'],
};

describeWith(['libssl'], 'a verifier in C on libcrypto, and the vectors of fixtures/mup', () => {
  let verifier: VectorVerifier;

  beforeAll(async () => {
    verifier = new VectorVerifier(await temporaryDirectory());
  });

  test('agree, every one', () => {
    const counts = Object.keys(verdicts).map((name) => `${name}: ${vectorsOf(name).length} vectors\n`);
    expect(verifier.verify(vectorDirectory)).toEqual({ code: 0, output: counts.join('') });
  });

  test.each(Object.entries(verdicts))(
    'disagree where a vector of %s says something else',
    (name, [member, other]) => {
      const [first, ...rest] = vectorsOf(name);
      const changed = { vectors: [{ ...first, [member]: other }, ...rest] };
      const { code, output } = verifier.verifyFiles({ ...vectorFiles, [name]: JSON.stringify(changed) });
      expect(code).toBe(1);
      expect(output).toContain(
        `${name}: ${first?.['name']}: ${member} is ${first?.[member]}, not ${other}\n`,
      );
    },
  );

  test('a file that is not as described ends it with 2', () => {
    const wrong = { 'signatures.json': '{"vectors": [{"name": "escaped \\" quote"}]}' };
    const { code, output } = verifier.verifyFiles({ ...vectorFiles, ...wrong });
    expect([code, output]).toEqual([2, expect.stringContaining('signatures.json')]);
  });

  test.each(Object.entries(changedVectors))(
    '%s: both say the same of vectors in which anything was changed',
    (name, one) => {
      const seed = randomInt(2 ** 31);
      const changed = fc.sample(one, { numRuns: 450, seed });
      const vectors = changed.map((vector, i) => ({ name: `change ${i}`, ...vector }));
      const { code, output } = verifier.verifyFiles({ ...vectorFiles, [name]: JSON.stringify({ vectors }) });
      const [said, number] = /^.*: change (\d+): .*$/m.exec(output) ?? [];
      const found = number === undefined ? undefined : changed[Number(number)];
      expect({ seed, code, said, found }).toEqual({ seed, code: 0, said: undefined, found: undefined });
    },
  );
});
