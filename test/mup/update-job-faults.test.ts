import { describe, expect, test } from '@jest/globals';
import { newUpdateJob, transition } from '../../src/mup/update-job.ts';
import type { UpdateEvent, UpdateJob } from '../../src/mup/update-job-types.ts';
import { at, offline, online, Run } from './job-steps.ts';
import { jobLimits as limits, token } from './samples.ts';

const lost: UpdateEvent = { type: 'connection-lost' };
const kept = (version?: number): UpdateEvent => ({ type: 'device-online', version, retained: true });
const noAnswer = {
  type: 'request-failed',
  code: 'device-timeout',
  text: 'no answer',
  transient: true,
} as const;
const refused = (state: '11_NOOP' | '22_INVALID-NONCE' | '26_SAVESLOT-IN-USE' | '28_IMAGE-INVALID') =>
  ({ type: 'refused', state }) as const;
const says = (version: number) => ({ type: 'token-received', token: { ...token, version } }) as const;

describe('presence that somebody else has said', () => {
  test('the new version before the device has verified anything is no success: it is asked', () => {
    const run = at('verifying').raw(online(2));
    expect([run.job.state, run.did]).toEqual(['verifying', []]);
    run.feed({ type: 'verified' });
    expect([run.job.state, run.did]).toEqual(['restarting', ['request-token']]);
    expect(run.feed(says(1)).job.state).toBe('restarting');
    expect(run.raw(online(2)).job.state).toBe('succeeded');
  });

  test('an image that the device refuses fails, whatever version was said meanwhile', () => {
    const { job } = at('verifying').raw(online(2)).feed(refused('28_IMAGE-INVALID'));
    expect(job).toMatchObject({ state: 'failed', ending: { code: '28_IMAGE-INVALID' } });
  });

  test('a device that seems to come back with the new version is asked, and else owes the answer to FIN', () => {
    const run = at('verifying').raw(offline).raw(online(2));
    expect([run.job.state, run.did]).toEqual(['restarting', ['request-token']]);
    expect(run.feed(says(1)).did).toEqual(['request-verification']);
    expect(run.job.state).toBe('verifying');
  });

  test('saying it again and again buys no time, and does not disturb the question', () => {
    const run = at('verifying').raw(offline).raw(online(2));
    const { deadline, attempt } = run.job;
    run.now += 10;
    run.raw(online(2)).raw(online(2));
    expect(run.job).toMatchObject({ deadline, attempt });
    expect(run.feed(says(2)).job.state).toBe('succeeded');
  });
});

describe('an image that the device has not got whole', () => {
  const invalid = refused('28_IMAGE-INVALID');
  const finished = { type: 'transfer-finished' } as const;

  test('after a transfer that it was lost in: another round, three at most', () => {
    const run = at('transferring').raw(offline).raw(online(1)).feed(finished).feed(invalid);
    expect(run.job).toMatchObject({ state: 'requesting-token', round: 2, offset: 0 });
    for (const round of [3, 4]) {
      run.feed({ type: 'token-received', token }).feed({ type: 'manifest-accepted' });
      run.raw(offline).raw(online(1)).feed(finished).feed(invalid);
      expect(run.job.state).toBe(round > limits.maxRounds ? 'failed' : 'requesting-token');
    }
    expect(run.job.ending?.code).toBe('28_IMAGE-INVALID');
  });

  test('after a transfer in one go: it fails, also where an earlier round was interrupted', () => {
    const run = at('transferring').raw(offline).raw(online(1)).feed(finished).feed(invalid);
    run.feed({ type: 'token-received', token }).feed({ type: 'manifest-accepted' });
    expect(run.feed(finished).feed(invalid).job.ending?.code).toBe('28_IMAGE-INVALID');
  });
});

