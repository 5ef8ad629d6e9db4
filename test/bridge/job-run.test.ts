import { describe, expect, test } from '@jest/globals';
import { deferred } from '../../src/base/deferred.ts';
import { SettableClock } from '../support/settable-clock.ts';
import { until } from './bench-bridge.ts';
import { full, limits, RunBench, token } from './job-run-bench.ts';

const day = 86_400_000;

describe('the run of one update job', () => {
  test('whoever floods the status topic of a device makes no work pile up, and the newest report counts', async () => {
    const disk = deferred();
    const bench = new RunBench();
    bench.disk = () => disk.promise;
    const { run } = bench;
    const started = run.start('offline');
    for (let i = 0; i < 10_000; i += 1) run.heard(i % 2 === 0 ? 'online' : 'offline', 1);
    disk.resolve();
    await started;
    // Taken after all that came before it, and changes nothing.
    await run.start('online');
    await run.close();
    expect(bench.writes).toBeLessThan(20);
    expect(bench.job.state).toBe('waiting-for-device');
  });

  test('a bug in what an event sets off is logged, and neither ends the bridge nor those behind it', async () => {
    const { run, logger } = new RunBench({
      onEnd: () => {
        throw new TypeError('a bug');
      },
    });
    await run.start('offline');
    await run.cancel();
    await run.cancel();
    expect(run.record.job.state).toBe('cancelled');
    expect(logger.messages('error')).toEqual(['an event of an update failed']);
  });

  test('a request is repeated after a pause of which half is left to chance', async () => {
    const bench = new RunBench();
    await bench.run.start('online');
    bench.answer({ type: 'request-failed', code: 'device-timeout', text: '', transient: true });
    await until(() => bench.job.attempt === 2);
    bench.clock.advance(limits.retryMinMs - 1);
    expect(bench.asked).toHaveLength(1);
    bench.clock.advance(1);
    expect(bench.asked).toHaveLength(2);
    const early = new RunBench({ random: (length) => new Uint8Array(length) });
    await early.run.start('online');
    early.answer({ type: 'request-failed', code: 'device-timeout', text: '', transient: true });
    await until(() => early.job.attempt === 2);
    early.clock.advance(limits.retryMinMs / 2);
    expect(early.asked).toHaveLength(2);
  });

  test('an order to a bridge that is ending is refused, and so is a cancellation: neither would be on disk', async () => {
    const bench = new RunBench();
    await bench.run.start('offline');
    await bench.run.close();
    await expect(bench.run.cancel()).rejects.toMatchObject({ code: 'store-failed' });
    const late = new RunBench();
    await late.run.close();
    await expect(late.run.start('online')).rejects.toMatchObject({ code: 'store-failed' });
    expect([bench.stored?.state, late.stored?.state]).toEqual(['waiting-for-device', undefined]);
  });
});

