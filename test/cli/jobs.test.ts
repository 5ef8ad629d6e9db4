import { describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../../src/base/errors.ts';
import { deviceUuid, digest } from '../../src/base/ids.ts';
import type { CliIo } from '../../src/cli/command.ts';
import { CommandError } from '../../src/cli/exit-codes.ts';
import type { JobEntry } from '../../src/cli/job-entry.ts';
import { getJobs, jobsOf, orderedJob } from '../../src/cli/job-entry.ts';
import { followJob } from '../../src/cli/job-follow.ts';
import { jobLine, jobRow } from '../../src/cli/job-lines.ts';
import { durationText } from '../../src/cli/progress-bar.ts';
import { updateFailure } from '../../src/cli/update-failure.ts';
import { runUpdateJob } from '../../src/cli/update-order.ts';
import { UpdateReport } from '../../src/cli/update-report.ts';
import type { UpdateStep } from '../../src/cli/update-steps.ts';
import { baseNamespace, bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, type XmlElement } from '../../src/xml/element.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { eagerClock } from '../support/eager-clock.ts';

const uuid = deviceUuid('dev-1');
const image = digest('ab'.repeat(32));

const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
  element(bridgeNamespace, name, content);
const leavesOf = (values: Readonly<Record<string, string | number>>): XmlElement[] =>
  Object.entries(values).map(([name, value]) => node(name, String(value)));

interface Look {
  readonly state: string;
  readonly sent?: number;
  readonly more?: Readonly<Record<string, string | number>>;
}

/** A bridge whose job is each time as the next look says; between two looks it may have been elsewhere. */
class ScriptedJobs {
  readonly calls: string[] = [];
  readonly #looks: (Look | readonly Look[])[];
  readonly #history: XmlElement[] = [];
  #last: string | undefined;
  dropped = 0;
  failure: Error | undefined;

  constructor(...looks: (Look | readonly Look[])[]) {
    this.#looks = looks;
  }

  async rpc(operation: XmlElement): Promise<XmlElement> {
    if (this.failure !== undefined) throw this.failure;
    const [filter] = childElements(operation);
    const [asked] = filter === undefined ? [] : childElements(filter);
    this.calls.push(operation.name === 'get' ? `get ${asked?.name}` : operation.name);
    if (operation.name === 'update-firmware') return element(baseNamespace, 'rpc-reply', [node('job', '77')]);
    if (asked?.name === 'devices')
      return this.#data('devices', [
        node('device', leavesOf({ uuid, module: 'mqtt-x', presence: 'online' })),
      ]);
    if (asked?.name === 'firmware')
      return this.#data('firmware', [node('image', leavesOf({ digest: image }))]);
    return this.#data('update-jobs', this.#job());
  }

  #job(): XmlElement[] {
    const next = this.#looks.length > 1 ? this.#looks.shift() : this.#looks[0];
    if (next === undefined) return [];
    const states = Array.isArray(next) ? (next as readonly Look[]) : [next as Look];
    for (const { state, sent = 0 } of states) {
      if (state === this.#last) continue;
      this.#last = state;
      this.#history.push(
        node(
          'transition',
          leavesOf({ time: `t${this.#history.length}`, state, 'bytes-sent': sent, round: 1 }),
        ),
      );
    }
    const now = states.at(-1);
    const facts = { id: '77', device: uuid, image, user: 'anna', 'new-version': 2, 'bytes-total': 1000 };
    return [
      node('job', [
        ...leavesOf({ ...facts, state: now?.state ?? '', 'bytes-sent': now?.sent ?? 0, ...now?.more }),
        ...this.#history.slice(this.dropped),
        node('transitions-dropped', String(this.dropped)),
      ]),
    ];
  }

  #data(name: string, entries: readonly XmlElement[]): XmlElement {
    return element(baseNamespace, 'rpc-reply', [element(baseNamespace, 'data', [node(name, entries)])]);
  }
}

