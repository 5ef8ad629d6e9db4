import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descriptionVectors } from './vectors/description-vectors.ts';
import { endorsementVectors } from './vectors/endorsement-vectors.ts';
import { imageVectors } from './vectors/image-vectors.ts';
import { edServer, edStranger, edVendor, nextServer, server, stranger, vendor } from './vectors/keys.ts';
import { manifestVectors } from './vectors/manifest-vectors.ts';
import { mynoVectors } from './vectors/myno-vectors.ts';
import { presenceVectors } from './vectors/presence-vectors.ts';
import { rotationVectors } from './vectors/rotation-vectors.ts';
import { signatureVectors } from './vectors/signature-vectors.ts';
import { sliceChainVectors } from './vectors/slice-chain-vectors.ts';
import { tokenVectors } from './vectors/token-vectors.ts';

/** Where the vectors are; `npx tsx test/support/mup-vectors.ts` writes them. */
export const vectorDirectory = join(import.meta.dirname, '..', '..', 'fixtures', 'mup');

const keys = { vendor, server, nextServer, stranger, edVendor, edServer, edStranger };

/** The files of vectors by name, as they have to be. `fixtures/mup/README.md` describes them. */
export const vectorFiles: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    'signatures.json': signatureVectors,
    'tokens.json': tokenVectors,
    'endorsements.json': endorsementVectors,
    'manifests.json': manifestVectors,
    'images.json': imageVectors,
    'slice-chains.json': sliceChainVectors,
    'myno.json': mynoVectors,
    'descriptions.json': descriptionVectors,
    'presences.json': presenceVectors,
    'rotations.json': rotationVectors,
    'keys.json': Object.entries(keys).map(([name, { seed, privateKey, publicKey }]) => ({
      name,
      suite: privateKey.suite,
      seed,
      privateKey: Buffer.from(privateKey.secret).toString('hex'),
      publicKey,
    })),
  }).map(([name, vectors]) => [name, `${JSON.stringify({ vectors }, undefined, 2)}\n`]),
);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(vectorDirectory, { recursive: true });
  for (const [name, text] of Object.entries(vectorFiles)) writeFileSync(join(vectorDirectory, name), text);
}
