import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { UsageError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { type AuditFacts, formatAuditEntry } from '../../src/bridge/audit-entry.ts';
import { openAuditTrail } from '../../src/cli/adapters/open-audit-trail.ts';
import { sinceOption } from '../../src/cli/audit-query.ts';
import { runMup, temporaryDirectory } from '../support/cli.ts';

const base = temporaryDirectory();
const hour = 3_600_000;

function stateWith(...entries: (readonly [facts: Partial<AuditFacts>, time: number])[]): string {
  const cwd = mkdtempSync(join(base(), 'case-'));
  mkdirSync(join(cwd, 'state', 'audit'), { recursive: true });
  const facts: AuditFacts = { user: 'anna', from: '192.0.2.1', operation: 'login', outcome: 'ok' };
  const lines = entries.map(([more, time]) => formatAuditEntry({ ...facts, ...more }, time));
  writeFileSync(join(cwd, 'state', 'audit', '0000000001.jsonl'), lines.join(''));
  return cwd;
}
const audit = (cwd: string, ...more: string[]) => runMup(['audit', '--state-dir', 'state', ...more], { cwd });
const operations = (json: string): string[] =>
  json
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).operation);

describe('the files of the audit log', () => {
  test('are as many as audit.maxFiles, of audit.maxFileBytes each', async () => {
    const stateDir = mkdtempSync(join(base(), 'case-'));
    const config = {
      ...defaultConfig,
      stateDir,
      audit: { ...defaultConfig.audit, maxFiles: 3, maxFileBytes: 400 },
    };
    const trail = await openAuditTrail(config, silentLogger);
    for (let i = 0; i < 50; i += 1)
      await trail.record({ user: `u${i}`, from: '192.0.2.1', operation: 'login', outcome: 'ok' });
    await trail.close();
    const files = readdirSync(join(stateDir, 'audit')).map((name) => join(stateDir, 'audit', name));
    expect(files.length).toBeLessThanOrEqual(3);
    expect(files.map((file) => statSync(file).size > 800)).toEqual(files.map(() => false));
    expect(files.map((file) => readFileSync(file, 'utf8')).join('')).toContain('"u49"');
  });
});

