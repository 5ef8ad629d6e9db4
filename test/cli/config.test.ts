import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { UsageError } from '../../src/base/errors.ts';
import { configKeys } from '../../src/cli/adapters/config-schema.ts';
import { formatConfig, parseToml } from '../../src/cli/adapters/config-toml.ts';
import { loadConfig } from '../../src/cli/adapters/load-config.ts';
import { type ConfigKey, environmentName, flagName, keyPath } from '../../src/cli/config-key.ts';
import { temporaryDirectory } from '../support/cli.ts';
import { configurationPage, withGeneratedTables } from '../support/config-reference.ts';

const directory = temporaryDirectory();
let files = 0;

function file(text: string | Uint8Array, ending = 'toml'): string {
  files += 1;
  const path = join(directory(), `${files}.${ending}`);
  writeFileSync(path, text);
  return path;
}

function load(sources: {
  file?: string;
  env?: Record<string, string>;
  flags?: Record<string, string>;
}): Config {
  return loadConfig({ file: sources.file, env: sources.env ?? {}, flags: sources.flags ?? {} });
}

function fault(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Paths of all leaves of a value: what is no plain object is a leaf. */
function leaves(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]));
}

function at(config: Config, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], config);
}

/** Values of the keys that are lists, where not any text is one. */
const listSamples: ReadonlyMap<string, readonly string[]> = new Map([
  ['netconf.callHome', ['noc.example.org', '[::1]:4335']],
  ['registration.vendorKeys', ['0'.repeat(128), '1'.repeat(64)]],
]);

/** A valid value of a key other than its default where the key has more than one. */
function otherValue(key: ConfigKey): { readonly value: unknown; readonly text: string } {
  if (key.kind === 'integer') {
    const value = key.defaultValue === key.maximum ? key.minimum : key.maximum;
    return { value, text: String(value) };
  }
  if (key.kind === 'choice') {
    const value = key.choices?.find((choice) => choice !== key.defaultValue) ?? '';
    return { value, text: value };
  }
  if (key.kind === 'list') {
    const texts = listSamples.get(keyPath(key)) ?? ['/a', '/b c'];
    const value = key.choices ?? texts;
    return { value, text: value.join(',') };
  }
  const value = keyPath(key) === 'mqtt.url' ? 'mqtts://broker.example:8883' : 'other';
  return { value, text: value };
}

/** Keys whose values have to fit to those of another key. */
const bound = ['mqtt.certFile', 'mqtt.keyFile', 'mqtt.reconnectMinMs', 'update.minTimeoutMs'];
const freeKeys = configKeys.filter((key) => !bound.includes(keyPath(key)));

describe('every key of Config', () => {
  test('has a schema entry, and the schema has no others', () => {
    expect(configKeys.map(keyPath)).toEqual(leaves(defaultConfig));
  });

  test('has a description and a default that the schema accepts', () => {
    expect(configKeys.filter(({ description }) => description === '')).toEqual([]);
    expect(load({})).toEqual(defaultConfig);
  });

  test('has a variable and an option that no other key has', () => {
    expect(new Set(configKeys.map(environmentName)).size).toBe(configKeys.length);
    expect(new Set(configKeys.map(flagName)).size).toBe(configKeys.length);
    const [port] = configKeys.filter((key) => keyPath(key) === 'update.sliceSizeBytes');
    expect(port && environmentName(port)).toBe('MUP_UPDATE_SLICE_SIZE_BYTES');
    expect(port && flagName(port)).toBe('update-slice-size-bytes');
  });

  test('has a line in docs/configuration.md, which is up to date (npx tsx test/support/config-reference.ts)', () => {
    const page = readFileSync(configurationPage, 'utf8');
    expect(page).toBe(withGeneratedTables(page));
    for (const key of configKeys) {
      expect(page).toContain(`| \`${keyPath(key)}\` `);
      expect(page).toContain(`\`${environmentName(key)}\``);
    }
  });

  test.each(freeKeys.map((key) => [keyPath(key), key] as const))(
    '%s can be set by file, variable and option',
    (_, key) => {
      const { value, text } = otherValue(key);
      expect(value).not.toEqual(key.defaultValue);
      expect(at(load({ env: { [environmentName(key)]: text } }), key.path)).toEqual(value);
      expect(at(load({ flags: { [flagName(key)]: text } }), key.path)).toEqual(value);
      const toml = `${key.path.join('.')} = ${JSON.stringify(value)}\n`;
      expect(at(load({ file: file(toml) }), key.path)).toEqual(value);
    },
  );

  test.each(configKeys.filter(({ kind }) => kind === 'integer').map((key) => [keyPath(key), key] as const))(
    '%s refuses values outside its range, fractions and texts',
    (_, key) => {
      for (const text of [
        String((key.minimum ?? 0) - 1),
        String((key.maximum ?? 0) + 1),
        '1.5',
        'x',
        '',
        '1e3',
      ]) {
        const error = fault(() => load({ env: { [environmentName(key)]: text } }));
        expect([error.code, error.where]).toEqual(['bad-config', environmentName(key)]);
        expect(error.message).toContain(keyPath(key));
        expect(error.hint).toContain(String(key.maximum));
      }
    },
  );
});

