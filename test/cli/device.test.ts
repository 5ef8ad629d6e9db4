import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Operation } from '../../src/base/description.ts';
import { digest } from '../../src/base/ids.ts';
import { eventLine, eventObject } from '../../src/cli/device-report.ts';
import type { DeviceEvent } from '../../src/device/events.ts';
import { runMup, temporaryDirectory } from '../support/cli.ts';

const operation: Operation = {
  name: 'setColour',
  role: 'generic',
  mqttMethod: 'SET',
  topic: 't',
  answerTopic: 'a',
  inputs: [],
  outputs: [],
  states: [],
};
const image = digest('a'.repeat(64));

const events: readonly DeviceEvent[] = [
  { kind: 'registered' },
  { kind: 'registration-refused', code: 'bad', text: 'why' },
  { kind: 'registration-pending', text: 'why' },
  { kind: 'server-key-taken', epoch: 3 },
  { kind: 'server-key-refused', reason: 'why' },
  { kind: 'request', operation, inputs: ['1', '2'], state: '10_OK' },
  { kind: 'state-changed', operation, inputs: ['1', '2'] },
  { kind: 'token-issued', nonce: '00', version: 1 },
  { kind: 'manifest-accepted', digest: image, newVersion: 2 },
  { kind: 'manifest-refused', state: '22_INVALID-NONCE' },
  { kind: 'slice', offset: 0, length: 600, taken: true, expected: 600 },
  { kind: 'image-verified', digest: image, newVersion: 2 },
  { kind: 'image-refused', reason: 'why' },
  { kind: 'transfer-abandoned', reason: 'why' },
  { kind: 'transfer-resumed', offset: 600 },
  { kind: 'restarting', version: 2 },
  { kind: 'restarted', version: 2 },
];

describe('events of a device', () => {
  test('are objects for programs, with their kind and the operation by name', () => {
    for (const event of events) {
      const object = JSON.parse(JSON.stringify(eventObject(event)));
      expect(object.event).toBe(event.kind);
      if ('operation' in event) expect(object.operation).toBe('setColour');
      for (const [name, value] of Object.entries(event))
        if (name !== 'kind' && name !== 'operation') expect(object[name]).toEqual(value);
    }
  });

  test('are lines for people, but for slices and the second word on a request', () => {
    const silent = events.filter((event) => eventLine(event) === undefined).map(({ kind }) => kind);
    expect(silent).toEqual(['state-changed', 'slice']);
    const lines = events.map(eventLine);
    expect(lines).toContain('setColour(1, 2) answered 10_OK');
    expect(lines).toContain('manifest refused: 22_INVALID-NONCE');
  });

  test('show of what somebody at the broker has sent the beginning alone', () => {
    const long = 'x'.repeat(1_000_000);
    const shown = `${'x'.repeat(200)}…`;
    expect(eventLine({ kind: 'request', operation, inputs: [long, long], state: '12_ERROR' })).toBe(
      `setColour(${shown}) answered 12_ERROR`,
    );
    expect(eventLine({ kind: 'registration-refused', code: 'bad', text: long })).toBe(
      `registration refused: bad ${shown}`,
    );
  });
});

describe('mup device on the command line', () => {
  const base = temporaryDirectory();
  const good = ['--description', 'd.jsonld', '--uuid', 'ABC-1', '--state-dir', 'device'];
  const url = ['--mqtt-url', 'mqtt://127.0.0.1:1'];

  test.each([
    [good, '--mqtt-url'],
    [[...good, '--mqtt-url', 'http://127.0.0.1'], '--mqtt-url'],
    [[...good, ...url, '--uuid', 'a/b'], '--uuid'],
    [[...good, ...url, '--app-id', 'a;b'], '--app-id'],
    [[...good, ...url, '--firmware-version', '-1'], '--firmware-version'],
    [[...good, ...url, '--slot-bytes', '0'], '--slot-bytes'],
    [[...good, ...url, '--piece-bytes', '0'], '--piece-bytes'],
    [[...good, ...url, '--telemetry-interval-ms', 'x'], '--telemetry-interval-ms'],
    [[...good, ...url, '--vendor-key', 'none.pem'], 'none.pem'],
    [[...good, ...url, '--description', 'none.jsonld'], 'none.jsonld'],
    [[...good, ...url, '--log-level', 'loud'], '--log-level'],
    [good.slice(0, 4), '--state-dir is missing'],
  ])('%j: the mistake is named, exit code 2, and no state is made', async (argv, what) => {
    const cwd = mkdtempSync(join(base(), 'case-'));
    writeFileSync(join(cwd, 'd.jsonld'), '{}');
    const { code, stdout, stderr } = await runMup(['device', ...argv], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^mup: [^\n]*\n$/);
    expect(stderr).toContain(what);
    expect(readdirSync(cwd)).toEqual(['d.jsonld']);
  });
});
