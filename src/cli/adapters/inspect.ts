import { resolve } from 'node:path';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import { decodeUtf8, equalBytes, toHex } from '../../base/bytes.ts';
import type { Config } from '../../base/config.ts';
import { errorCode, errorMessage, PeerError } from '../../base/errors.ts';
import { readPrivateKey, readPublicKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import { verifyEndorsement } from '../../mup/endorsement.ts';
import { parseEndorsementFile } from '../../mup/endorsement-file.ts';
import type { VendorManifest } from '../../mup/manifest.ts';
import { parseVendorManifest } from '../../mup/manifest-json.ts';
import { type PublicKey, suiteOf } from '../../mup/signature-scheme.ts';
import {
  isSignedDescription,
  parseSignedDescription,
  verifySignedDescription,
} from '../../mup/signed-description.ts';
import { verifyInnerSignature } from '../../mup/signing.ts';
import { suiteName } from '../../mup/suites.ts';
import { checkImage } from '../../mup/update-checks.ts';
import { verifyVendorKey } from '../../mup/vendor-key.ts';
import { parseVendorKeyFile } from '../../mup/vendor-key-file.ts';
import { unpack } from '../../ontology/adapters/inflate.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import {
  holds,
  type Inspection,
  type InspectionCheck,
  inspectionLines,
  inspectionObject,
} from '../inspection.ts';
import { printResult } from '../output.ts';
import { manifestProfile } from '../profile-option.ts';
import { uuidOption } from '../uuid-option.ts';
import { commandConfig } from './command-config.ts';
import { exists, readInput } from './files.ts';
import { manifestBeside, readManifest } from './images.ts';
import { commandPassphrase } from './passphrase.ts';

/** More than any PEM file of one key holds. */
const maxPemBytes = 16 * 1024;

/** What is known of a file but its name. */
type Found = Omit<Inspection, 'file'>;

/** `mup inspect` */
export async function runInspect(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const file = args.argument('FILE');
  const keyFile = args.text('vendor-key');
  const vendorKey = keyFile === undefined ? undefined : await readPublicKey(resolve(io.cwd, keyFile));
  const inspection = { file, ...(await new Inspector(args, io, vendorKey).inspect(file)) };
  printResult(args, io, inspectionObject(inspection), inspectionLines(inspection));
  return holds(inspection) ? exitCodes.ok : exitCodes.failed;
}

class Inspector {
  readonly #args: CommandArguments;
  readonly #io: CliIo;
  readonly #config: Config;
  readonly #vendorKey: PublicKey | undefined;

  constructor(args: CommandArguments, io: CliIo, vendorKey: PublicKey | undefined) {
    this.#args = args;
    this.#io = io;
    this.#config = commandConfig(args, io);
    this.#vendorKey = vendorKey;
  }

  /** @throws MupError where the file says what it is and is none */
  async inspect(file: string): Promise<Found> {
    const bytes = await readInput(this.#io, file, this.#config.images.maxImageBytes);
    const isPem = bytes.length <= maxPemBytes && decodeUtf8(bytes)?.includes('-----BEGIN ');
    if (isPem === true) return this.#key(file, bytes);
    if (isSignedDescription(bytes)) return this.#signedDescription(bytes);
    const unpacked = await this.#unpacked(bytes);
    const names = memberNames(unpacked);
    if (names.has('innerSignature')) return this.#manifest(bytes);
    if (names.has('serverKey')) return this.#endorsement(bytes);
    if (names.has('newKey')) return this.#vendorKeyStatement(bytes);
    if (names.has('@context') || names.has('@graph')) return description(bytes, unpacked);
    return this.#image(file, bytes);
  }

  async #key(file: string, bytes: Uint8Array): Promise<Found> {
    const path = resolve(this.#io.cwd, file);
    const text = decodeUtf8(bytes) ?? '';
    if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text))
      return { kind: 'public-key', facts: keyFacts(await readPublicKey(path)), checks: [] };
    const encrypted = text.includes('ENCRYPTED');
    try {
      const key = await readPrivateKey(path, commandPassphrase(this.#args, this.#io));
      return {
        kind: 'private-key',
        facts: { encrypted, ...keyFacts(allSuites.publicKeyOf(key)) },
        checks: [],
      };
    } catch (error) {
      if (errorCode(error) !== 'key-encrypted') throw error;
      const check = notChecked('passphrase', 'give it with --passphrase-file to see the public key');
      return { kind: 'private-key', facts: { encrypted }, checks: [check] };
    }
  }

  #manifest(bytes: Uint8Array): Found {
    const manifest = parseVendorManifest(bytes, this.#config.images.maxManifestBytes);
    return {
      kind: 'vendor-manifest',
      facts: manifestFacts(manifest),
      checks: [this.#innerSignature(manifest)],
    };
  }

  #endorsement(bytes: Uint8Array): Found {
    const endorsement = parseEndorsementFile(bytes);
    const check = this.#signature('endorsement', (key) => verifyEndorsement(endorsement, key, allSuites));
    const { serverKey, epoch } = endorsement;
    return { kind: 'endorsement', facts: { ...keyFacts(serverKey), epoch }, checks: [check] };
  }

  #vendorKeyStatement(bytes: Uint8Array): Found {
    const statement = parseVendorKeyFile(bytes);
    const check = this.#signature('signature', (key) => verifyVendorKey(statement, key, allSuites));
    const { newKey, counter } = statement;
    return { kind: 'vendor-key-statement', facts: { ...keyFacts(newKey), counter }, checks: [check] };
  }

