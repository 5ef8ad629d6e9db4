import { describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import { deviceUuid, digest, jobId } from '../../src/base/ids.ts';
import { JobRun, type JobRunDependencies } from '../../src/bridge/job-run.ts';
import { ProgressGate } from '../../src/bridge/progress-gate.ts';
import { TransferProgress } from '../../src/bridge/transfer-progress.ts';
import { newUpdateJob } from '../../src/mup/update-job.ts';
import { description } from '../support/example-description.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const limits = defaultConfig.update;
const order = {
  id: jobId('1'),
  uuid: deviceUuid('dev-1'),
  digest: digest('0'.repeat(64)),
  size: 1000,
  newVersion: 2,
};

/** A run of which the test owns the disk; the device never answers. */
function runWith(put: () => Promise<void>, changes: Partial<JobRunDependencies> = {}) {
  const logger = new RecordingLogger();
  const clock = new ManualClock();
  const deps = {
    registry: { describe: () => description() },
    store: { put },
    server: { requestToken: () => new Promise(() => {}) },
    images: {},
    limitsOf: () => limits,
    gate: new ProgressGate(limits),
    clock,
    logger,
    activity: { progress: new TransferProgress(clock) },
    maxTransitions: 10,
    onState: () => {},
    onProgress: () => {},
    onEnd: () => {},
    ...changes,
  } as unknown as JobRunDependencies;
  return { run: new JobRun({ job: newUpdateJob(order, clock.now(), limits), user: 'alice' }, deps), logger };
}

describe('the run of one update job', () => {
  test('whoever floods the status topic of a device makes no work pile up, and the newest report counts', async () => {
    const disk = deferred();
    let writes = 0;
    const { run } = runWith(() => {
      writes += 1;
      return disk.promise;
    });
    const started = run.start(false);
    for (let i = 0; i < 10_000; i += 1) run.heard(i % 2 === 0 ? 'online' : 'offline', 1);
    disk.resolve();
    await started;
    // Taken after all that came before it, and changes nothing.
    await run.start(true);
    await run.close();
    expect(writes).toBeLessThan(20);
    expect(run.record.job.state).toBe('waiting-for-device');
  });

  test('a bug in what an event sets off is logged, and neither ends the bridge nor those behind it', async () => {
    const { run, logger } = runWith(() => Promise.resolve(), {
      onEnd: () => {
        throw new TypeError('a bug');
      },
    });
    await run.start(false);
    await run.cancel();
    await run.cancel();
    expect(run.record.job.state).toBe('cancelled');
    expect(logger.messages('error')).toEqual(['an event of an update failed']);
  });
});
