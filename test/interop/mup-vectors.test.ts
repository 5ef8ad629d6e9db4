import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { vectorDirectory, vectorFiles } from '../support/mup-vectors.ts';
import { describeWith, root } from '../support/peers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

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
  'myno.json': ['innerValid', false],
};

describeWith(['libssl'], 'a verifier in C on libcrypto, and the vectors of fixtures/mup', () => {
  let verifier: string;
  let directory: string;

  const verify = (vectors: string): { readonly code: number | null; readonly output: string } => {
    const { status, stdout, stderr } = spawnSync(verifier, [vectors], { encoding: 'utf8' });
    return { code: status, output: stdout + stderr };
  };

  beforeAll(async () => {
    directory = await temporaryDirectory();
    verifier = join(directory, 'verify-vectors');
    const sources = ['verify-vectors.c', 'mup-checks.c', 'es256.c', 'vector-file.c'];
    const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-fsanitize=undefined'];
    execFileSync('gcc', [...flags, '-fno-sanitize-recover=all', '-o', verifier, ...sources, '-lcrypto'], {
      cwd: join(root, 'test', 'interop', 'c'),
      stdio: 'pipe',
    });
  });

  test('agree, every one', () => {
    const counts = Object.keys(verdicts).map((name) => `${name}: ${vectorsOf(name).length} vectors\n`);
    expect(verify(vectorDirectory)).toEqual({ code: 0, output: counts.join('') });
  });

  test.each(Object.entries(verdicts))(
    'disagree where a vector of %s says something else',
    (name, [member, other]) => {
      const [first, ...rest] = vectorsOf(name);
      for (const [file, text] of Object.entries(vectorFiles)) writeFileSync(join(directory, file), text);
      const changed = { vectors: [{ ...first, [member]: other }, ...rest] };
      writeFileSync(join(directory, name), JSON.stringify(changed));
      const { code, output } = verify(directory);
      expect(code).toBe(1);
      expect(output).toContain(
        `${name}: ${first?.['name']}: ${member} is ${first?.[member]}, not ${other}\n`,
      );
    },
  );

  test('a file that is not as described ends it with 2', () => {
    writeFileSync(join(directory, 'signatures.json'), '{"vectors": [{"name": "escaped \\" quote"}]}');
    expect(verify(directory)).toEqual({ code: 2, output: expect.stringContaining('signatures.json') });
  });
});
