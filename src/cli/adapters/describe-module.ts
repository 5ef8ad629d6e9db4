import { decodeUtf8Lossy } from '../../base/bytes.ts';
import type { DeviceDescription } from '../../base/description.ts';
import { instantiate } from '../../ontology/description-template.ts';
import { withLeafNames } from '../../yang/identifiers.ts';
import { moduleStatement } from '../../yang/module-generator.ts';
import { type ModuleModel, newModule } from '../../yang/module-model.ts';
import type { Statement } from '../../yang/statement.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { refused } from '../placed-finding.ts';
import { AuthorsReader, type DescriptionFile, type ReadDescription } from './describe-reader.ts';

/** A description and the module that the first device with it brings. */
export interface DescribedModule {
  readonly read: ReadDescription;
  /** Of the device, with the names of the module. */
  readonly description: DeviceDescription;
  readonly model: ModuleModel;
  readonly statement: Statement;
}

/** @throws DescriptionError, PeerError where the bridge would refuse the description */
export async function describedModule(
  reader: AuthorsReader,
  file: DescriptionFile,
): Promise<DescribedModule> {
  const read = await reader.read(file);
  const description = withLeafNames(instantiate(read.template, read.uuid));
  const model = newModule(description);
  return { read, description, model, statement: moduleStatement(model) };
}

/**
 * Reads descriptions that a command line names. A fault ends the command: its error says where the first one
 * is, and has an exit code of its own.
 */
export async function withModules<T>(
  args: CommandArguments,
  io: CliIo,
  work: (moduleOf: (path: string) => Promise<DescribedModule>, reader: AuthorsReader) => Promise<T>,
): Promise<T> {
  const reader = new AuthorsReader(args, io);
  try {
    return await work((path) => moduleAt(reader, path), reader);
  } finally {
    await reader.close();
  }
}

async function moduleAt(reader: AuthorsReader, path: string): Promise<DescribedModule> {
  let text = '';
  try {
    const file = await reader.open(path);
    text = decodeUtf8Lossy(file.bytes);
    return await describedModule(reader, file);
  } catch (error) {
    throw refused(error, path, text);
  }
}
