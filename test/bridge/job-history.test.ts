import { expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid, digest, jobId } from '../../src/base/ids.ts';
import { noHistory, withState } from '../../src/bridge/job-history.ts';
import { newUpdateJob } from '../../src/mup/update-job.ts';

const job = newUpdateJob(
  { id: jobId('1'), uuid: deviceUuid('dev-1'), digest: digest('0'.repeat(64)), size: 1000, newVersion: 2 },
  100,
  defaultConfig.update,
);

test('every state that a job enters is kept once, with its time and how far the image was', () => {
  const first = withState(noHistory, job, 10);
  const running = {
    ...job,
    state: 'transferring',
    step: 'transferring',
    changedAt: 200,
    offset: 600,
  } as const;
  const second = withState(first, running, 10);
  expect(withState(second, { ...running, offset: 1000 }, 10)).toBe(second);
  expect(second).toEqual({
    transitions: [
      { time: 100, state: 'queued', step: 'requesting-token', round: 1, offset: 0 },
      { time: 200, state: 'transferring', step: 'transferring', round: 1, offset: 600 },
    ],
    dropped: 0,
  });
  expect(withState(second, { ...running, round: 2 }, 10).transitions).toHaveLength(3);
});

test('a round that was begun again is kept with what ended the one before, and nothing else is', () => {
  const again = { ...job, state: 'requesting-token', round: 2, reason: 'transfer-stalled' } as const;
  const waiting = { ...again, state: 'waiting-for-device' } as const;
  const { transitions } = withState(withState(withState(noHistory, job, 10), again, 10), waiting, 10);
  expect(transitions.map(({ reason }) => reason)).toEqual([undefined, 'transfer-stalled', undefined]);
});

test('of a device that comes and goes for days the newest states are kept, and the others counted', () => {
  let history = noHistory;
  for (let i = 0; i < 50; i += 1)
    history = withState(
      history,
      { ...job, state: i % 2 === 0 ? 'waiting-for-device' : 'transferring', changedAt: i },
      8,
    );
  expect(history.transitions.map(({ time }) => time)).toEqual([42, 43, 44, 45, 46, 47, 48, 49]);
  expect(history.dropped).toBe(42);
});
