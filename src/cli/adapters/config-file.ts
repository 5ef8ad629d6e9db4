import { readFileSync, statSync } from 'node:fs';
import { decodeUtf8 } from '../../base/bytes.ts';
import { errorMessage, UsageError } from '../../base/errors.ts';
import type { ConfigLayer } from '../config.ts';
import { parseToml } from './config-toml.ts';
import { parseYaml } from './config-yaml.ts';

const maxFileBytes = 2 ** 20;

/**
 * Reads a configuration file: TOML when it ends in `.toml`, YAML when in `.yaml` or `.yml`.
 * @throws UsageError `bad-config` when it cannot be read or is not in its format
 */
export function readConfigFile(path: string): ConfigLayer {
  if (path.endsWith('.toml')) return { values: parseToml(readText(path), path), whereIs: () => path };
  if (/\.ya?ml$/.test(path)) return parseYaml(readText(path), path);
  throw new UsageError('bad-config', 'the format of the configuration file is not known', {
    where: path,
    hint: 'Its name ends in .toml, .yaml or .yml.',
  });
}

function readText(path: string): string {
  const text = decodeUtf8(readBytes(path));
  if (text !== undefined) return text.replace(/^\ufeff/, '');
  throw new UsageError('bad-config', 'the configuration file is not UTF-8', { where: path });
}

function readBytes(path: string): Uint8Array {
  try {
    if (statSync(path).size <= maxFileBytes) return readFileSync(path);
  } catch (error) {
    throw new UsageError('bad-config', `cannot read the configuration file: ${errorMessage(error)}`, {
      where: path,
    });
  }
  throw new UsageError('bad-config', `the configuration file is larger than ${maxFileBytes} octets`, {
    where: path,
  });
}