describe('a disk that is full', () => {
  test('refuses an order; nothing was asked of the device, and nothing told', async () => {
    const bench = new RunBench();
    bench.disk = () => Promise.reject(full);
    await expect(bench.run.start('online')).rejects.toMatchObject({ code: 'store-failed' });
    expect(bench.done).toEqual([]);
    expect(bench.job.state).toBe('queued');
  });

  test('holds a job where it is, until it takes the next state: then it goes on', async () => {
    const bench = new RunBench();
    await bench.run.start('online');
    bench.disk = () => Promise.reject(full);
    bench.answer({ type: 'token-received', token });
    await until(() => bench.writes === 2);
    await bench.pass(() => bench.writes >= 5);
    expect(bench.job.state).toBe('requesting-token');
    expect(bench.done).toEqual(['requesting-token', 'request-token']);
    bench.disk = () => {};
    await bench.pass(() => bench.job.state === 'sending-manifest');
    expect(bench.stored?.state).toBe('sending-manifest');
    expect(bench.done.slice(2)).toEqual(['sending-manifest', 'send-manifest']);
    expect(bench.logger.messages('error')).toContain('an update job was not stored');
  });

  test('for longer than the deadline fails the job, by name, as soon as that can be written', async () => {
    const bench = new RunBench();
    await bench.run.start('online');
    bench.disk = () => Promise.reject(full);
    bench.answer({ type: 'token-received', token });
    await until(() => bench.writes === 2);
    bench.clock.advance(limits.tokenDeadlineMs);
    await bench.pass(() => bench.writes > 10);
    expect(bench.done).toEqual(['requesting-token', 'request-token']);
    bench.disk = () => {};
    await bench.pass(() => bench.job.state === 'failed');
    expect(bench.job.ending).toMatchObject({
      code: 'store-failed',
      text: expect.stringContaining('ENOSPC'),
    });
    expect(bench.stored).toMatchObject({ state: 'failed' });
    expect(bench.done.slice(2)).toEqual(['failed', 'ended']);
  });

  test('makes no failure of a success', async () => {
    const bench = new RunBench();
    await bench.run.start('online');
    bench.answer({ type: 'token-received', token });
    await until(() => bench.asked.length === 2);
    for (const type of ['manifest-accepted', 'transfer-finished', 'verified'] as const) {
      const { attempt } = bench.job;
      bench.answer({ type });
      await until(() => bench.job.attempt > attempt);
    }
    bench.disk = () => Promise.reject(full);
    bench.run.heard('online', 2);
    await bench.pass(() => bench.writes > 12);
    bench.disk = () => {};
    await bench.pass(() => bench.job.state !== 'restarting');
    expect(bench.job.state).toBe('succeeded');
  });

  test('refuses a cancel at once; the job goes on', async () => {
    const bench = new RunBench();
    await bench.run.start('online');
    bench.disk = () => Promise.reject(full);
    await expect(bench.run.cancel()).rejects.toMatchObject({ code: 'store-failed' });
    bench.run.heard('offline');
    await until(() => bench.writes === 3);
    await expect(bench.run.cancel()).rejects.toMatchObject({ code: 'store-failed' });
    expect(bench.done).toEqual(['requesting-token', 'request-token']);
  });

  test('does not keep the bridge from ending', async () => {
    const bench = new RunBench();
    await bench.run.start('online');
    bench.disk = () => Promise.reject(full);
    bench.run.heard('offline');
    await until(() => bench.writes === 2);
    await bench.run.close();
    expect(bench.stored?.state).toBe('requesting-token');
    expect(bench.clock.pending).toBe(0);
  });
});

describe('a wall clock that is set', () => {
  test.each([5 * day, -5 * day])('by %d ms makes no deadline fire early or late', async (by) => {
    const bench = new RunBench();
    await bench.run.start('offline');
    bench.clock.set(by);
    bench.clock.advance(limits.offlineDeadlineMs - 1);
    bench.run.heard('offline');
    await until(() => bench.writes > 1);
    expect(bench.job.state).toBe('waiting-for-device');
    bench.clock.advance(1);
    await bench.pass(() => bench.job.state === 'failed');
    expect(bench.job.ending?.code).toBe('device-offline');
  });

  test('the times on disk are those of the clock as it is now', async () => {
    const bench = new RunBench();
    await bench.run.start('offline');
    const before = bench.stored?.deadline ?? 0;
    bench.clock.set(5 * day);
    bench.run.checkClock();
    await until(() => bench.writes === 2);
    expect(bench.stored?.deadline).toBe(before + 5 * day);
    bench.run.checkClock();
    await bench.run.close();
    expect(bench.writes).toBe(2);
  });

  test('back while the bridge was away leaves a job no more time than it had', async () => {
    const before = new RunBench();
    await before.run.start('offline');
    const clock = new SettableClock();
    clock.set(-5 * day);
    const resumed = new RunBench({ clock }, before.stored);
    resumed.run.resume();
    await until(() => resumed.writes === 1);
    expect(resumed.job.deadline).toBe(clock.now() + limits.offlineDeadlineMs);
    await resumed.run.close();
  });
});
