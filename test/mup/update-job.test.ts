import { describe, expect, test } from '@jest/globals';
import { at, offline, online, Run } from './job-steps.ts';
import { jobLimits as limits, token } from './samples.ts';

const failedRequest = { type: 'request-failed', code: 'device-timeout', text: 'no answer' } as const;
const transient = { ...failedRequest, transient: true };

describe('an update job (mup-protocol §4)', () => {
  test('goes through its states in order and asks for each step', () => {
    const run = new Run();
    expect(run.job.state).toBe('queued');
    run.feed({ type: 'start', presence: 'online' });
    expect(run.effects).toEqual([{ type: 'request-token', attempt: 1, afterMs: 0 }]);
    run.feed({ type: 'token-received', token });
    expect(run.effects).toEqual([{ type: 'send-manifest', attempt: 2, token }]);
    run.feed({ type: 'manifest-accepted' });
    expect(run.effects).toEqual([{ type: 'start-transfer', attempt: 3, offset: 0 }]);
    run.feed({ type: 'transfer-progress', offset: 600 });
    expect([run.job.state, run.job.offset, run.did]).toEqual(['transferring', 600, []]);
    run.feed({ type: 'transfer-finished' });
    expect(run.effects).toEqual([{ type: 'request-verification', attempt: 4, afterMs: 0 }]);
    expect(run.job.offset).toBe(1000);
    run.feed({ type: 'verified' });
    expect([run.job.state, run.did]).toEqual(['restarting', []]);
    run.raw(offline).raw(online(2));
    expect([run.job.state, run.job.deadline, run.did]).toEqual(['succeeded', undefined, []]);
  });

  test('every state gives up at its deadline, with a code of its own, and not before', () => {
    const outcomes = [new Run(), ...(['requesting-token', 'transferring'] as const).map((step) => at(step))]
      .concat([at('verifying'), at('restarting'), at('verifying').raw(offline)])
      .map((run) => {
        run.job = { ...run.job, round: limits.maxRounds };
        const { deadline = 0 } = run.job;
        run.now = deadline - 1;
        expect(run.feed({ type: 'deadline' }).job.ending).toBeUndefined();
        run.expire();
        return [run.job.state, run.job.ending?.code];
      });
    expect(outcomes).toEqual([
      ['failed', 'queue-timeout'],
      ['failed', 'token-timeout'],
      ['failed', 'transfer-stalled'],
      ['failed', 'verify-timeout'],
      ['failed', 'restart-timeout'],
      ['failed', 'device-offline'],
    ]);
  });

  test.each(['requesting-token', 'sending-manifest', 'verifying'] as const)(
    'what the device refuses while %s fails the job with its state and step',
    (step) => {
      const { job } = at(step).feed({ type: 'refused', state: '28_IMAGE-INVALID' });
      expect(job).toMatchObject({ state: 'failed', step, ending: { code: '28_IMAGE-INVALID' } });
    },
  );

  test('a token of another device, or of one that is up to date, fails before a manifest is sent', () => {
    const wrong = at('requesting-token').feed({
      type: 'token-received',
      token: { ...token, uuid: 'other' },
    });
    const newest = at('requesting-token').feed({
      type: 'token-received',
      token: { ...token, version: 2 },
    });
    expect([wrong.job.ending?.code, newest.job.ending?.code]).toEqual(['wrong-uuid', 'version-not-newer']);
    expect([...wrong.did, ...newest.did]).toEqual([]);
  });
});

