import type { Config } from '../base/config.ts';
import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { type ConfigKey, type ConfigProblem, environmentName, flagName, keyPath } from './config-key.ts';

/** A table of a configuration file. */
export interface ConfigTable {
  readonly [key: string]: unknown;
}

/** Settings from one place, and how to name that place in an error. */
export interface ConfigLayer {
  readonly values: ConfigTable;
  /** `mup.yaml:12`, `MUP_NETCONF_PORT`, `--netconf-port` */
  whereIs(path: readonly string[]): string;
}

/** Holds the passphrase of encrypted keys. */
export const passphraseVariable = 'MUP_PASSPHRASE';

/** Variables that begin with `MUP_` and are no keys of `Config`, with what they are for. */
export const reservedVariables: Readonly<Record<string, string>> = {
  MUP_CONFIG: 'configuration file, where `--config` is not given',
  MUP_PASSWORD: 'password of `mup update`',
  [passphraseVariable]: 'passphrase of encrypted keys, where `--passphrase-file` is not given',
};

const mask = '********';

/**
 * What the variables `MUP_…` set.
 * @throws UsageError `bad-config` for a variable that is no setting
 */
export function environmentLayer(
  keys: readonly ConfigKey[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigLayer {
  const names = new Map(keys.map((key) => [environmentName(key), key]));
  let values: ConfigTable = {};
  for (const [name, text] of Object.entries(env).sort()) {
    if (!name.startsWith('MUP_') || text === undefined || Object.hasOwn(reservedVariables, name)) continue;
    const key = names.get(name);
    if (key === undefined)
      throw badConfig(
        `unknown variable ${name}`,
        'environment',
        nearest(name, [...names.keys(), ...Object.keys(reservedVariables)]),
      );
    values = merge(values, nested(key.path, valueFromText(key, text)));
  }
  return { values, whereIs: (path) => nameOf(keys, path, environmentName) };
}

/** What options set; `flags` has names as {@link flagName} makes them. */
export function flagLayer(keys: readonly ConfigKey[], flags: Readonly<Record<string, string>>): ConfigLayer {
  let values: ConfigTable = {};
  for (const key of keys) {
    const text = flags[flagName(key)];
    if (text !== undefined) values = merge(values, nested(key.path, valueFromText(key, text)));
  }
  return { values, whereIs: (path) => `--${nameOf(keys, path, flagName)}` };
}

/** All layers over one another, the last one wins; tables are merged, lists and values replaced. */
export function mergeLayers(defaults: Config, layers: readonly ConfigLayer[]): ConfigTable {
  return layers.reduce<ConfigTable>((below, layer) => merge(below, layer.values), { ...defaults });
}

/** The error for what the schema found, at the layer that said it. */
export function configError(
  problems: readonly ConfigProblem[],
  keys: readonly ConfigKey[],
  layers: readonly ConfigLayer[],
): UsageError {
  const problem = problems.find((one) => one.unknownKey) ?? problems[0];
  if (problem === undefined) return badConfig('the configuration is not valid', 'configuration');
  const where = layers.findLast((layer) => isSet(layer.values, problem.path))?.whereIs(problem.path);
  const name = problem.path.join('.');
  const others = problems.length > 1 ? `There are ${problems.length - 1} more problems.` : undefined;
  if (problem.unknownKey)
    return badConfig(`unknown key ${name}`, where ?? name, nearestKey(problem.path, keys), others);
  return badConfig(
    `${name} ${problem.message}`,
    where ?? name,
    undefined,
    rangeHint(problem, keys) ?? others,
  );
}

/** The configuration with every secret replaced, for printing. */
export function maskSecrets(config: Config, keys: readonly ConfigKey[]): ConfigTable {
  let masked: ConfigTable = { ...config };
  for (const { path, secret, kind } of keys) {
    const value = memberAt(config, path);
    if (kind !== 'text' || typeof value !== 'string' || value === '') continue;
    masked = merge(masked, nested(path, secret ? mask : maskUrl(value)));
  }
  return masked;
}

function maskUrl(text: string): string {
  if (!text.includes('://') || !URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.password === '') return text;
  url.password = mask;
  return url.href;
}

/** A key's value from a text; what does not fit stays a text, and the schema refuses it. */
function valueFromText(key: ConfigKey, text: string): unknown {
  if (key.kind === 'integer') return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
  if (key.kind === 'list') return text === '' ? [] : text.split(',');
  return text;
}

function nearestKey(path: readonly string[], keys: readonly ConfigKey[]): string | undefined {
  const parent = path.slice(0, -1);
  const name = path.at(-1) ?? '';
  const siblings = keys
    .filter((key) => key.path.length > parent.length && parent.every((part, i) => key.path[i] === part))
    .map((key) => key.path[parent.length] ?? '');
  const sibling = nearest(name, [...new Set(siblings)]);
  if (sibling !== undefined) return [...parent, sibling].join('.');
  return keys.filter((key) => key.path.at(-1) === name).map(keyPath)[0];
}

function rangeHint(problem: ConfigProblem, keys: readonly ConfigKey[]): string | undefined {
  const key = keys.find((one) => keyPath(one) === problem.path.join('.'));
  if (key?.kind !== 'integer') return undefined;
  return `It is a whole number from ${key.minimum} to ${key.maximum}; the default is ${key.defaultValue}.`;
}

function badConfig(what: string, where: string, meant?: string, more?: string): UsageError {
  const hints = [meant === undefined ? undefined : `Did you mean ${meant}?`, more];
  const hint = hints.filter((one) => one !== undefined).join(' ');
  return new UsageError('bad-config', what, hint === '' ? { where } : { where, hint });
}

function nameOf(
  keys: readonly ConfigKey[],
  path: readonly string[],
  name: (key: ConfigKey) => string,
): string {
  const key = keys.find((one) => one.path.every((part, i) => path[i] === part));
  return key === undefined ? path.join('.') : name(key);
}

function nested(path: readonly string[], value: unknown): ConfigTable {
  const [first = '', ...rest] = path;
  return Object.fromEntries([[first, rest.length === 0 ? value : nested(rest, value)]]);
}

function merge(below: ConfigTable, above: ConfigTable): ConfigTable {
  const merged = Object.entries(above).map(([key, value]) => {
    const old = Object.hasOwn(below, key) ? below[key] : undefined;
    return [key, isTable(old) && isTable(value) ? merge(old, value) : value] as const;
  });
  return Object.fromEntries([...Object.entries(below), ...merged]);
}

function isSet(values: ConfigTable, path: readonly string[]): boolean {
  const [first = '', ...rest] = path;
  if (!Object.hasOwn(values, first)) return false;
  const value = values[first];
  return rest.length === 0 || !isTable(value) || isSet(value, rest);
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isTable(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  );
}

/** Whether a value is a table of settings and not a list, a date or a scalar. */
export function isTable(value: unknown): value is ConfigTable {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null);
}