  async #image(file: string, bytes: Uint8Array): Promise<Found> {
    const image = { size: bytes.length, digest: sha256(bytes) };
    const beside = this.#args.text('manifest') ?? manifestBeside(file);
    const named = this.#args.text('manifest') !== undefined;
    if (!named && (beside === file || !(await exists(resolve(this.#io.cwd, beside)))))
      return { kind: 'image', facts: image, checks: [notChecked('manifest', `there is no ${beside}`)] };
    const manifest = await readManifest(this.#io, beside, this.#config);
    const compared = checked('image', () => checkImage(manifest, image));
    const facts = { ...image, manifest: beside, ...manifestFacts(manifest) };
    return {
      kind: 'image',
      facts: { ...facts, ...image },
      checks: [compared, this.#innerSignature(manifest)],
    };
  }

  #innerSignature(manifest: VendorManifest): InspectionCheck {
    const profile = manifestProfile(this.#args);
    return this.#signature('inner-signature', (key) =>
      verifyInnerSignature(manifest, key, allSuites, profile),
    );
  }

  #signature(check: string, verify: (key: PublicKey) => void): InspectionCheck {
    const key = this.#vendorKey;
    if (key === undefined) return notChecked(check, "name the vendor's public key with --vendor-key");
    return checked(check, () => verify(key));
  }

  #signedDescription(bytes: Uint8Array): Found {
    const signed = parseSignedDescription(bytes);
    const { counter, key, octets } = signed;
    const uuid = this.#args.text('uuid') === undefined ? undefined : uuidOption(this.#args, 'uuid');
    const signature =
      uuid === undefined
        ? notChecked(
            'signature',
            'it is of one device, whose UUID does not stand in the file: name it with --uuid',
          )
        : checked('signature', () => verifySignedDescription(uuid, signed, { scheme: allSuites, sha256 }));
    const signer = this.#signature('signer', (vendorKey) => checkSigner(key, vendorKey));
    const facts = { ...keyFacts(key), counter, octets: octets.length, digest: sha256(octets) };
    return { kind: 'signed-description', facts, checks: [signature, signer] };
  }

  /** What is packed unpacked; octets that only begin as if they were packed as they are. */
  async #unpacked(bytes: Uint8Array): Promise<Uint8Array> {
    try {
      return await unpack(bytes, this.#config.registration);
    } catch {
      return bytes;
    }
  }
}

/** @throws PeerError `wrong-key` */
function checkSigner(key: PublicKey, vendorKey: PublicKey): void {
  if (!equalBytes(key, vendorKey))
    throw new PeerError('wrong-key', 'it was signed with another key: the device’s own, or another vendor’s');
}

/** What a device announces it by (mup-protocol §1) is the digest of the octets before they are packed. */
function description(bytes: Uint8Array, unpacked: Uint8Array): Found {
  const facts = { octets: bytes.length, packed: unpacked !== bytes, digest: `sha256:${sha256(unpacked)}` };
  return { kind: 'description', facts, checks: [] };
}

/** The names of the members of a JSON object; none of what is no such text. */
function memberNames(bytes: Uint8Array): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes) ?? '');
    return new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  } catch {
    return new Set();
  }
}

function checked(check: string, verify: () => void): InspectionCheck {
  try {
    verify();
    return { check, result: 'holds' };
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return { check, result: 'fails', reason: errorMessage(error) };
  }
}

function notChecked(check: string, reason: string): InspectionCheck {
  return { check, result: 'not-checked', reason };
}

function keyFacts(key: PublicKey): { readonly suite: string; readonly publicKey: string } {
  return { suite: suiteName(suiteOf(key)), publicKey: toHex(key) };
}

function manifestFacts(manifest: VendorManifest): Inspection['facts'] {
  const { suite, appId, newVersion, oldVersion, linkOffset, size, digest } = manifest;
  return { suite: suiteName(suite), appId, newVersion, oldVersion, linkOffset, size, digest };
}