describe('precedence', () => {
  test('defaults < file < environment < flags', () => {
    const path = file('[netconf]\nport = 1001\nhost = "file.example"\nmaxSessions = 7\n');
    const env = { MUP_NETCONF_PORT: '1002', MUP_NETCONF_HOST: 'env.example' };
    const { netconf } = load({ file: path, env, flags: { 'netconf-port': '1003' } });
    expect(netconf).toEqual({
      ...defaultConfig.netconf,
      port: 1003,
      host: 'env.example',
      maxSessions: 7,
    });
  });

  test('a list replaces the list below it', () => {
    const path = file('[yang]\nsearchPath = ["/file"]\n');
    expect(load({ file: path }).yang.searchPath).toEqual(['/file']);
    expect(load({ file: path, env: { MUP_YANG_SEARCH_PATH: '/a,/b' } }).yang.searchPath).toEqual([
      '/a',
      '/b',
    ]);
    expect(load({ file: path, env: { MUP_YANG_SEARCH_PATH: '' } }).yang.searchPath).toEqual([]);
  });

  test('an error names the layer that said it, the topmost one', () => {
    const path = file('[netconf]\nport = 70000\n');
    expect(fault(() => load({ file: path })).where).toBe(path);
    expect(fault(() => load({ file: path, env: { MUP_NETCONF_PORT: '70001' } })).where).toBe(
      'MUP_NETCONF_PORT',
    );
    expect(fault(() => load({ file: path, flags: { 'netconf-port': '-1' } })).where).toBe('--netconf-port');
    expect(load({ file: path, flags: { 'netconf-port': '1' } }).netconf.port).toBe(1);
  });

  test('TOML and YAML of the same settings are the same configuration', () => {
    const toml = file('stateDir = "x"\n[mqtt.embedded]\nport = 0\n[log]\nwireTrace = ["mqtt"]\n');
    const yaml = file('stateDir: x\nmqtt:\n  embedded: { port: 0 }\nlog:\n  wireTrace: [mqtt]\n', 'yaml');
    expect(load({ file: yaml })).toEqual(load({ file: toml }));
    expect(load({ file: yaml }).mqtt.embedded.port).toBe(0);
    expect(load({ file: file('', 'yml') })).toEqual(defaultConfig);
    expect(load({ file: file('') })).toEqual(defaultConfig);
  });
});

