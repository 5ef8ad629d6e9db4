import { describe, expect, test } from '@jest/globals';
import { at as atStep, online, type Run } from './job-steps.ts';
import { jobLimits as limits, token } from './samples.ts';

const at = (step: Parameters<typeof atStep>[0]): Run => atStep(step, true);
const stalled = { type: 'transfer-failed', code: 'transfer-stalled', text: 'stalled' } as const;
const unanswered = { type: 'request-failed', code: 'device-timeout', text: '', transient: true } as const;
const lost = (run: Run): Run => run.raw({ type: 'connection-lost' }).raw(online());

describe('a job of a device that reports neither presence nor version (profile myno, ADR 22)', () => {
  test('when it has verified the image, it is asked for a token until it answers: that is success', () => {
    const run = at('verifying').feed({ type: 'verified' });
    expect(run.effects).toMatchObject([{ type: 'request-token', afterMs: limits.retryMinMs }]);
    expect(run.feed(unanswered).did).toEqual(['request-token']);
    // The version is the one that it always says.
    expect(run.feed({ type: 'token-received', token }).job).toMatchObject({ state: 'succeeded' });
  });

  test('one that does not come back failed', () => {
    const run = at('restarting').feed(unanswered).expire();
    expect(run.job).toMatchObject({ state: 'failed', ending: { code: 'restart-timeout' } });
  });

  test('what broke off begins again at step 1, and the device drops what it has', () => {
    for (const step of ['sending-manifest', 'transferring'] as const) {
      const run = lost(at(step));
      expect(run.job).toMatchObject({ state: 'requesting-token', round: 2, offset: 0, token: undefined });
      expect(run.did).toEqual(['cancel-device', 'request-token']);
    }
    const run = at('transferring').feed({ type: 'transfer-progress', offset: 500 }).feed(stalled);
    expect(run.job).toMatchObject({ state: 'requesting-token', round: 2, offset: 0 });
    expect(run.did).toEqual(['stop-transfer', 'cancel-device', 'request-token']);
    expect(at('transferring').expire().job).toMatchObject({ state: 'requesting-token', round: 2 });
  });

  test('not for ever', () => {
    const run = at('transferring');
    for (let round = 1; round < limits.maxRounds; round += 1) {
      run.feed(stalled).feed({ type: 'token-received', token }).feed({ type: 'manifest-accepted' });
      expect(run.job).toMatchObject({ state: 'transferring', round: round + 1 });
    }
    expect(run.feed(stalled).job).toMatchObject({ state: 'failed', ending: { code: 'transfer-stalled' } });
    expect(run.did).toEqual(['stop-transfer', 'cancel-device']);
  });

  test('FIN asked for again and refused may have been carried out before: only a whole image more can tell', () => {
    const refused = { type: 'refused', state: '12_ERROR' } as const;
    expect(at('verifying').feed(refused).job.state).toBe('failed');
    expect(at('verifying').feed(unanswered).feed(refused).job).toMatchObject({
      state: 'requesting-token',
      round: 2,
    });
    expect(lost(at('verifying')).feed(refused).job).toMatchObject({ state: 'requesting-token', round: 2 });
    expect(lost(at('verifying')).feed({ type: 'verified' }).job.state).toBe('restarting');
  });

  test('an answer to nobody’s question is no success', () => {
    for (const step of ['sending-manifest', 'transferring', 'verifying'] as const)
      expect(at(step).feed({ type: 'token-received', token }).job.state).toBe(step);
  });
});