async function follow(session: ScriptedJobs, stop = new AbortController(), onChange = (_: JobEntry) => {}) {
  const changes: JobEntry[] = [];
  const end = await followJob('77', {
    session,
    clock: eagerClock(),
    signal: stop.signal,
    onChange: (entry) => {
      changes.push(entry);
      onChange(entry);
    },
  });
  return { end, changes, states: changes.map(({ state, bytesSent }) => `${state} ${bytesSent}`) };
}

describe('following a job', () => {
  test('tells every state once, those between two looks too, and progress; ends with the job', async () => {
    const jobs = new ScriptedJobs(
      [{ state: 'queued' }, { state: 'requesting-token' }],
      { state: 'requesting-token' },
      [{ state: 'sending-manifest' }, { state: 'transferring', sent: 100 }],
      { state: 'transferring', sent: 100 },
      { state: 'transferring', sent: 700, more: { rate: 300, 'remaining-time': 1 } },
      [
        { state: 'verifying', sent: 1000 },
        { state: 'restarting', sent: 1000 },
      ],
      { state: 'succeeded', sent: 1000 },
    );
    const { end, states, changes } = await follow(jobs);
    expect(states).toEqual([
      ...['queued 0', 'requesting-token 0', 'sending-manifest 0', 'transferring 100', 'transferring 700'],
      ...['verifying 1000', 'restarting 1000', 'succeeded 1000'],
    ]);
    expect(end).toMatchObject({ job: '77', device: uuid, state: 'succeeded', newVersion: 2 });
    expect(changes[4]).toMatchObject({ rate: 300, remainingSeconds: 1, bytesTotal: 1000 });
    expect(changes[0]).toMatchObject({ user: 'anna', changedAt: 't0', failure: undefined });
  });

  test('of a job that went through more than the bridge keeps the last states are told', async () => {
    const jobs = new ScriptedJobs([{ state: 'queued' }, { state: 'transferring' }, { state: 'failed' }]);
    jobs.dropped = 2;
    expect((await follow(jobs)).states).toEqual(['failed 0']);
  });

  test('a job that nobody knows is said to be unknown', async () => {
    const jobs = new ScriptedJobs();
    await expect(follow(jobs)).rejects.toMatchObject({ code: 'unknown-job', exitCode: 1 });
  });

  test('who stops looking leaves the job running and learns how to look again', async () => {
    const stop = new AbortController();
    const jobs = new ScriptedJobs({ state: 'transferring' });
    const stopped = follow(jobs, stop, () => stop.abort());
    await expect(stopped).rejects.toMatchObject({
      code: 'interrupted',
      exitCode: 130,
      hint: expect.stringContaining('mup job 77'),
    });
    expect(jobs.calls).not.toContain('cancel-update');
    jobs.failure = new UnavailableError('netconf-aborted', 'stopped');
    await expect(follow(jobs, stop)).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('a bridge that is gone takes its jobs up again: who followed one learns how to look', async () => {
    const jobs = new ScriptedJobs({ state: 'transferring' });
    jobs.failure = new UnavailableError('netconf-closed', 'the connection was lost');
    await expect(follow(jobs)).rejects.toMatchObject({
      ...{ code: 'netconf-closed', exitCode: 6, hint: expect.stringContaining('mup job 77') },
    });
    jobs.failure = new TypeError('a bug');
    await expect(follow(jobs)).rejects.toBe(jobs.failure);
  });
});

describe('an update that the bridge runs', () => {
  async function order(jobs: ScriptedJobs) {
    const steps: UpdateStep[] = [];
    const signal = new AbortController().signal;
    try {
      const result = await runUpdateJob(
        { uuid, digest: image },
        {
          session: { rpc: (operation) => jobs.rpc(operation), once: (operation) => jobs.rpc(operation) },
          putFile: () => Promise.reject(new Error('not asked for')),
          signal,
          clock: eagerClock(),
          onStep: (step) => steps.push(step),
          onChange: () => {},
        },
      );
      return { steps, result, error: undefined };
    } catch (error) {
      return { steps, result: undefined, error: updateFailure(error, false) };
    }
  }

  test('is ordered and followed; no deadline is its own', async () => {
    const { steps, result } = await order(new ScriptedJobs({ state: 'queued' }, { state: 'succeeded' }));
    expect(steps.map(({ step }) => step)).toEqual(['device-found', 'image-known', 'ordered']);
    expect(result).toEqual({ firmwareVersion: 2, job: '77' });
  });

  test.each([
    ['28_IMAGE-INVALID', 3],
    ['version-not-newer', 3],
    ['device-offline', 4],
    ['restart-timeout', 4],
    ['internal', 1],
    ['constructor', 1],
  ])('failed with %s: exit code %i', async (failure, exitCode) => {
    const jobs = new ScriptedJobs({ state: 'failed', more: { failure, message: 'in words' } });
    const { error } = await order(jobs);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCode, code: failure, message: `job 77 failed: ${failure}, in words` });
  });

  test('cancelled by somebody: when, and where it stands who', async () => {
    const more = { failure: 'cancelled', message: 'cancelled while verifying' };
    const { error } = await order(new ScriptedJobs({ state: 'cancelled', more }));
    expect(error).toMatchObject({
      ...{ exitCode: 1, code: 'cancelled', message: 'job 77 was cancelled while verifying' },
      hint: expect.stringContaining('mup audit'),
    });
  });

  test('a bridge that names no job is not followed', () => {
    expect(() => orderedJob(element(baseNamespace, 'rpc-reply', []))).toThrow('names no job');
  });
});