describe('an answer that was lost', () => {
  test('to FIN, and the device restarts at once: the version that it runs is asked for', () => {
    const run = at('verifying').raw(offline).raw(online(2)).feed(says(2));
    expect(run.job.state).toBe('succeeded');
  });

  test.each(['11_NOOP', '28_IMAGE-INVALID'] as const)(
    'to FIN, and %s to the second: what the device reports tells, and else that is the reason',
    (state) => {
      const run = at('verifying').feed(noAnswer).feed(refused(state));
      expect([run.job.state, run.did]).toEqual(['restarting', []]);
      run.raw(online(2));
      expect([run.job.state, run.did]).toEqual(['restarting', ['request-token']]);
      expect(run.feed(says(2)).job.state).toBe('succeeded');
      const again = at('verifying').feed(noAnswer).feed(refused(state)).raw(online(1)).expire();
      expect(again.job).toMatchObject({ state: 'requesting-token', round: 2, offset: 0 });
      expect(again.feed(says(2)).job.state).toBe('succeeded');
    },
  );

  test('FIN is asked for twice within the time of the step', () => {
    const run = at('verifying');
    run.now += limits.verifyDeadlineMs;
    expect(run.feed(noAnswer).did).toEqual(['request-verification']);
    expect(run.now + limits.verifyDeadlineMs).toBe(run.job.deadline);
  });

  test('to a manifest: another round, three at most, with longer and longer pauses', () => {
    const run = at('sending-manifest').expire();
    expect(run.did).toEqual(['cancel-device', 'request-token']);
    expect(run.effects[1]).toMatchObject({ afterMs: limits.retryMinMs });
    run.feed({ type: 'token-received', token }).feed(refused('26_SAVESLOT-IN-USE'));
    expect(run.effects[1]).toMatchObject({ afterMs: 2 * limits.retryMinMs });
    run.feed({ type: 'token-received', token }).feed(refused('22_INVALID-NONCE'));
    expect(run.job).toMatchObject({ state: 'failed', ending: { code: '22_INVALID-NONCE' } });
  });

  test('to the question which version runs: it is asked again while the restart is awaited', () => {
    const run = at('verifying').raw(offline).raw(online(2)).feed(noAnswer);
    expect([run.job.state, run.did]).toEqual(['restarting', ['request-token']]);
    expect(run.expire().job).toMatchObject({ state: 'requesting-token', round: 2 });
  });

  test('pauses between requests grow, up to the longest', () => {
    const run = at('requesting-token');
    const pauses = Array.from({ length: 5 }, () => run.feed(noAnswer).effects[0]);
    expect(pauses).toMatchObject([10, 20, 40, 50, 50].map((afterMs) => ({ afterMs })));
    expect(run.raw(offline).raw(online(1)).effects).toMatchObject([{ afterMs: 0 }]);
  });
});

describe('a device that was lost, which nobody has noticed yet', () => {
  test.each(['requesting-token', 'transferring', 'verifying'] as const)(
    'while %s: the update begins again, and waits once it is known',
    (step) => {
      const run = at(step).expire();
      expect(run.job).toMatchObject({ state: 'requesting-token', round: 2 });
      expect(run.raw(offline).job.state).toBe('waiting-for-device');
      expect(run.raw(online(1)).did).toEqual(['request-token']);
    },
  );
});

describe('a device of which nothing is known', () => {
  const unknown = (): Run => new Run().feed({ type: 'start', presence: 'unknown' });

  test('is asked, and waited for when it does not answer', () => {
    const run = unknown();
    expect(run.did).toEqual(['request-token']);
    expect(run.expire().job).toMatchObject({ state: 'waiting-for-device', step: 'requesting-token' });
    expect(run.expire().job.ending?.code).toBe('device-offline');
  });

  test('that answers is held to its deadlines', () => {
    const run = unknown().feed({ type: 'token-received', token }).expire();
    expect(run.job).toMatchObject({ state: 'requesting-token', round: 2 });
    expect(run.expire().expire().job.ending?.code).toBe('token-timeout');
  });

  test('what the broker kept of it over a restart is no proof that it is there', () => {
    const stale = at('transferring').raw(lost).raw(kept(1));
    expect([stale.job.state, stale.did]).toEqual(['transferring', ['start-transfer']]);
    stale.feed({ type: 'transfer-failed', code: 'transfer-stalled', text: 'stalled' });
    expect(stale.job).toMatchObject({ state: 'waiting-for-device', round: 1 });
    expect(stale.raw(online(1)).job).toMatchObject({ state: 'transferring', unheard: false });
    const live = at('transferring').raw(lost).raw(kept(1)).feed({ type: 'transfer-progress', offset: 1 });
    expect(live.expire().job).toMatchObject({ state: 'requesting-token', round: 2 });
  });

  test('the broker keeps what was said before the bridge was away: a restarted device is asked', () => {
    const run = at('restarting').raw(lost).raw(kept(1));
    expect([run.job.state, run.did]).toEqual(['restarting', ['request-token']]);
    expect(run.feed(says(1)).expire().job.ending?.code).toBe('version-not-installed');
    expect(at('restarting').raw(lost).raw(kept(1)).feed(says(2)).job.state).toBe('succeeded');
    expect(at('restarting').raw(lost).raw(kept(2)).job.state).toBe('succeeded');
  });
});