describe('a device that goes offline (mup-protocol §4)', () => {
  test.each(['requesting-token', 'sending-manifest', 'transferring', 'verifying'] as const)(
    'while %s: the job waits and goes on where it was',
    (step) => {
      const run = at(step);
      const asked = run.did;
      run.raw(offline);
      expect(run.job).toMatchObject({ state: 'waiting-for-device', step, deadline: 11_000 });
      expect(run.did).toEqual(step === 'transferring' ? ['stop-transfer'] : []);
      run.raw(online(1));
      expect([run.job.state, run.did]).toEqual([step, asked]);
    },
  );

  test('a transfer goes on at the offset it had', () => {
    const run = at('transferring').feed({ type: 'transfer-progress', offset: 400 });
    run.raw(offline).raw(online(1));
    expect(run.effects).toEqual([{ type: 'start-transfer', attempt: run.job.attempt, offset: 400 }]);
  });

  test('a job whose device is offline at its turn waits', () => {
    const run = new Run().feed({ type: 'start', presence: 'offline' });
    expect([run.job.state, run.did]).toEqual(['waiting-for-device', []]);
    expect(run.raw(online()).did).toEqual(['request-token']);
  });

  test('to flap does not buy time: waiting ends when the device went offline first without progress', () => {
    const run = at('requesting-token').raw(offline);
    const { deadline } = run.job;
    for (let i = 0; i < 5; i += 1) {
      run.now += 10;
      run.raw(online(1)).raw(offline);
    }
    expect(run.job.deadline).toBe(deadline);
    const moved = at('transferring').raw(offline).raw(online(1));
    moved.now += 10;
    moved.feed({ type: 'transfer-progress', offset: 1 }).raw(offline);
    expect(moved.job.deadline).toBe(moved.now + limits.offlineDeadlineMs);
  });

  test('restarting is being offline: the deadline of the restart stands', () => {
    const run = at('restarting');
    const { job } = run;
    expect(run.raw(offline).job).toBe(job);
  });

  test('when the broker or the bridge itself was gone, a restarting job waits as well', () => {
    const run = at('restarting').raw({ type: 'connection-lost' });
    expect(run.job).toMatchObject({ state: 'waiting-for-device', step: 'restarting' });
    expect(run.raw(online(2)).job.state).toBe('succeeded');
  });

  test('an answer to what was asked before it went offline is too late', () => {
    const run = at('requesting-token');
    const { attempt } = run.job;
    run.raw(offline).raw(online(1));
    const { job } = run;
    expect(run.raw({ type: 'token-received', attempt, token }).job).toBe(job);
    expect(run.raw({ type: 'token-received', attempt: attempt + 99, token }).job).toBe(job);
  });

  test('a job that is stored as JSON goes on', () => {
    const run = at('transferring').feed({ type: 'transfer-progress', offset: 400 });
    run.job = JSON.parse(JSON.stringify(run.job));
    run.raw({ type: 'connection-lost' });
    run.job = JSON.parse(JSON.stringify(run.job));
    expect(run.raw(online(1)).effects).toMatchObject([{ type: 'start-transfer', offset: 400 }]);
  });
});

describe('success is only what the device reports after its restart (mup-protocol §4)', () => {
  test.each(['requesting-token', 'sending-manifest', 'transferring'] as const)(
    'the new version while %s is no success',
    (step) => {
      const run = at(step);
      const { job } = run;
      expect(run.raw(online(2)).job).toBe(job);
      expect(run.raw(offline).raw(online(2)).job.state).toBe(step);
    },
  );

  test.each([undefined, 0, 1, 3])(
    'version %p is none, and the deadline says what was reported',
    (version) => {
      const run = at('restarting').raw(offline).raw(online(version));
      expect(run.job.state).toBe('restarting');
      const code = version === undefined ? 'restart-timeout' : 'version-not-installed';
      expect(run.expire().job.ending?.code).toBe(code);
    },
  );
});

describe('answers that do not come', () => {
  test('a token is asked for again, after a pause and within the same deadline', () => {
    const run = at('requesting-token');
    const { deadline } = run.job;
    run.now += 5;
    run.feed(transient);
    expect(run.effects).toMatchObject([{ type: 'request-token', afterMs: 10 }]);
    expect(run.job).toMatchObject({ state: 'requesting-token', deadline });
  });

  test.each(['requesting-token', 'sending-manifest', 'verifying'] as const)(
    'what trying again does not mend fails while %s',
    (step) => {
      const run = at(step).feed({ ...failedRequest, code: 'resource-denied', transient: false });
      expect(run.job).toMatchObject({ state: 'failed', ending: { code: 'resource-denied' } });
    },
  );

  test('a manifest without answer has spent its nonce: the update begins again, three times at most', () => {
    const run = at('sending-manifest');
    for (const round of [2, 3]) {
      run.feed(transient);
      expect(run.did).toEqual(['cancel-device', 'request-token']);
      expect(run.job).toMatchObject({ state: 'requesting-token', round, token: undefined });
      run.feed({ type: 'token-received', token });
    }
    expect(run.feed(transient).job).toMatchObject({ state: 'failed', ending: { code: 'device-timeout' } });
    expect(run.did).toEqual(['cancel-device']);
  });

  test('a manifest sent again after a reconnect whose nonce is spent: the update begins again', () => {
    const spent = { type: 'refused', state: '22_INVALID-NONCE' } as const;
    expect(at('sending-manifest').feed(spent).job.state).toBe('requesting-token');
    expect(at('sending-manifest').raw(offline).raw(online(1)).feed(spent).job.state).toBe('requesting-token');
  });

  test('a transfer that stalls is tried again where it was, then from step 1; what is no stall fails', () => {
    const stalled = { type: 'transfer-failed', code: 'transfer-stalled', text: 'stalled' } as const;
    const twice = at('transferring').feed({ type: 'transfer-progress', offset: 400 }).feed(stalled);
    expect(twice.effects).toMatchObject([{ type: 'start-transfer', offset: 400 }]);
    expect(twice.feed(stalled).job).toMatchObject({ state: 'requesting-token', round: 2 });
    const fails = at('transferring').feed({ ...stalled, code: 'unknown-image' });
    expect([fails.job.state, fails.did]).toEqual(['failed', ['stop-transfer', 'cancel-device']]);
    const back = () =>
      at('transferring').feed({ type: 'transfer-progress', offset: 400 }).raw(offline).raw(online(1));
    const again = back().feed(stalled);
    expect(again.job).toMatchObject({ state: 'requesting-token', round: 2, offset: 0 });
    expect(again.did).toEqual(['stop-transfer', 'cancel-device', 'request-token']);
    expect(back().expire().job.state).toBe('requesting-token');
    const moved = back().feed({ type: 'transfer-progress', offset: 401 }).feed(stalled);
    expect(moved.job).toMatchObject({ state: 'transferring', round: 1 });
  });

  test('FIN asked for again: a device that has nothing to verify any more may be restarting', () => {
    const none = { type: 'refused', state: '12_ERROR' } as const;
    expect(at('verifying').feed(none).job.state).toBe('failed');
    const run = at('verifying').feed(transient);
    expect(run.effects).toMatchObject([{ type: 'request-verification', afterMs: 10 }]);
    expect(run.feed(none).job.state).toBe('restarting');
    const invalid = { type: 'refused', state: '28_IMAGE-INVALID' } as const;
    expect(at('verifying').feed(invalid).job.state).toBe('failed');
    expect(at('verifying').feed(transient).feed(invalid).job.state).toBe('restarting');
  });
});

