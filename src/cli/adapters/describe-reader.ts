import { sha256, systemClock } from '../../base/adapters/node-runtime.ts';
import { createLogger } from '../../base/adapters/pino-logger.ts';
import { decodeUtf8 } from '../../base/bytes.ts';
import type { Config } from '../../base/config.ts';
import { type DeviceUuid, deviceUuid, isDeviceUuid } from '../../base/ids.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import {
  isSignedDescription,
  parseSignedDescription,
  type SignedDescription,
  verifySignedDescription,
} from '../../mup/signed-description.ts';
import { unpack } from '../../ontology/adapters/inflate.ts';
import { defaultOntologiesDir } from '../../ontology/adapters/ontology-files.ts';
import { createDescriptionReader } from '../../ontology/adapters/worker-reader.ts';
import { DescriptionError } from '../../ontology/description-error.ts';
import type { DescriptionReader } from '../../ontology/description-reader.ts';
import { abstractUuid, type DescriptionTemplate } from '../../ontology/description-template.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { uuidOption } from '../uuid-option.ts';
import { commandConfig } from './command-config.ts';
import { readInput } from './files.ts';
import { ontologiesFolder } from './ontologies-folder.ts';

/** Whose description it is where nobody says: it stands in no description. */
const sampleUuid = deviceUuid('00000000-0000-4000-8000-000000000000');

/** A description as a file holds it. */
export interface DescriptionFile {
  readonly path: string;
  /** JSON-LD, unpacked, as UTF-8. */
  readonly bytes: Uint8Array;
  /** The signature that stands before it (ADR 29). */
  readonly signed?: SignedDescription;
}

/** A description that the bridge would take. */
export interface ReadDescription {
  readonly file: DescriptionFile;
  /** `--uuid`, the UUID that the description holds, or any. */
  readonly uuid: DeviceUuid;
  /** JSON-LD with `%s` for the UUID. */
  readonly text: string;
  readonly template: DescriptionTemplate;
  /** Whether there is a signature, and whether it holds; `unchecked` where nobody says which device it is of. */
  readonly signature: 'none' | 'holds' | 'unchecked';
}

/** Reads descriptions as the bridge does: the same thread, the same limits, the same ontologies. */
export class AuthorsReader {
  readonly config: Config;
  /** Folders of ontologies, ours first. */
  readonly folders: readonly string[];
  readonly #io: CliIo;
  readonly #reader: DescriptionReader;
  readonly #uuid: DeviceUuid | undefined;

  constructor(args: CommandArguments, io: CliIo) {
    const operatorDir = ontologiesFolder(args, io);
    this.folders = [defaultOntologiesDir, ...(operatorDir === undefined ? [] : [operatorDir])];
    this.config = commandConfig(args, io);
    this.#io = io;
    this.#uuid = args.text('uuid') === undefined ? undefined : uuidOption(args, 'uuid');
    this.#reader = createDescriptionReader({
      config: this.config.registration,
      clock: systemClock,
      logger: createLogger(this.config.log).child({ component: 'describe' }),
      ...(operatorDir === undefined ? {} : { operatorDir }),
    });
  }

  /** @throws UsageError `file-…`; PeerError `bad-signature` for a header that is none; DescriptionError when it cannot be unpacked */
  async open(path: string): Promise<DescriptionFile> {
    const { registration } = this.config;
    const content = await readInput(this.#io, path, registration.maxDescriptionBytes);
    const signed = isSignedDescription(content) ? parseSignedDescription(content) : undefined;
    const bytes = withoutByteOrderMark(await unpack(signed?.octets ?? content, registration));
    return { path, bytes, ...(signed && { signed }) };
  }

  /** @throws DescriptionError where the bridge would refuse it; PeerError `bad-signature` */
  async read(file: DescriptionFile): Promise<ReadDescription> {
    try {
      return await this.#readAs(this.#uuid ?? sampleUuid, file);
    } catch (error) {
      const owner = this.#uuid === undefined ? ownerIn(error) : undefined;
      if (owner === undefined) throw error;
      return this.#readAs(owner, file);
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #readAs(uuid: DeviceUuid, file: DescriptionFile): Promise<ReadDescription> {
    const template = await this.#reader.read(uuid, file.bytes);
    const text = decodeUtf8(abstractUuid(uuid, file.bytes)) ?? '';
    return { file, uuid, text, template, signature: signatureOf(file, uuid) };
  }
}

/** @throws PeerError `bad-signature` */
function signatureOf({ signed }: DescriptionFile, uuid: DeviceUuid): ReadDescription['signature'] {
  if (signed === undefined) return 'none';
  if (uuid === sampleUuid) return 'unchecked';
  verifySignedDescription(uuid, signed, { scheme: allSuites, sha256 });
  return 'holds';
}

/** What some editors write before a text is not for devices to send. */
function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? bytes.subarray(3) : bytes;
}

/** The UUID that a description holds in place of `%s`, when it is refused for that. */
function ownerIn(error: unknown): DeviceUuid | undefined {
  if (!(error instanceof DescriptionError) || error.code !== 'uuid-mismatch') return undefined;
  // A UUID is shorter than what is cut off in a finding, and holds nothing that JSON escapes.
  const [, found = ''] = /^"([^"]*)"$/.exec(error.findings[0]?.found ?? '') ?? [];
  return isDeviceUuid(found) ? found : undefined;
}
