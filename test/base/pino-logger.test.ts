import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLogger } from '../../src/base/adapters/pino-logger.ts';
import { defaultConfig, type LogConfig } from '../../src/base/config.ts';
import { InternalError, PeerError } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import { printable } from '../../src/base/printable.ts';
import { ManualClock } from '../support/manual-clock.ts';

function collect(
  config: Partial<LogConfig>,
  clock = new ManualClock(),
): { readonly logger: Logger; text(): string; lines(): string[] } {
  const written: string[] = [];
  const logger = createLogger(
    { ...defaultConfig.log, level: 'trace', ...config },
    { write: (line) => written.push(line) },
    clock,
  );
  const text = (): string => written.join('');
  return { logger, text, lines: () => text().split('\n').slice(0, -1) };
}

const levels = ['error', 'warn', 'info', 'debug', 'trace'] as const;

describe('levels', () => {
  test.each([...levels, 'silent'] as const)('%s logs itself and what is more important', (level) => {
    const { logger, lines } = collect({ level });
    for (const one of levels) logger[one](`message ${one}`);
    const count = level === 'silent' ? 0 : levels.indexOf(level) + 1;
    expect(lines()).toHaveLength(count);
    for (const [i, one] of levels.slice(0, count).entries()) expect(lines()[i]).toContain(`message ${one}`);
  });
});

describe('json', () => {
  test('a line is an object with time, level by name, msg and the fields of logger and entry', () => {
    const { logger, lines } = collect({ format: 'json' });
    logger.child({ component: 'mqtt' }).warn('lost', { attempt: 2, topic: 'a b' });
    const { time, ...rest } = JSON.parse(lines()[0] ?? '');
    expect(rest).toEqual({ level: 'warn', component: 'mqtt', attempt: 2, topic: 'a b', msg: 'lost' });
    expect(new Date(time).toISOString()).toBe(time);
  });

  test('errors are data; only faults of ours have a stack', () => {
    const { logger, lines } = collect({ format: 'json' });
    const peer = new PeerError('bad-topic', 'no', { where: 'a/b', hint: 'Use another.' });
    logger.error('x', { error: peer, reason: new InternalError('ours'), other: new TypeError('foreign') });
    const { error, reason, other } = JSON.parse(lines()[0] ?? '');
    expect(error).toEqual({ code: 'bad-topic', message: 'no', where: 'a/b', hint: 'Use another.' });
    expect(reason).toMatchObject({ code: 'internal', message: 'ours', stack: expect.any(String) });
    expect(other).toMatchObject({ message: 'foreign', stack: expect.any(String) });
  });

  test('a field cannot pose as a part of the line', () => {
    const { logger, lines } = collect({ format: 'json' });
    logger.info('real', { msg: 'forged', level: 'error', time: 'never' });
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ msg: 'real', level: 'info', msg_: 'forged' });
    expect(lines()[0]?.match(/"msg":/g)).toHaveLength(1);
  });

  test('what JSON cannot hold does not throw', () => {
    const { logger, lines } = collect({ format: 'json' });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    logger.info('x', { circle, big: 1n, none: undefined, map: new Map() });
    expect(() => JSON.parse(lines()[0] ?? '')).not.toThrow();
  });
});