describe('progress of a transfer', () => {
  test('moves the deadline; what is no progress does not', () => {
    const run = at('transferring');
    run.now += 30;
    run.feed({ type: 'transfer-progress', offset: 500 });
    expect(run.job.deadline).toBe(run.now + 2 * limits.stallTimeoutMs);
    const { job } = run;
    run.now += 30;
    for (const offset of [500, 499, 0, -1, 1001, 600.5, Number.NaN])
      expect(run.feed({ type: 'transfer-progress', offset }).job).toBe(job);
  });
});

describe('a deadline that passes while the bridge itself has no broker', () => {
  const brokerAway = { type: 'deadline', brokerAway: true } as const;

  test('is not the failure of the device', () => {
    const run = at('transferring').raw({ type: 'connection-lost' });
    run.now = run.job.deadline ?? 0;
    expect(run.feed(brokerAway).job).toMatchObject({
      ...{ state: 'failed', step: 'transferring' },
      ending: { code: 'broker-offline', text: expect.stringContaining('no connection to its broker') },
    });
  });

  test('is the end of the job as a whole all the same', () => {
    const run = at('transferring').raw({ type: 'connection-lost' });
    run.now = run.job.endsAt ?? 0;
    expect(run.feed(brokerAway).job.ending?.code).toBe('job-timeout');
  });
});

describe('cancelling', () => {
  test.each([
    ['requesting-token', []],
    ['sending-manifest', ['cancel-device']],
    ['transferring', ['stop-transfer', 'cancel-device']],
    ['verifying', ['cancel-device']],
  ] as const)('while %s ends the job and clears what it has going on', (step, effects) => {
    const run = at(step).feed({ type: 'cancel' });
    expect(run.job).toMatchObject({ state: 'cancelled', step, ending: { text: `cancelled while ${step}` } });
    expect(run.did).toEqual(effects);
  });

  test('while the device boots what it has verified asks nothing of it, and says what it does', () => {
    for (const run of [at('restarting'), at('restarting').raw({ type: 'connection-lost' })]) {
      const { state } = run.job;
      run.feed({ type: 'cancel' });
      const text = `cancelled while ${state}: the device has verified the image, and boots it`;
      expect([run.job.ending?.text, run.did]).toEqual([text, []]);
    }
  });

  test('before its turn, and before a manifest was sent, asks nothing of the device', () => {
    for (const run of [new Run(), at('requesting-token').raw(offline)]) {
      run.feed({ type: 'cancel' });
      expect([run.job.state, run.did]).toEqual(['cancelled', []]);
    }
  });

  test('while it waits tells the device, which hears it when it is back', () => {
    const run = at('transferring').raw(offline).feed({ type: 'cancel' });
    expect([run.job.state, run.did]).toEqual(['cancelled', ['cancel-device']]);
  });
});
