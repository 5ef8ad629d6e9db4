import { type Config, defaultConfig } from '../../base/config.ts';
import { configError, environmentLayer, flagLayer, mergeLayers } from '../config.ts';
import { readConfigFile } from './config-file.ts';
import { checkConfig, configKeys } from './config-schema.ts';

/** Where settings come from besides the defaults. */
export interface ConfigSources {
  /** Path of a TOML or YAML file. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values of options, by the names that `flagName` makes: `netconf-port`. */
  readonly flags: Readonly<Record<string, string>>;
}

/**
 * The configuration in force: defaults, over them the file, the environment (`MUP_…`), the flags.
 * @throws UsageError `bad-config` naming the place and the closest valid key
 */
export function loadConfig({ file, env, flags }: ConfigSources): Config {
  const layers = [
    ...(file === undefined ? [] : [readConfigFile(file)]),
    environmentLayer(configKeys, env),
    flagLayer(configKeys, flags),
  ];
  const checked = checkConfig(mergeLayers(defaultConfig, layers));
  if ('stateDir' in checked) return checked;
  throw configError(checked, configKeys, layers);
}
