import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deferred } from '../../src/base/deferred.ts';
import { type AuditFacts, formatAuditEntry, parseAuditEntry } from '../../src/bridge/audit-entry.ts';
import { type AuditLog, AuditTrail } from '../../src/bridge/audit-trail.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const facts: AuditFacts = { user: 'anna', from: '192.0.2.1', operation: 'cancel-update', outcome: 'ok' };

function trail(append: AuditLog['append'], limits = { maxFileBytes: 65_536, maxRefusalsPerMinute: 3 }) {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  return { trail: new AuditTrail({ log: { append }, limits, clock, logger }), clock, logger };
}

function memory(): { readonly lines: string[]; readonly append: AuditLog['append'] } {
  const lines: string[] = [];
  return { lines, append: async (text) => void lines.push(...text.trimEnd().split('\n')) };
}

describe('a line of the audit log', () => {
  test('is one line of printable JSON, whatever peers put into the texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const line = formatAuditEntry({ ...facts, user: text, device: text, changes: [text] }, 0);
        expect(line.endsWith('\n')).toBe(true);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        expect(parseAuditEntry(line)).toMatchObject({
          time: '1970-01-01T00:00:00.000Z',
          user: text,
          operation: 'cancel-update',
        });
      }),
    );
  });

  test('is bounded, and names what it was about', () => {
    const long = { ...facts, target: 'x'.repeat(10_000), changes: Array(1000).fill('create /mup:users') };
    const entry = parseAuditEntry(formatAuditEntry(long, 0, 7));
    expect(entry?.target).toHaveLength(257);
    expect(entry?.changes).toEqual(Array(100).fill('create /mup:users'));
    expect(entry?.unwritten).toBe(7);
  });

  test('is not what is damaged, or of another kind', () => {
    const good = formatAuditEntry(facts, 0);
    for (const bad of ['', '{}', '[]', 'null', good.slice(0, -5), '{"time":1}', good.replace('"anna"', '1')])
      expect(parseAuditEntry(bad)).toBeUndefined();
  });
});

describe('the audit trail', () => {
  test('has written an entry when it resolves, in order, those that waited together', async () => {
    const disk = deferred();
    const calls: string[] = [];
    const { trail: audit } = trail(async (text) => {
      calls.push(text);
      await disk.promise;
    });
    const jobs = ['1', '2', '3'].map((job) => audit.record({ ...facts, job }));
    disk.resolve();
    await Promise.all(jobs);
    expect(calls.map((text) => text.trimEnd().split('\n').length)).toEqual([1, 2]);
    expect(calls.join('').match(/"job":"\d"/g)).toEqual(['"job":"1"', '"job":"2"', '"job":"3"']);
  });

  test('a disk that fails is an error in the log, once, and stops nothing; its end is told too', async () => {
    const kept = memory();
    let full = true;
    const { trail: audit, logger } = trail(async (text) => {
      if (full) throw new Error('ENOSPC');
      await kept.append(text);
    });
    await audit.record(facts);
    await audit.record(facts);
    full = false;
    await audit.record({ ...facts, job: 'after' });
    expect(logger.messages('error')).toEqual(['the audit log cannot be written']);
    expect(logger.lines.at(-1)).toMatchObject({
      message: 'the audit log is written again',
      fields: { lost: 2 },
    });
    expect(kept.lines).toHaveLength(1);
  });

  test('a disk that hangs holds nobody up for long, and what waits for it is bounded', async () => {
    const { trail: audit, clock, logger } = trail(() => new Promise(() => {}));
    const waiting = audit.record(facts);
    const settled = audit.settled();
    clock.advance(1000);
    await Promise.all([waiting, settled]);
    for (let i = 0; i < 2000; i += 1) void audit.record(facts);
    clock.advance(1000);
    await audit.record(facts);
    expect(logger.messages('error')).toEqual(['the audit log cannot be written']);
  });

  test('whoever is refused all the time pushes nothing out: more refusals are counted', async () => {
    const { lines, append } = memory();
    const { trail: audit, clock } = trail(append);
    for (let i = 0; i < 100; i += 1)
      await audit.record({ ...facts, outcome: 'refused', code: 'access-denied' });
    expect(lines).toHaveLength(3);
    await audit.record(facts);
    expect(parseAuditEntry(lines[3] ?? '')).toMatchObject({ outcome: 'ok', unwritten: 97 });
    clock.advance(60_000);
    await audit.record({ ...facts, outcome: 'refused' });
    expect(parseAuditEntry(lines[4] ?? '')?.unwritten).toBeUndefined();
  });

  test('refusals that were counted are told with the next entry that the disk takes', async () => {
    const disk = deferred();
    const kept = memory();
    const { trail: audit, logger } = trail(
      async (text) => {
        await disk.promise;
        await kept.append(text);
      },
      { maxFileBytes: 100, maxRefusalsPerMinute: 1 },
    );
    // The first is being written, the second waits, and there is no room for more.
    const writing = [audit.record(facts), audit.record(facts)];
    for (let i = 0; i < 5; i += 1) await audit.record({ ...facts, outcome: 'refused' });
    await audit.record(facts);
    disk.resolve();
    await Promise.all(writing);
    await audit.record({ ...facts, job: 'after' });
    expect(kept.lines.map((line) => parseAuditEntry(line)?.unwritten)).toEqual([undefined, undefined, 4]);
    expect(logger.lines.at(-1)).toMatchObject({ fields: { lost: 2 } });
  });

  test('closes when all is written', async () => {
    const disk = deferred();
    const { trail: audit } = trail(() => disk.promise);
    await audit.settled();
    void audit.record(facts);
    let closed = false;
    const closing = audit.close().then(() => {
      closed = true;
    });
    await Promise.resolve();
    expect(closed).toBe(false);
    disk.resolve();
    await closing;
  });
});