describe('what people and programs see of jobs', () => {
  const entry: JobEntry = {
    ...{ job: '77', device: 'dev-1', image, manifest: undefined, newVersion: 2, user: 'anna' },
    ...{
      sourceHost: undefined,
      state: 'transferring',
      step: 'transferring',
      round: 2,
      reason: undefined,
      attempt: 4,
    },
    ...{ failure: undefined, message: undefined, startedAt: 's', changedAt: 'c', deadline: undefined },
    ...{
      finishedAt: undefined,
      reportedAt: undefined,
      bytesSent: 500,
      bytesTotal: 1000,
      rate: 50,
      remainingSeconds: 130,
    },
  };

  test('a line for each state, with the round where it is not the first', () => {
    expect(jobLine(entry)).toBe('c transferring (round 2): image sent: 500 of 1000 octets');
    const begun = { ...entry, state: 'requesting-token', reason: 'transfer-stalled' };
    expect(jobLine(begun)).toBe(
      'c requesting-token (round 2 after transfer-stalled): the device is asked for a token',
    );
    const failed = { ...entry, state: 'failed', round: 1, failure: '28_IMAGE-INVALID', message: 'no' };
    expect(jobLine(failed)).toBe('c failed: 28_IMAGE-INVALID, no');
    const cancelled = {
      ...failed,
      state: 'cancelled',
      failure: 'cancelled',
      message: 'cancelled while verifying',
    };
    expect(jobLine(cancelled)).toBe('c cancelled: while verifying');
    expect(jobRow(cancelled).at(-1)).toBe('cancelled');
    expect(jobLine({ ...entry, state: 'constructor', round: 1 })).toBe('c constructor');
  });

  test('why a job stands still, where the bridge says so', () => {
    const message = 'the bridge has no connection to its broker';
    const waiting = { ...entry, state: 'waiting-for-device', round: 1, step: 'verifying', message };
    expect(jobLine(waiting)).toBe(`c waiting-for-device: ${message}; it goes on with verifying`);
    expect(jobRow(waiting).at(-1)).toBe(message);
    const full = { ...entry, round: 1, message: 'the bridge cannot write to its disk: full' };
    expect(jobLine(full)).toBe(`c transferring: image sent: 500 of 1000 octets; ${full.message}`);
    const lines: string[] = [];
    const io = { stdout: { write: (text: string) => lines.push(text) }, isTTY: false };
    const report = new UpdateReport(io as unknown as CliIo, false);
    for (const one of [waiting, waiting, { ...waiting, message: undefined }]) report.job(one);
    expect(lines).toEqual([expect.stringContaining(message), expect.stringContaining('cannot be reached')]);
  });

  test('a row for each job', () => {
    const shown = ['77', 'dev-1', 'transferring', '50 %', '50 B/s', '2 min 10 s', 'anna', 's', '-'];
    expect(jobRow(entry)).toEqual(shown);
    expect(jobRow({ ...entry, state: 'succeeded', rate: undefined }).slice(4)).toEqual([
      ...['-', '2 min 10 s', 'anna', 's', 'version 2'],
    ]);
    const late = { ...entry, state: 'failed', failure: 'restart-timeout', reportedAt: 'r' };
    expect(jobRow(late).at(-1)).toBe('restart-timeout, then version 2');
    expect(jobLine(late)).toContain('restart-timeout; the device reported version 2 at r');
    expect(['0 s', '59 s', '1 min 0 s', '26 h 1 min']).toEqual([0, 59, 60, 93_660].map(durationText));
  });

  test('the jobs of a device or in a state are asked for, without their histories', () => {
    const xml = writeXml(getJobs('dev-1', 'failed'));
    expect(xml).toContain('<device>dev-1</device>');
    expect(xml).toContain('<state>failed</state>');
    expect(xml).not.toContain('transition');
    const reply = element(baseNamespace, 'rpc-reply', [
      element(baseNamespace, 'data', [
        node('update-jobs', [
          node('job', leavesOf({ id: 'b', 'started-at': '2' })),
          node('job', leavesOf({ id: 'a', 'started-at': '1', rate: 'fast' })),
        ]),
      ]),
    ]);
    expect(jobsOf(reply).map(({ job, rate }) => [job, rate])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
  });

  function shown(json: boolean, isTTY: boolean, entries: readonly JobEntry[], columns?: number) {
    const out: string[] = [];
    const err: string[] = [];
    const report = new UpdateReport(
      {
        stdout: { write: (text: string) => out.push(text) },
        stderr: { write: (text: string) => err.push(text), columns },
        stdin: (async function* () {})(),
        env: {},
        cwd: '/',
        isTTY,
        signal: new AbortController().signal,
      },
      json,
    );
    for (const one of entries) report.job(one);
    return { out, err };
  }
  const steps = [500, 510, 590, 600].map((bytesSent) => ({ ...entry, bytesSent }));
  const ended = { ...entry, state: 'succeeded', changedAt: 'd', bytesSent: 1000 };

  test('on a terminal a bar with rate and remaining time; else a line for every tenth', () => {
    const terminal = shown(false, true, [...steps, ended]);
    expect(terminal.out).toHaveLength(2);
    expect(terminal.err[0]).toContain('50 % 500/1000 octets, 50 octets/s, 2 min 10 s left');
    expect(terminal.err.at(-2)).toContain(`[${'#'.repeat(30)}] 100 %`);
    expect(terminal.err.at(-1)).toBe('\n');
    const pipe = shown(false, false, [...steps, ended]);
    expect(pipe.out.map((line) => line.split(': ').at(-1)?.trim())).toEqual([
      '500 of 1000 octets',
      '600 of 1000 octets',
      'the device reports version 2',
    ]);
    expect(pipe.err).toEqual([]);
  });

  test('the bar is no wider than the terminal, so that it overwrites itself', () => {
    const [bar = ''] = shown(false, true, [entry], 40).err;
    expect(bar).toHaveLength(40);
    expect(bar).toMatch(/^\r\[#+\.+\] /);
    expect(shown(false, true, [entry], 0).err).toEqual(shown(false, true, [entry]).err);
    expect(shown(false, true, [entry]).err[0]).toContain('2 min 10 s left');
  });

  test('a shorter bar overwrites all of a longer one', () => {
    const slow = { ...entry, rate: undefined, remainingSeconds: undefined };
    const [long = '', short = ''] = shown(false, true, [entry, slow]).err;
    expect(short).toHaveLength(long.length);
  });

  test('--json is one object for each change, and what a bridge says is no control character', () => {
    const { out } = shown(true, true, steps);
    expect(out.map((line) => JSON.parse(line).bytesSent)).toEqual([500, 510, 590, 600]);
    const odd = { ...ended, state: 'failed', failure: 'x', message: '\u001b[2Jgone\nmup: fine' };
    const { out: lines } = shown(false, false, [odd]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(String.raw`\u001b[2Jgone\u000amup: fine`);
  });
});
