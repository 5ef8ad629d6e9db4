import { resolve } from 'node:path';
import type { Config } from '../../base/config.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { flagName } from '../config-key.ts';
import { configKeys } from './config-schema.ts';
import { loadConfig } from './load-config.ts';

/**
 * The configuration of a command: `--config FILE` (or `MUP_CONFIG`), the environment, and those of the
 * command's options that are named after a key. `stateDir` is absolute.
 * @throws UsageError `bad-config`
 */
export function commandConfig(args: CommandArguments, io: CliIo): Config {
  const file = args.text('config') ?? io.env['MUP_CONFIG'];
  const flags: Record<string, string> = {};
  for (const key of configKeys) {
    const value = args.text(flagName(key));
    if (value !== undefined) flags[flagName(key)] = value;
  }
  const config = loadConfig({
    file: file === undefined ? undefined : resolve(io.cwd, file),
    env: io.env,
    flags,
  });
  return { ...config, stateDir: resolve(io.cwd, config.stateDir) };
}