describe('a device that is there for seconds at a time', () => {
  /** Wakes and sleeps again, having taken `octets` more. */
  const wake = (run: Run, octets: number): Run => {
    run.raw(online(1));
    if (octets > 0) run.feed({ type: 'transfer-progress', offset: run.job.offset + octets });
    return run.raw(offline);
  };

  test('takes a part of the image each time', () => {
    const run = at('transferring').raw(offline);
    for (let wakes = 1; wakes <= 10; wakes += 1) {
      run.now += limits.offlineDeadlineMs - 1;
      expect(wake(run, 10).job).toMatchObject({ state: 'waiting-for-device', offset: 10 * wakes });
    }
  });

  test('and has forgotten the transfer: it begins again after some wakes in vain', () => {
    const run = at('transferring').raw(offline);
    for (let wakes = 0; wakes < 3; wakes += 1) expect(wake(run, 0).job.step).toBe('transferring');
    run.raw(online(1));
    expect(run.job).toMatchObject({ state: 'requesting-token', round: 2 });
    expect(run.did).toEqual(['cancel-device', 'request-token']);
  });
});

describe('the wall clock', () => {
  const day = 86_400_000;

  test.each([30 * day, -30 * day])('set by %d ms changes what is left of no deadline', (by) => {
    for (const run of [at('transferring'), at('verifying').raw(offline), at('restarting')]) {
      const left = (run.job.deadline ?? 0) - run.now;
      run.now += by;
      run.raw({ type: 'clock-stepped', by });
      expect((run.job.deadline ?? 0) - run.now).toBe(left);
      expect(run.raw({ type: 'deadline' }).job.ending).toBeUndefined();
      run.now += left;
      expect(run.raw({ type: 'deadline' }).job.state).not.toBe(at('transferring').job.state);
    }
  });
});

describe('the job as a whole', () => {
  test('ends, whatever progress it makes', () => {
    const run = at('transferring');
    for (let offset = 1; run.job.state === 'transferring'; offset += 1) {
      run.feed({ type: 'transfer-progress', offset });
      expect(run.job.deadline).toBeLessThanOrEqual(1000 + limits.jobDeadlineMs);
      run.now = Math.min(run.now + 999, run.job.deadline ?? 0);
      if (run.now === run.job.deadline) run.raw({ type: 'deadline' });
    }
    expect(run.job).toMatchObject({ state: 'failed', ending: { code: 'job-timeout' } });
  });

  test('of an earlier version, stored with less, goes on', () => {
    const { endsAt: _end, unheard: _unheard, ...old } = at('transferring').job;
    const stored: UpdateJob = JSON.parse(JSON.stringify(old));
    const waiting = transition(stored, lost, 2000, limits).job;
    expect(waiting).toMatchObject({ state: 'waiting-for-device', deadline: 12_000 });
    expect(transition(waiting, online(1), 2000, limits).job.state).toBe('transferring');
  });

  test('that could not be stored until its deadline says so', () => {
    const { job } = at('requesting-token').raw({ type: 'store-failed', text: 'the disk is full' });
    expect(job).toMatchObject({
      state: 'failed',
      ending: { code: 'store-failed', text: 'the disk is full' },
    });
  });

  test('has the time of its order, and no more', () => {
    const { job } = at('requesting-token');
    const fresh = newUpdateJob(job, 5000, { ...limits, jobDeadlineMs: 10 });
    expect([fresh.deadline, fresh.endsAt]).toEqual([5010, 5010]);
  });
});
