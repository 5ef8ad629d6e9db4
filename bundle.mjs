// The program as few files (docs/adr/0034): `dist/cli/main.js`, the worker that reads descriptions, and what they share or
// load when it is needed in `dist/chunks`. Runs after tsc, whose modules of the same names it replaces.
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const chunks = join(root, 'dist', 'chunks');
const binding = 'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node';

/** ssh2 looks for its native part beside itself: it stays where npm has built it, and may be missing. */
const nativePart = {
  name: 'native part of ssh2',
  setup({ onResolve }) {
    onResolve({ filter: /\/sshcrypto\.node$/ }, () => ({ path: binding, external: true }));
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts', 'src/ontology/adapters/description-worker.ts'],
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  // What CommonJS modules of packages have, and ES modules have not.
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;",
  },
  // Comunica's hundreds of modules are needed for few queries only; cpu-features is native.
  external: ['@comunica/*', 'cpu-features'],
  plugins: [nativePart],
  logLevel: 'warning',
  metafile: true,
});

// Those of earlier builds. The new ones were there first: a program that starts meanwhile finds its own.
const made = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of await readdir(chunks)) if (!made.has(name)) await rm(join(chunks, name));
