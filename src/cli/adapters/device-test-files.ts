import { resolve } from 'node:path';
import { decodeUtf8 } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { allChecks } from '../../kit/checks/all.ts';
import { parseExpectedFailures } from '../../kit/expectations.ts';
import type { KitImage } from '../../kit/images.ts';
import { readPrivateKey } from '../../mup/adapters/key-files.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import { appIdOption } from '../app-id-option.ts';
import type { Run } from './device-test-bench.ts';
import { readInput } from './files.ts';
import { manifestBeside, readManifest } from './images.ts';
import { ontologiesFolder } from './ontologies-folder.ts';
import { commandPassphrase } from './passphrase.ts';

/** More than a file of expected failures has. */
const maxExpectedFailuresBytes = 64 * 1024;

/** What the files of one run of `mup device-test` hold. */
export interface RunFiles {
  readonly vendorKey: PrivateKey;
  readonly serverKey: PrivateKey | undefined;
  readonly images: readonly KitImage[];
  readonly description: Uint8Array | undefined;
  /** `--app-id`. */
  readonly appId: string | undefined;
  /** Folder of ontologies. */
  readonly operatorDir: string | undefined;
  /** Ids of checks that may fail. */
  readonly expectedFailures: ReadonlySet<string>;
}

/** Reads all that the command line names, before anything is asked of broker or device. @throws UsageError */
export async function readRunFiles({ args, io, config }: Omit<Run, 'files'>): Promise<RunFiles> {
  const mayFail = await expectedFailures({ args, io });
  const passphrase = commandPassphrase(args, io);
  const keyOf = (file: string): Promise<PrivateKey> => readPrivateKey(resolve(io.cwd, file), passphrase);
  const serverKey = args.text('server-key');
  const description = args.text('description');
  const image = async (file: string): Promise<KitImage> => ({
    bytes: await readInput(io, file, config.images.maxImageBytes),
    manifest: await readManifest(io, manifestBeside(file), config),
  });
  return {
    appId: appIdOption(args),
    vendorKey: await keyOf(args.required('vendor-key')),
    serverKey: serverKey === undefined ? undefined : await keyOf(serverKey),
    images: await Promise.all(args.texts('image').map((file) => image(file))),
    description:
      description === undefined
        ? undefined
        : await readInput(io, description, config.registration.maxDescriptionBytes),
    operatorDir: ontologiesFolder(args, io),
    expectedFailures: mayFail,
  };
}

async function expectedFailures({ args, io }: Pick<Run, 'args' | 'io'>): Promise<ReadonlySet<string>> {
  const file = args.text('expected-failures');
  if (file === undefined) return new Set();
  const text = decodeUtf8(await readInput(io, file, maxExpectedFailuresBytes));
  if (text === undefined)
    throw new UsageError('bad-option', `${file} is not UTF-8`, { where: '--expected-failures' });
  return parseExpectedFailures(
    text,
    allChecks.map(({ id }) => id),
  );
}