describe('a wrong key is named with its place and the closest valid one', () => {
  test.each([
    ['stateDri = "x"', 'stateDri', 'stateDir'],
    ['[netcnf]\nport = 1', 'netcnf', 'netconf'],
    ['[netconf]\nprot = 1', 'netconf.prot', 'netconf.port'],
    ['[netconf]\nmaxsessions = 1', 'netconf.maxsessions', 'netconf.maxSessions'],
    ['[mqtt.embedded]\nhots = "x"', 'mqtt.embedded.hots', 'mqtt.embedded.host'],
    ['[mqtt]\nurls = "x"', 'mqtt.urls', 'mqtt.url'],
    ['port = 1', 'port', 'netconf.port'],
    ['[update]\nslice-size-bytes = 1', 'update.slice-size-bytes', 'update.sliceSizeBytes'],
  ])('%j', (toml, key, meant) => {
    const path = file(toml);
    const error = fault(() => load({ file: path }));
    expect([error.code, error.message, error.where]).toEqual(['bad-config', `unknown key ${key}`, path]);
    expect(error.hint).toContain(`Did you mean ${meant}?`);
  });

  test('YAML errors name line and column', () => {
    const path = file('netconf:\n  host: ::1\n  port: 70000\n', 'yaml');
    expect(fault(() => load({ file: path })).where).toBe(`${path}:3:9`);
    const typo = file('netconf:\n  prot: 1\n', 'yml');
    expect(fault(() => load({ file: typo })).where).toBe(`${typo}:2:9`);
  });

  test.each([
    ['MUP_NETCONF_PROT', 'MUP_NETCONF_PORT'],
    ['MUP_PASWORD', 'MUP_PASSWORD'],
    ['MUP_MQTT_URI', 'MUP_MQTT_URL'],
    ['MUP_mqtt_url', 'MUP_MQTT_URL'],
  ])('variable %s', (name, meant) => {
    const error = fault(() => load({ env: { [name]: '1' } }));
    expect([error.code, error.message]).toEqual(['bad-config', `unknown variable ${name}`]);
    expect(error.hint).toBe(`Did you mean ${meant}?`);
  });

  test('a key that resembles none gets no suggestion', () => {
    expect(fault(() => load({ env: { MUP_XQZW: '1' } })).hint ?? '').not.toContain('MUP_XQ');
    const path = file('zzzzzzzzzzzzzzzzzzzzzzzzzz = 1');
    expect(fault(() => load({ file: path })).hint).toBeUndefined();
  });

  test('reserved variables and those of others are left alone', () => {
    const env = { MUP_PASSWORD: 'x', MUP_CONFIG: 'y', PATH: '/bin', MUPPET: '1' };
    expect(load({ env })).toEqual(defaultConfig);
  });
});

describe('wrong values', () => {
  test.each([
    ['netconf = 5', 'netconf is not a table'],
    ['netconf = [1]', 'netconf is not a table'],
    ['stateDir = ""', 'stateDir is empty'],
    ['stateDir = 1', 'stateDir is not a text'],
    ['stateDir = 2026-01-01', 'stateDir is not a text'],
    ['[netconf]\nport = "830"', 'netconf.port is not a number'],
    ['[netconf]\nport = 830.5', 'netconf.port is not a whole number'],
    ['[netconf]\nport = nan', 'netconf.port is not a number'],
    ['[netconf]\nport = true', 'netconf.port is not a number'],
    ['[netconf]\nhost = "a b"', 'netconf.host is not a host name or IP address'],
    ['[log]\nlevel = "loud"', 'log.level is not one of error, warn, info, debug, trace, silent'],
    ['[log]\nwireTrace = "mqtt"', 'log.wireTrace is not a list'],
    ['[log]\nwireTrace = ["x"]', 'log.wireTrace.0 is not one of netconf, mqtt'],
    ['[mqtt]\nurl = "http://x"', 'mqtt.url is not an mqtt:// or mqtts:// URL'],
    ['[mqtt]\nurl = "mqtt://"', 'mqtt.url is not an mqtt:// or mqtts:// URL'],
    ['[mqtt]\ncertFile = "x"', 'mqtt.certFile and keyFile need one another: set both or none'],
    ['[mqtt]\nreconnectMinMs = 20000', 'mqtt.reconnectMinMs is greater than reconnectMaxMs'],
    ['[update]\nminTimeoutMs = 20000', 'update.minTimeoutMs is greater than maxTimeoutMs'],
    ['[yang]\nsearchPath = [""]', 'yang.searchPath.0 is empty'],
    ['[registration]\nvendorKeys = ["1f"]', 'registration.vendorKeys.0 is no public key in hex'],
  ])('%j', (toml, message) => {
    const error = fault(() => load({ file: file(toml) }));
    expect([error.code, error.message]).toEqual(['bad-config', message]);
  });

  test('further problems are counted', () => {
    const path = file('[mqtt]\nurl = "x"\nusername = 1\npassword = 2\n');
    expect(fault(() => load({ file: path })).hint).toBe('There are 2 more problems.');
  });
});

