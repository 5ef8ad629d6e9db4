import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

/** `test/interop/c/verify-vectors.c`, built with Debian's libssl-dev and every check of the compiler's. */
export class VectorVerifier {
  readonly #directory: string;
  readonly #program: string;

  /** @param directory where it is built, and where {@link verifyFiles} puts files */
  constructor(directory: string) {
    this.#directory = directory;
    this.#program = join(directory, 'verify-vectors');
    const sources = [
      'verify-vectors.c',
      'mup-checks.c',
      'descriptions.c',
      'es256.c',
      'suites.c',
      'vector-file.c',
    ];
    const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-fno-sanitize-recover=all'];
    const sanitizers = '-fsanitize=address,undefined';
    execFileSync('gcc', [...flags, sanitizers, '-o', this.#program, ...sources, '-lcrypto'], {
      cwd: join(root, 'test', 'interop', 'c'),
      stdio: 'pipe',
    });
  }

  /** Runs it on a directory of vectors. */
  verify(vectors: string): { readonly code: number | null; readonly output: string } {
    // It reads its files once and ends: what it holds to its end is no leak.
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    const { status, stdout, stderr } = spawnSync(this.#program, [vectors], { encoding: 'utf8', env });
    return { code: status, output: stdout + stderr };
  }

  /** Runs it on files of these contents. */
  verifyFiles(files: Readonly<Record<string, string>>): ReturnType<VectorVerifier['verify']> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#directory, name), text);
    return this.verify(this.#directory);
  }
}