describe('pretty', () => {
  test('a line is time, level, component, message and name=value', () => {
    const { logger, lines } = collect({});
    logger.child({ component: 'ssh' }).info('login', { user: 'anna', from: 'a b', tries: 1, ok: true });
    expect(lines()[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d\d\d INFO {2}ssh login user=anna from="a b" tries=1 ok=true$/,
    );
  });

  test('a device cannot move the cursor, set colours or forge a line', () => {
    const { logger, text } = collect({});
    const attack = '\u001b[2J\u001b]0;title\u0007\r\n12:00:00.000 INFO  forged\u009b31m\u202e\u2028';
    logger.child({ component: attack }).warn(attack, { [attack]: attack, list: [attack] });
    const body = text().slice(0, -1);
    expect(body).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
    expect(body).toContain('\\u001b[2J');
  });

  test('whatever is logged is one printable line of bounded length', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.anything());
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.dictionary(fc.string(), value), (message, fields) => {
        const { logger, text } = collect({});
        logger.info(message, fields);
        expect(text().endsWith('\n')).toBe(true);
        expect(text().slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
    const { logger, text } = collect({});
    logger.info('x'.repeat(100_000), { field: 'y'.repeat(100_000) });
    expect(text().length).toBeLessThan(3000);
  });
});

describe('a log that a peer cannot flood', () => {
  const leftOut = 'lines were left out that said the same too often';
  const entries = (lines: readonly string[]): unknown[] =>
    lines.map((line) => {
      const { time: _, ...rest } = JSON.parse(line);
      return rest;
    });
  const limited = (maxRepeatsPerMinute: number) => {
    const clock = new ManualClock();
    return { clock, ...collect({ format: 'json', maxRepeatsPerMinute }, clock) };
  };

  test.each(['error', 'warn', 'info', 'debug'] as const)(
    '%s: what is repeated is counted, and told once',
    (level) => {
      const { logger, clock, lines } = limited(3);
      for (let user = 0; user < 1000; user += 1) logger[level]('login failed', { user });
      expect(entries(lines())).toEqual([0, 1, 2].map((user) => ({ level, user, msg: 'login failed' })));
      clock.advance(60_000);
      expect(entries(lines()).slice(3)).toEqual([{ level, said: 'login failed', lines: 997, msg: leftOut }]);
      clock.advance(600_000);
      expect(lines()).toHaveLength(4);
    },
  );

  test('a new minute has lines of its own', () => {
    const { logger, clock, lines } = limited(1);
    logger.warn('a');
    clock.advance(59_999);
    logger.warn('a');
    clock.advance(1);
    logger.warn('a');
    expect(entries(lines())).toMatchObject([{ msg: 'a' }, { msg: leftOut, lines: 1 }, { msg: 'a' }]);
  });

  test('other messages and levels are not held up', () => {
    const { logger, lines } = limited(1);
    for (const message of ['a', 'a', 'b']) logger.warn(message);
    logger.error('a');
    expect(entries(lines())).toMatchObject([{ msg: 'a' }, { msg: 'b' }, { level: 'error' }]);
  });

  test('components share the bound: one peer reaches many of them', () => {
    const { logger, lines } = limited(2);
    for (let component = 0; component < 5; component += 1) logger.child({ component }).info('a');
    expect(entries(lines())).toMatchObject([{ component: 0 }, { component: 1 }]);
  });

  test('the wire is traced whole', () => {
    const { logger, lines } = limited(1);
    for (let i = 0; i < 5; i += 1) logger.trace('packet', { bytes: 'x'.repeat(4000) });
    expect(lines()).toHaveLength(5);
    expect(lines()[4]?.length).toBeGreaterThan(4000);
  });

  test('lines that nobody sees are not counted', () => {
    const clock = new ManualClock();
    const { logger } = collect({ level: 'info', maxRepeatsPerMinute: 1 }, clock);
    for (let i = 0; i < 5; i += 1) logger.debug('a');
    expect(clock.pending).toBe(0);
  });

  test.each(['json', 'pretty'] as const)('%s: a line is bounded, however long the values are', (format) => {
    const { logger, lines } = collect({ format, maxValueLength: 100 });
    const long = 'x'.repeat(100_000);
    const error = new PeerError('bad', long, { where: long, hint: long });
    logger
      .child({ component: long })
      .warn(long, { text: long, list: [long], error, ours: new InternalError(long) });
    expect(lines()[0]?.length).toBeLessThan(2000);
    expect(lines()[0]).toContain(`${'x'.repeat(100)}…`);
  });
});

describe('printable', () => {
  test('leaves ordinary text of any language alone', () => {
    const text = 'Größe 12 µm, 日本, 😀, "a=b"';
    expect(printable(text)).toBe(text);
  });

  test('its result has nothing left to escape', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = printable(text);
        expect(printable(once)).toBe(once);
        expect(once).not.toMatch(/[\p{Cc}\p{Cs}]/u);
      }),
    );
  });
});

describe('standard error', () => {
  test('a log that cannot be written, as on a full disk, does not end the process', () => {
    const module = new URL('../../src/base/adapters/pino-logger.ts', import.meta.url).href;
    const script = `
      import { createLogger } from ${JSON.stringify(module)};
      const logger = createLogger({ level: 'info', format: 'json', wireTrace: [], maxValueLength: 99, maxRepeatsPerMinute: 9 });
      for (let i = 0; i < 10; i += 1) logger.info('a line');
      setImmediate(() => console.log('alive'));`;
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')], encoding: 'utf8' },
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'alive\n' });
  });
});