describe('files that are none', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]\n`)
    .join('')}`;
  test.each([
    ['toml', '[netconf', /:1:\d+$/],
    ['toml', 'a = 1\na = 2', /:2:\d+$/],
    ['toml', `x = ${'['.repeat(100_000)}`, /toml/],
    ['toml', 'x = 99999999999999999999', /:1:\d+$/],
    ['yaml', 'a: [', /:1:\d+$/],
    ['yaml', 'a: 1\na: 2', /:2:\d+$/],
    ['yaml', '- 1\n- 2', /yaml$/],
    ['yaml', 'just text', /yaml$/],
    ['yaml', 'a: 1\n---\nb: 2', /:2:\d+$/],
    ['yaml', bomb, /yaml/],
    ['yaml', 'netconf: &n { port: 1 }\nmqtt: *n', /yaml/],
    ['yaml', '? [a, b]\n: 1', /yaml/],
    ['yaml', '!!js/function "x": 1', /yaml/],
    ['json', '{}', /json$/],
  ])('%s %#: bad-config with its place', (ending, text, where) => {
    const error = fault(() => load({ file: file(text, ending) }));
    expect(error.code).toBe('bad-config');
    expect(error.where).toMatch(where);
    expect(error.message).not.toContain('\n');
  });

  test('a missing, oversized or non-UTF-8 file is said to be so', () => {
    expect(fault(() => load({ file: join(directory(), 'none.toml') })).message).toContain('cannot read');
    expect(fault(() => load({ file: file(' '.repeat(2 ** 20 + 1)) })).message).toContain('larger than');
    expect(fault(() => load({ file: file(Uint8Array.of(0x61, 0xff)) })).message).toContain('not UTF-8');
    expect(fault(() => load({ file: directory() })).message).toContain('format');
  });

  test.each(['toml', 'yaml'])(
    'names of Object.prototype in %s are unknown keys, and nothing is polluted',
    (kind) => {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        const text = kind === 'toml' ? `[${name}]\nport = 1\n` : `"${name}":\n  port: 1\n`;
        expect(fault(() => load({ file: file(text, kind) })).message).toBe(`unknown key ${name}`);
        const inner =
          kind === 'toml' ? `[netconf.${name}]\nport = 1\n` : `netconf:\n  "${name}":\n    port: 1\n`;
        expect(fault(() => load({ file: file(inner, kind) })).message).toBe(`unknown key netconf.${name}`);
      }
      expect(Object.hasOwn(Object.prototype, 'port')).toBe(false);
    },
  );

  test('no text makes anything but a configuration or a UsageError', () => {
    const words = fc.constantFrom(
      ...['[', ']', '=', ':', '"', "'", '\n', ' ', '-', '{', '}', '#', '&a', '*a', '!'],
    );
    const names = fc.constantFrom('netconf', 'port', 'mqtt', 'url', '1', 'x', '__proto__');
    const text = fc
      .array(fc.oneof(words, names, fc.string()), { maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.constantFrom('toml', 'yaml'), (content, ending) => {
        try {
          load({ file: file(content, ending) });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is in force is printed', () => {
  test('as TOML that, read again, is the same configuration', () => {
    const values = fc.record({
      port: fc.integer({ min: 0, max: 65_535 }),
      stateDir: fc.string({ minLength: 1, unit: 'grapheme' }),
      searchPath: fc.array(fc.string({ minLength: 1 })),
    });
    fc.assert(
      fc.property(values, ({ port, stateDir, searchPath }) => {
        const config: Config = {
          ...defaultConfig,
          stateDir,
          netconf: { ...defaultConfig.netconf, port },
          yang: { searchPath },
        };
        expect(parseToml(formatConfig(config), 'x')).toEqual(config);
        expect(load({ file: file(formatConfig(config)) })).toEqual(config);
      }),
      { numRuns: 50 },
    );
  });

  test('with secrets masked, those in URLs too', () => {
    const config = load({
      env: { MUP_MQTT_PASSWORD: 'hunter2', MUP_MQTT_URL: 'mqtts://user:s3cr%40t@broker.example:8883/x' },
    });
    expect(config.mqtt.password).toBe('hunter2');
    const text = formatConfig(config);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('s3cr');
    expect(text).toContain('url = "mqtts://user:********@broker.example:8883/x"');
    expect(text).toContain('password = "********"');
  });

  test('an empty secret is shown as empty', () => {
    expect(formatConfig(defaultConfig)).toContain('password = ""');
  });
});
