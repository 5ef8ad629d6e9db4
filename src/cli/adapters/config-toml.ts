import { parse, stringify, TomlError } from 'smol-toml';
import type { Config } from '../../base/config.ts';
import { errorMessage, UsageError } from '../../base/errors.ts';
import { type ConfigTable, maskSecrets } from '../config.ts';
import { configKeys } from './config-schema.ts';

/**
 * Reads TOML.
 * @param file named in errors
 * @throws UsageError `bad-config` with file, line and column
 */
export function parseToml(text: string, file: string): ConfigTable {
  try {
    return parse(text);
  } catch (error) {
    const where = error instanceof TomlError ? `${file}:${error.line}:${error.column}` : file;
    const what = errorMessage(error).split('\n')[0] ?? '';
    throw new UsageError('bad-config', what.replace(/^Invalid TOML document: /, 'not TOML: '), { where });
  }
}

/** What is in force, as a TOML file with every key; secrets are masked. */
export function formatConfig(config: Config): string {
  return `${stringify(maskSecrets(config, configKeys)).trimEnd()}\n`;
}
