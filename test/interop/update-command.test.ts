import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/mosquitto.ts';
import { mainFile, mup, Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { operator, run } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { largeBytes, resultOf, startUpdate, updateUnderWay } from '../support/update-command.ts';

const patience = 180_000;
const smallBytes = 20_000;

describe('mup update', () => {
  const uuid = 'UPDATE-1';
  let site: Site;
  /** Between device and broker. */
  let radio: TcpProxy;
  let second: string;

  const update = (image: string, more: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    startUpdate(['--device', uuid, '--image', image, '--state-dir', site.stateDir, ...more], env);
  const image = (version: number, size = smallBytes) => site.image(version, size);
  const underWay = async (version: number) => {
    const large = await image(version, largeBytes);
    return updateUnderWay(radio, () => update(large));
  };

  beforeAll(async () => {
    site = await Site.start({ settings: '[update]\nstallTimeoutMs = 5000\nofflineDeadlineMs = 3000\n' });
    radio = await startTcpProxy(Number(new URL(site.bridge.mqttUrl).port));
    await site.startDevice(uuid, { mqttUrl: `mqtt://127.0.0.1:${radio.port}` });
    second = await image(2);
  }, patience);

  afterAll(async () => {
    await site?.stop();
    await radio?.close();
  });

  test(
    '--json prints an object a step and a last one with the result; exit code 0',
    async () => {
      const { code, steps, stderr } = await resultOf(update(second));
      expect([code, stderr]).toEqual([0, '']);
      const names = steps.map(({ step, state, result }) => state ?? step ?? result);
      expect([...new Set(names)]).toEqual([
        ...['connected', 'device-found', 'image-uploaded', 'ordered', 'queued', 'requesting-token'],
        ...['sending-manifest', 'transferring', 'verifying', 'restarting', 'succeeded'],
      ]);
      expect(steps.at(-2)).toMatchObject({ bytesSent: smallBytes, bytesTotal: smallBytes });
      const job = steps.find(({ step }) => step === 'ordered')?.['job'];
      expect(steps.at(-1)).toEqual({ result: 'succeeded', device: uuid, firmwareVersion: 2, job });
    },
    patience,
  );

  test(
    'the same version again is refused by the update server: exit code 3',
    async () => {
      const { code, steps, stderr } = await resultOf(update(second));
      expect(code).toBe(3);
      expect(steps.at(-1)).toMatchObject({ result: 'failed', exitCode: 3, code: 'version-not-newer' });
      expect(stderr).toMatch(/^mup: [^\n]*\n$/);
      expect(steps.map(({ state }) => state)).not.toContain('sending-manifest');
    },
    patience,
  );

  test(
    'what the device refuses has its state: exit code 3',
    async () => {
      const vendorKey = site.path('other.pem');
      await run(['keygen', 'vendor', '--out', vendorKey]);
      const forged = await site.image(9, smallBytes, { vendorKey, fill: 99 });
      const { code, steps } = await resultOf(update(forged));
      expect([code, steps.at(-1)?.['message']]).toEqual([
        3,
        expect.stringContaining('24_INNER-SIGN-INVALID'),
      ]);
    },
    patience,
  );

  test(
    '--image DIGEST takes an image of the repository; on a terminal a bar shows how far it is',
    async () => {
      const added = await run(['image', 'add', await image(3), '--state-dir', site.stateDir, '--json']);
      const { digest }: { digest: string } = JSON.parse(added);
      const line = ['update', '--device', uuid, '--image', digest, '--state-dir', site.stateDir];
      const terminal = new Program('script', [
        '-qec',
        [process.execPath, mainFile, ...line].map((word) => `'${word}'`).join(' '),
        '/dev/null',
      ]);
      expect(await terminal.exited).toBe(0);
      const output = terminal.lines.map(({ text }) => text).join('\n');
      expect(output).toContain('restarting: the image is valid');
      expect(output).toContain(`[${'#'.repeat(30)}] 100 % ${smallBytes}/${smallBytes} octets`);
    },
    patience,
  );

  test(
    'without a terminal there is no bar, and without --json there are lines for people',
    async () => {
      const program = mup([
        ...['update', '--device', uuid, '--image', await image(4), '--state-dir', site.stateDir],
      ]);
      expect([await program.exited, program.stderr]).toEqual([0, '']);
      const output = program.lines.map(({ text }) => text).join('\n');
      expect(output).toContain('succeeded: the device reports version 4');
      expect(output).not.toContain('[#');
    },
    patience,
  );

  test(
    '--key signs here and takes the steps one by one (paper §3.2, Figure 2)',
    async () => {
      const key = ['--key', site.serverKey];
      const { code, steps } = await resultOf(update(await image(4, smallBytes + 1), key));
      expect([code, steps.at(-1)?.['code']]).toEqual([3, 'version-not-newer']);
      const done = await resultOf(update(await image(5), key));
      expect([done.code, done.steps.at(-1)]).toEqual([
        0,
        { result: 'succeeded', device: uuid, firmwareVersion: 5 },
      ]);
      expect(new Set(done.steps.map(({ step }) => step))).toEqual(
        new Set([
          ...['connected', 'device-found', 'image-uploaded', 'token', 'manifest-accepted', 'transfer'],
          ...['image-verified', 'restarted', undefined],
        ]),
      );
    },
    patience,
  );

  test(
    'mup jobs lists them, also those of one device or in one state; mup job of one that failed ends with 1',
    async () => {
      const where = ['--state-dir', site.stateDir];
      const all = JSON.parse(await run(['jobs', ...where, '--json']));
      expect(all.map(({ newVersion }: { newVersion: number }) => newVersion)).toEqual([2, 2, 9, 3, 4]);
      const failed = JSON.parse(await run(['jobs', ...where, '--state', 'failed', '--json']));
      expect(failed.map(({ failure }: { failure: string }) => failure)).toEqual([
        'version-not-newer',
        '24_INNER-SIGN-INVALID',
      ]);
      expect(await run(['jobs', ...where, '--device', 'NOBODY'])).toBe('no jobs');
      const table = (await run(['jobs', ...where, '--device', uuid])).trimEnd().split('\n');
      expect(table).toHaveLength(6);
      expect(table[0]).toMatch(/^JOB +DEVICE +STATE/);
      expect(table[3]).toMatch(new RegExp(`^${failed[1].job} .*24_INNER-SIGN-INVALID$`));
      const job = mup(['job', failed[1].job, ...where]);
      expect([await job.exited, job.stderr]).toEqual([1, '']);
      expect(job.lines.at(-1)?.text).toMatch(/ failed: 24_INNER-SIGN-INVALID, /);
      const unknown = mup(['job', 'nobody', ...where]);
      expect([await unknown.exited, unknown.stderr]).toEqual([1, expect.stringContaining('mup jobs')]);
      const wrong = mup(['jobs', ...where, '--state', 'done']);
      expect([await wrong.exited, wrong.stderr]).toEqual([2, expect.stringContaining('succeeded')]);
    },
    patience,
  );

  test(
    'mup job --cancel ends a job: both who ordered it and who cancelled it learn so',
    async () => {
      const running = await underWay(6);
      const job = String((await running.json({ step: 'ordered' }))['job']);
      const cancelling = mup(['job', job, '--cancel', '--state-dir', site.stateDir]);
      expect([await cancelling.exited, cancelling.stderr]).toEqual([0, '']);
      const { code, steps } = await resultOf(running);
      expect([code, steps.at(-1)?.['code']]).toEqual([1, 'cancelled']);
      const again = mup(['job', job, '--cancel', '--state-dir', site.stateDir]);
      expect(await again.exited).toBe(4);
      radio.release();
    },
    patience,
  );

  test.each([
    ['a device that nobody knows', ['--device', 'NOBODY'], {}, 4, 'unknown-device'],
    ['a wrong password', ['--user', 'operator'], { MUP_PASSWORD: 'wrong' }, 5, 'login-refused'],
    [
      'another host key',
      ['--host-key', `SHA256:${'A'.repeat(43)}`, '--user', 'operator'],
      { MUP_PASSWORD: operator.password },
      5,
      'host-key-mismatch',
    ],
    ['a bad UUID', ['--device', 'a/b'], {}, 2, 'bad-option'],
    ['an image that is not there', ['--image', 'none.bin'], {}, 2, 'file-missing'],
    ['a state directory without a bridge', ['--state-dir', '/nonexistent'], {}, 6, 'bridge-not-running'],
  ])(
    '%s',
    async (_, more, env, exitCode, code) => {
      const result = await resultOf(update(second, more, env));
      expect([result.code, result.steps.at(-1)]).toEqual([
        exitCode,
        expect.objectContaining({ result: 'failed', exitCode, code }),
      ]);
      expect(result.stderr).toMatch(/^mup: [^\n]*\n$/);
    },
    patience,
  );

  test(
    'a bridge that cannot be reached, or runs no more: exit code 6',
    async () => {
      const nowhere = ['--host', '127.0.0.1', '--port', String(await freePort()), '--user', 'operator'];
      const host = [...nowhere, '--host-key', `SHA256:${'A'.repeat(43)}`];
      const key = ['--key', site.serverKey];
      for (const more of [host, [...key, '--state-dir', site.path('no-bridge')]]) {
        const { code, steps } = await resultOf(update(second, more, { MUP_PASSWORD: 'x' }));
        expect([code, steps.at(-1)?.['exitCode']]).toEqual([6, 6]);
      }
    },
    patience,
  );

  test(
    'SIGINT ends it with 130 in mid-transfer; the job goes on, and mup job follows it to its end',
    async () => {
      const interrupted = await underWay(7);
      interrupted.signal('SIGINT');
      const { code, steps, stderr } = await resultOf(interrupted);
      radio.release();
      expect([code, steps.at(-1)?.['code']]).toEqual([130, 'interrupted']);
      const job = String(steps.find(({ step }) => step === 'ordered')?.['job']);
      expect(stderr).toContain(`mup job ${job}`);
      const followed = await resultOf(mup(['job', job, '--state-dir', site.stateDir, '--json']));
      expect([followed.code, followed.steps.at(-1)]).toEqual([
        0,
        expect.objectContaining({ job, state: 'succeeded', newVersion: 7, finishedAt: expect.any(String) }),
      ]);
      expect(followed.steps[0]).toMatchObject({ state: 'queued', user: 'local', device: uuid });
      const next = await resultOf(update(await image(8)));
      expect([next.code, next.steps.at(-1)?.['firmwareVersion']]).toEqual([0, 8]);
    },
    patience,
  );

  test(
    'a device that dies in mid-transfer: exit code 4; when it is back, the next update succeeds',
    async () => {
      const broken = await underWay(9);
      await site.device(uuid).kill();
      radio.release();
      const { code, steps } = await resultOf(broken);
      expect([code, steps.at(-1)?.['code']]).toEqual([4, 'device-offline']);
      const offline = await resultOf(update(second));
      expect([offline.code, offline.steps.at(-1)?.['code']]).toEqual([4, 'device-offline']);
      await site.startDevice(uuid);
      const next = await resultOf(update(await image(10)));
      expect([next.code, next.steps.at(-1)?.['firmwareVersion']]).toEqual([0, 10]);
    },
    patience,
  );
});
