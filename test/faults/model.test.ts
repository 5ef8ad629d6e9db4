import { describe, expect, test } from '@jest/globals';
import type { Happening, History, JobSeen } from './history.ts';
import { type Truth, violations } from './model.ts';

const truth: Truth = {
  digestOf: new Map([
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
  ]),
  jobMs: 1000,
  stateMs: new Map([['requesting-token', 100]]),
};

function job(state: string, changes: Partial<JobSeen> = {}): JobSeen {
  return { job: 'j1', device: 'd1', image: 'two', state, code: undefined, ...changes };
}

function state(name: string, changes: Partial<JobSeen> = {}): Happening {
  return { kind: 'job-state', ...job(name, changes) };
}

const made: Happening = { kind: 'booted', device: 'd1', version: 1, digest: 'one' };
const ordered: Happening = { kind: 'ordered', order: 0, device: 'd1', version: 2, further: false };
const taken: Happening = { kind: 'order-taken', order: 0, job: 'j1' };
const began: Happening = { kind: 'download-began', device: 'd1', digest: 'two', version: 2 };
const downloaded: Happening = { kind: 'download-ended', device: 'd1' };
const booted: Happening = { kind: 'booted', device: 'd1', version: 2, digest: 'two' };
const over: Happening = { kind: 'faults-over' };

/** An update that goes as it should. */
const sound = [
  made,
  ordered,
  state('requesting-token'),
  taken,
  began,
  downloaded,
  booted,
  state('succeeded'),
  over,
  { kind: 'jobs-listed', jobs: [job('succeeded')] },
] as const satisfies readonly Happening[];

function judged(happenings: readonly Happening[], everyMs = 10, by: Truth = truth): string[] {
  const history: History = happenings.map((happening, i) => ({ ...happening, at: i * everyMs }));
  return violations(history, by);
}

/** The sound history with other happenings in the place of some. */
function instead(of: Happening, ...happenings: readonly Happening[]): Happening[] {
  return sound.flatMap((happening) => (happening === of ? happenings : [happening]));
}

test('a history in which all goes as it should has nothing wrong', () => {
  expect(judged(sound)).toEqual([]);
});

describe('a history is refused in which', () => {
  test.each<[string, readonly Happening[], RegExp]>([
    ['a job never ends', instead(sound[7]).slice(0, -1), /did not end by 1 s, it is requesting-token/],
    ['a job fails without a name', instead(sound[7], state('failed')), /failed with no name/],
    [
      'a job fails inside the bridge',
      instead(sound[7], state('failed', { code: 'internal' })),
      /failed with no name/,
    ],
    [
      'a job comes back to life',
      [...sound.slice(0, -1), state('transferring')],
      /had ended as succeeded and is transferring/,
    ],
    [
      'a job becomes another device’s',
      instead(sound[7], state('succeeded', { device: 'd2' })),
      /another device's/,
    ],
    ['a job is lost', [...sound.slice(0, -1), { kind: 'jobs-listed', jobs: [] }], /job j1 is lost/],
    [
      'a job is listed twice',
      [...sound.slice(0, -1), { kind: 'jobs-listed', jobs: [job('succeeded'), job('succeeded')] }],
      /listed twice/,
    ],
    [
      'an order makes two jobs',
      [...sound, state('requesting-token', { job: 'j2' }), state('cancelled', { job: 'j2' })],
      /1 jobs beside those ordered: j2/,
    ],
    [
      'two orders have one job',
      [...sound, { ...ordered, order: 1 }, { ...taken, order: 1 }],
      /answer to two orders/,
    ],
    [
      'two jobs of a device are under way',
      instead(taken, taken, { ...ordered, order: 1 }, state('requesting-token', { job: 'j2' })),
      /job j2 began at d1 while job j1 was under way/,
    ],
    [
      'an order is refused for a job that has ended',
      [
        ...sound,
        { ...ordered, order: 1 },
        { kind: 'order-refused', order: 1, code: 'update-in-progress', holder: 'j1' },
      ],
      /refused for job j1, which is not under way/,
    ],
    [
      'an order is refused with an internal error',
      [
        ...sound,
        { ...ordered, order: 1 },
        { kind: 'order-refused', order: 1, code: 'internal', holder: undefined },
      ],
      /internal error/,
    ],
    [
      'a cancelled job goes on',
      instead(taken, taken, { kind: 'cancel-taken', job: 'j1' }),
      /cancelled and goes on/,
    ],
    [
      'a job succeeds before the device runs the new version',
      instead(booted),
      /succeeded with version 2, d1 runs 1/,
    ],
    [
      'a device boots something that nobody signed',
      instead(booted, { ...booted, digest: 'other' }),
      /not the vendor's version 2/,
    ],
    ['a device boots what it never downloaded', instead(began), /which it never downloaded/],
    ['a device goes back', [...sound, made], /went back from version 2 to 1/],
    [
      'two downloads interleave',
      instead(began, began, { ...began, digest: 'three', version: 3 }),
      /in the middle/,
    ],
    [
      'a nonce is accepted twice',
      instead(began, { kind: 'manifest-accepted', device: 'd1', nonce: 'n' }, began, {
        kind: 'manifest-accepted',
        device: 'd1',
        nonce: 'n',
      }),
      /accepted the nonce n twice/,
    ],
    [
      'a device cannot be updated any more',
      [...sound, { ...ordered, order: 1, version: 3, further: true }],
      /d1 cannot be updated any more/,
    ],
    ['something else breaks', [...sound, { kind: 'broken', what: 'the world ended' }], /the world ended/],
    ['the faults do not end', sound.filter((happening) => happening !== over), /the faults did not end/],
  ])('%s', (_, happenings, expected) => {
    expect(judged(happenings).join('\n')).toMatch(expected);
  });

  test('a job ends too late', () => {
    const history = instead(taken, taken, { kind: 'bridge-able' }, over).toSpliced(-2, 1);
    const patient = { ...truth, stateMs: new Map() };
    expect(judged(history, 150, patient)).toEqual([]);
    expect(judged(history, 400, patient).join('\n')).toMatch(/j1 of d1 did not end by 3 s, it is succeeded/);
  });
});

test('a state may not outlast its deadline, unless the bridge was hindered', () => {
  expect(judged(sound, 30).join('\n')).toMatch(/j1 was requesting-token for 150 ms, at most 100 are allowed/);
  expect(judged(instead(booted, { kind: 'bridge-able' }, booted), 30)).toEqual([]);
});

test('a job whose order was never answered is nobody’s fault', () => {
  const [, , , , ...rest] = sound;
  expect(judged([made, ordered, state('requesting-token'), ...rest])).toEqual([]);
});

test('an order may be refused for the job of an order that is about to be answered', () => {
  const second: Happening = { ...ordered, order: 1 };
  const refused: Happening = { kind: 'order-refused', order: 1, code: 'update-in-progress', holder: 'j1' };
  expect(judged(instead(ordered, ordered, second, refused))).toEqual([]);
});
