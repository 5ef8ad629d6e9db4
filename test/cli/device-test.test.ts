import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type JudgedResult, junitXml, resultLines, summaryLine } from '../../src/cli/device-test-report.ts';
import { allChecks } from '../../src/kit/checks/all.ts';
import { readXml } from '../../src/xml/adapters/saxes-reader.ts';
import { attributeOf, childElements, textOf } from '../../src/xml/element.ts';
import { runMup, temporaryDirectory } from '../support/cli.ts';

const directory = temporaryDirectory();
const [one, other] = allChecks;
if (one === undefined || other === undefined) throw new Error('there are no checks');

const failed: JudgedResult = {
  check: one,
  outcome: 'failed',
  standing: 'failed',
  expected: '22_INVALID-NONCE',
  seen: '10_OK "]]>\u0000<x>',
  durationMs: 1234,
};
const results: readonly JudgedResult[] = [
  failed,
  { check: other, outcome: 'passed', standing: 'passed', durationMs: 10 },
  { check: other, outcome: 'passed', standing: 'unexpected-pass', durationMs: 10 },
  { ...failed, standing: 'expected-failure' },
  { check: other, outcome: 'error', standing: 'error', reason: 'the device answers no more', durationMs: 0 },
];

describe('mup device-test', () => {
  const bench = ['device-test', '--uuid', 'D-1', '--vendor-key', 'vendor.pem'];

  test('tells of a broker that cannot be reached without the login in its URL', async () => {
    await runMup(['keygen', 'vendor', '--out', 'vendor.pem'], { cwd: directory() });
    const env = { MUP_MQTT_URL: 'mqtt://kit:secret@127.0.0.1:1', MUP_MQTT_CONNECT_TIMEOUT_MS: '1' };
    const { code, stderr } = await runMup(bench, { cwd: directory(), env });
    expect([code, stderr]).toEqual([1, expect.stringContaining('(mqtt://127.0.0.1:1)')]);
    expect(stderr).not.toContain('secret');
  });

  test('refuses expected failures that are no text', async () => {
    await writeFile(join(directory(), 'latin1.txt'), Uint8Array.of(0xe4, 0x0a));
    const argv = [...bench, '--expected-failures', 'latin1.txt', '--mqtt-url', 'mqtt://127.0.0.1:1'];
    const { code, stderr } = await runMup(argv, { cwd: directory() });
    expect([code, stderr]).toEqual([2, 'mup: latin1.txt is not UTF-8 (--expected-failures).\n']);
  });

  test('--list names every check, for people and for programs, and needs no device', async () => {
    const text = await runMup(['device-test', '--list'], { cwd: directory() });
    const json = await runMup(['device-test', '--list', '--json'], { cwd: directory() });
    expect([text.code, json.code]).toEqual([0, 0]);
    const listed: readonly { id: string; title: string }[] = JSON.parse(json.stdout);
    expect(listed.map(({ id }) => id)).toEqual(allChecks.map(({ id }) => id));
    for (const { id } of listed) expect(text.stdout).toMatch(new RegExp(`^${id} .*`, 'm'));
    for (const { title } of listed) expect(text.stdout).toContain(title);
  });

  test('--only narrows the list', async () => {
    const { stdout } = await runMup(['device-test', '--list', '--json', '--only', 'keys/*'], {
      cwd: directory(),
    });
    const listed: readonly { id: string }[] = JSON.parse(stdout);
    expect(listed.length).toBeGreaterThan(3);
    expect(listed.every(({ id }) => id.startsWith('keys/'))).toBe(true);
  });

  test.each<[string, readonly string[], string]>([
    ['no device', [], 'option --uuid is missing'],
    ['no key', ['--uuid', 'A-1'], 'option --vendor-key is missing'],
    ['no broker', ['--uuid', 'A-1', '--vendor-key', 'v.pem'], 'no broker is named'],
    ['no such check', ['--only', 'keys/none'], 'no check is called "keys/none"'],
  ])('%s is wrong usage', async (_, options, message) => {
    const { code, stderr } = await runMup(['device-test', ...options], { cwd: directory() });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('an expected failure that is no check is refused before the broker is asked', async () => {
    await writeFile(join(directory(), 'expected.txt'), 'token/none\n');
    const { code, stderr } = await runMup(
      [
        ...['device-test', '--uuid', 'A-1', '--vendor-key', 'v.pem', '--mqtt-url', 'mqtt://127.0.0.1:1'],
        ...['--expected-failures', 'expected.txt'],
      ],
      { cwd: directory() },
    );
    expect(code).toBe(2);
    expect(stderr).toContain('"token/none" is no check');
  });
});

describe('the report', () => {
  test('for people says the rule, what was expected and what was seen', () => {
    expect(resultLines(failed)).toEqual([
      `FAILED  ${one.id}  (1.23 s)`,
      `    rule:     ${one.title} (${one.section}; ${one.severity})`,
      '    expected: 22_INVALID-NONCE',
      `    seen:     ${failed.seen}`,
    ]);
    expect(summaryLine(results, 2478)).toBe(
      '5 checks in 2.5 s: 1 failed, 1 passed, 1 unexpected-pass, 1 expected-failure, 1 error',
    );
  });

  test('as JUnit XML counts what its test cases say, whatever a device has said', () => {
    const limits = { maxDepth: 8, maxAttributes: 16, maxElements: 1000, maxBytes: 2 ** 20 };
    const root = readXml(junitXml('A-1', results), limits);
    const counts = ['tests', 'failures', 'errors', 'skipped'].map((name) => attributeOf(root, name));
    expect(counts).toEqual(['5', '2', '1', '1']);
    const cases = childElements(root).flatMap(childElements);
    expect(cases.map((found) => childElements(found).map(({ name }) => name))).toEqual([
      ['failure'],
      [],
      ['failure'],
      ['skipped'],
      ['error'],
    ]);
    const [failure] = cases.flatMap(childElements);
    if (failure === undefined) throw new Error('there is no failure');
    expect(attributeOf(failure, 'message')).toContain('expected 22_INVALID-NONCE; seen: 10_OK "]]>');
    expect(textOf(failure)).toContain(one.title);
  });
});
