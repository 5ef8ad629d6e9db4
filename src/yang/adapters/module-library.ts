import { readdir, readFile } from 'node:fs/promises';
import { packageFile } from '../../base/adapters/package-files.ts';
import { errorCode, errorMessage, MupError, UsageError } from '../../base/errors.ts';
import { isIdentifier } from '../identifiers.ts';
import { parseModule } from '../parser.ts';
import { type Statement, substatements } from '../statement.ts';

/** A module with the text it was read from. */
export interface LibraryModule {
  readonly statement: Statement;
  readonly text: string;
}

/** The project's own modules. */
const ownFolder = packageFile('yang');

/** Modules that are ours alone: a file elsewhere with such a name is not theirs. */
const ownModule = /^mup-/;

const revisionExpression = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Loads a hand-written or standard module: the official file where one stands in a folder of the search
 * path or one level below it, else our rendition.
 * @param revision `YYYY-MM-DD`; without it, the newest of the first folder that has the module
 * @throws UsageError `module-not-found`, `module-unreadable` (with file and line)
 */
export async function loadModule(
  name: string,
  revision: string | undefined,
  searchPath: readonly string[],
): Promise<LibraryModule> {
  if (!isIdentifier(name) || (revision !== undefined && !revisionExpression.test(revision)))
    throw notFound(name, revision);
  const official = ownModule.test(name) ? [] : await withSubfolders(searchPath);
  for (const folder of [...official, ownFolder]) {
    const found = await loadFrom(folder, name, revision);
    if (found !== undefined) return found;
  }
  throw notFound(name, revision);
}

async function withSubfolders(folders: readonly string[]): Promise<string[]> {
  const below = await Promise.all(
    folders.map(async (folder) => {
      const entries = await entriesOf(folder);
      const subfolders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
      return [folder, ...subfolders.sort().map((subfolder) => `${folder}/${subfolder}`)];
    }),
  );
  return below.flat();
}

/** A folder of the search path need not be there. */
async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw unreadable(folder, error);
  }
}

async function loadFrom(
  folder: string,
  name: string,
  revision: string | undefined,
): Promise<LibraryModule | undefined> {
  const files = (await entriesOf(folder)).map((entry) => entry.name);
  for (const file of candidates(files, name, revision)) {
    const module = await read(`${folder}/${file}`);
    if (module.statement.argument !== name) continue;
    const revisions = substatements(module.statement, 'revision').map((one) => one.argument);
    if (revision === undefined || revisions.sort().at(-1) === revision) return module;
  }
  return undefined;
}

/** Files that may hold the module (RFC 6020 §5.2), best first. */
function candidates(files: readonly string[], name: string, revision: string | undefined): string[] {
  const dated = files
    .filter((file) => file.startsWith(`${name}@`) && file.endsWith('.yang'))
    .filter((file) => revision === undefined || file === `${name}@${revision}.yang`)
    .sort()
    .reverse();
  return files.includes(`${name}.yang`) ? [...dated, `${name}.yang`] : dated;
}

async function read(file: string): Promise<LibraryModule> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw unreadable(file, error);
  });
  try {
    return { statement: parseModule(text), text };
  } catch (error) {
    throw new UsageError(
      'module-unreadable',
      `The YANG module ${file} cannot be used: ${errorMessage(error)}`,
      {
        where: error instanceof MupError && error.where !== undefined ? `${file}, ${error.where}` : file,
        hint: 'Repair the file, or take its folder out of yang.searchPath.',
        cause: error,
      },
    );
  }
}

function unreadable(path: string, cause: unknown): UsageError {
  return new UsageError('module-unreadable', `${path} cannot be read: ${errorMessage(cause)}`, {
    where: path,
    cause,
  });
}

function notFound(name: string, revision: string | undefined): UsageError {
  const wanted = JSON.stringify(revision === undefined ? name : `${name}@${revision}`);
  return new UsageError('module-not-found', `There is no YANG module ${wanted}`, {
    hint: 'Add the folder that holds it to yang.searchPath.',
  });
}
