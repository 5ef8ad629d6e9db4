import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { errorMessage, UsageError } from '../../base/errors.ts';
import type { ConfigLayer } from '../config.ts';
import { isTable } from '../config.ts';

/** Loaded by the first file that is YAML: it is a tenth of what else every start of the program loads. */
const yaml = (): typeof Yaml => createRequire(import.meta.url)('yaml');

/**
 * Reads YAML.
 * @param file named in errors
 * @throws UsageError `bad-config` with file, line and column
 */
export function parseYaml(text: string, file: string): ConfigLayer {
  const { isNode, LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const fault = document.errors[0];
  if (fault !== undefined)
    throw new UsageError('bad-config', `not YAML: ${fault.message}`, { where: place(fault.pos[0]) });
  return {
    values: tableOf(() => document.toJS({ maxAliasCount: 0 }), file),
    whereIs(path) {
      const node: unknown = document.getIn(path, true);
      return isNode(node) && node.range ? place(node.range[0]) : file;
    },
  };
}

function tableOf(read: () => unknown, file: string): ConfigLayer['values'] {
  let value: unknown;
  try {
    value = read() ?? {};
  } catch (error) {
    throw new UsageError('bad-config', `not YAML that is understood: ${errorMessage(error)}`, {
      where: file,
    });
  }
  if (isTable(value)) return value;
  throw new UsageError('bad-config', 'the file is not a table of settings', { where: file });
}