describe('mup audit', () => {
  test('is a table in the order of time, with all that is known', async () => {
    const cwd = stateWith(
      [{ operation: 'update-firmware', device: 'dev-1', job: '7', image: 'ab', manifest: 'cd' }, 2 * hour],
      [{ outcome: 'refused', code: 'login-refused', target: 'password' }, hour],
    );
    const { code, stdout, stderr } = await audit(cwd);
    expect([code, stderr]).toEqual([0, '']);
    const [heading = '', first = '', second = ''] = stdout.split('\n');
    expect(heading).toMatch(/^TIME +USER +FROM +OPERATION +OUTCOME +DEVICE +DETAILS$/);
    expect(first).toMatch(/^1970-01-01T01:.* anna +192\.0\.2\.1 +login +refused login-refused +- +password$/);
    expect(second).toMatch(/update-firmware +ok +dev-1 +job 7, image ab, manifest cd$/);
  });

  test('--device, --user and --since choose', async () => {
    const now = Date.now();
    const cwd = stateWith(
      [{ operation: 'old' }, now - 3 * hour],
      [{ operation: 'mine', device: 'dev-1' }, now - hour],
      [{ operation: 'other', user: 'bert' }, now],
    );
    expect(operations((await audit(cwd, '--json')).stdout)).toEqual(['old', 'mine', 'other']);
    expect(operations((await audit(cwd, '--json', '--since', '2h')).stdout)).toEqual(['mine', 'other']);
    expect(operations((await audit(cwd, '--json', '--device', 'dev-1')).stdout)).toEqual(['mine']);
    expect(operations((await audit(cwd, '--json', '--user', 'bert')).stdout)).toEqual(['other']);
    expect((await audit(cwd, '--user', 'nobody')).stdout).toBe('no entries\n');
  });

  test('--json says what peers chose as data: a line stays a line', async () => {
    const cwd = stateWith([{ target: 'a\u2028b\u202ec\u001b[2J\n' }, 0]);
    const { stdout } = await audit(cwd, '--json');
    expect(stdout.trimEnd()).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(JSON.parse(stdout).target).toBe('a\u2028b\u202ec\u001b[2J\n');
  });

  test('leaves out what is damaged and says so; a line that is still written is none', async () => {
    const cwd = stateWith([{}, 0]);
    appendFileSync(join(cwd, 'state', 'audit', '0000000001.jsonl'), 'damaged\n{"time":');
    const { stdout, stderr } = await audit(cwd, '--json');
    expect(operations(stdout)).toEqual(['login']);
    expect(stderr).toBe('mup: 1 lines of the audit log are damaged and left out\n');
  });

  test('of a bridge that has none is empty', async () => {
    const cwd = mkdtempSync(join(base(), 'case-'));
    expect((await audit(cwd)).stdout).toBe('no entries\n');
  });

  test('has what commands change without a bridge: images, users; and no password', async () => {
    const cwd = mkdtempSync(join(base(), 'case-'));
    writeFileSync(join(cwd, 'fw.bin'), 'firmware');
    await runMup(['keygen', 'vendor', '--out', 'vendor.pem'], { cwd });
    const sign = ['sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'a', '--new-version', '2'];
    await runMup(sign, { cwd });
    await runMup(['image', 'add', 'fw.bin', '--state-dir', 'state'], { cwd });
    const user = ['user', 'add', 'anna', '--password-stdin', '--state-dir', 'state'];
    expect((await runMup(user, { cwd, stdin: 'a password of hers\n' })).code).toBe(0);
    const { stdout } = await audit(cwd, '--json');
    const entries = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries[0]).toMatchObject({
      ...{ user: userInfo().username, from: 'command line', operation: 'image add', outcome: 'ok' },
      ...{
        image: expect.stringMatching(/^[0-9a-f]{64}$/),
        manifest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    const changed = entries.find(({ changes = [] }) => JSON.stringify(changes).includes('anna'));
    expect(changed).toMatchObject({ operation: 'config-change', from: 'command line' });
    expect(stdout).not.toContain('password of hers');
    expect(stdout).not.toContain('$scrypt$');
    const [digest = ''] = [entries[0].image];
    await runMup(['image', 'remove', digest, '--state-dir', 'state'], { cwd });
    expect(operations((await audit(cwd, '--json')).stdout).at(-1)).toBe('image remove');
    const file = join(cwd, 'state', 'audit', '0000000001.jsonl');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(true);
  });

  test('a log that cannot be written stops no command, which says so', async () => {
    const cwd = mkdtempSync(join(base(), 'case-'));
    writeFileSync(join(cwd, 'fw.bin'), 'firmware');
    await runMup(['keygen', 'vendor', '--out', 'vendor.pem'], { cwd });
    const sign = ['sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'a', '--new-version', '2'];
    await runMup(sign, { cwd });
    mkdirSync(join(cwd, 'state'));
    writeFileSync(join(cwd, 'state', 'audit'), 'a file');
    const { code, stderr } = await runMup(['image', 'add', 'fw.bin', '--state-dir', 'state'], { cwd });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^mup: the audit log cannot be written: /)]);
  });
});

describe('--since', () => {
  const now = Date.UTC(2026, 10, 22, 20);
  test.each([
    ['2026-11-22', Date.UTC(2026, 10, 22)],
    ['2026-11-22T20:00:00Z', now],
    ['30m', now - hour / 2],
    ['12h', now - 12 * hour],
    ['7d', now - 168 * hour],
  ])('%s is a moment', (text, expected) => {
    expect(sinceOption(text, now)).toBe(expected);
  });

  test.each(['yesterday', '', '2026-13-45', '12', '1y', '2026-11-22T'])('%j is none', (text) => {
    expect(() => sinceOption(text, now)).toThrow(UsageError);
  });
});
