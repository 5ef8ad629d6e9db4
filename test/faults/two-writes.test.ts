import { describe, expect, test } from '@jest/globals';
import type { DocumentStore } from '../../src/registry/document-store.ts';
import type { History } from './history.ts';
import { imageOf } from './images.ts';
import type { Fault, Order, Plan } from './plan.ts';
import { runPlan } from './run.ts';

/*
 * What a device accepted and the state of its job are two writes. A bridge that ends between them, in either order, finds
 * one without the other when it starts again: no job is lost, doubled or told another end for it, and the device can be
 * updated (ADR 20).
 */

const orderedAtMs = 5000;

const quiet: Plan = {
  profile: 'mup',
  devices: ['d1'],
  window: 1,
  sliceSizeBytes: 256,
  imageBytes: 1999,
  mqtt311: false,
  digestFirst: false,
  authenticates: false,
  orders: [{ atMs: orderedAtMs, who: 'd1', version: 2 }],
  faults: [],
};

type Double = (real: DocumentStore) => DocumentStore;

/** The state of the job is not written before what was asked of `accepted` is. */
function acceptedFirst(real: DocumentStore): DocumentStore {
  let asked: Promise<unknown> = Promise.resolve();
  return {
    ...real,
    put: async (collection, key, document) => {
      if (collection === 'jobs') await asked;
      await real.put(collection, key, document);
    },
    delete: (collection, key) => {
      const deleting = real.delete(collection, key);
      if (collection === 'accepted') asked = deleting;
      return deleting;
    },
  };
}

/** What leaves `accepted` does so after the next state of the job is written. */
function jobFirst(real: DocumentStore): DocumentStore {
  let written = (): void => {};
  return {
    ...real,
    put: async (collection, key, document) => {
      await real.put(collection, key, document);
      if (collection === 'jobs') written();
    },
    delete: async (collection, key) => {
      if (collection === 'accepted')
        await new Promise<void>((resolve) => {
          written = resolve;
        });
      await real.delete(collection, key);
    },
  };
}

/** Adds what a bridge finds when it starts: how many images are accepted, and the state of each job. */
function watching(found: Set<string>, order: Double): Double {
  return (real) => {
    void Promise.all([real.all('jobs'), real.all('accepted')]).then(([jobs, accepted]) => {
      for (const job of jobs) found.add(`${Object(job).job.state}, ${accepted.length} accepted`);
    });
    return order(real);
  };
}

/** How the jobs of the plan's only image ended. */
function endsOf(history: History): string[] {
  const { digest } = imageOf(2, quiet);
  const seen = history.flatMap((one) => {
    if (one.kind === 'jobs-listed') return one.jobs;
    return one.kind === 'job-state' ? [one] : [];
  });
  const ends = seen
    .filter(({ image }) => image === digest)
    .map(({ job, state, code }) => [job, code === undefined ? state : `${state}: ${code}`] as const);
  return [...new Map(ends).values()];
}

/** A slice that is somebody else's: the device refuses the image when it is asked to verify it. */
const injected: Fault = { kind: 'inject', who: 'd1', when: { atMs: orderedAtMs }, slices: 1 };

describe('a bridge that ends between what a device accepted and the state of its job', () => {
  // Writes of the job: ordered, manifest, transfer, verification, restart or failure, end.
  test.each<[string, Double, Partial<Order>, readonly Fault[], string, number, string, readonly string[]]>([
    [
      'accepted; not yet transferring',
      acceptedFirst,
      {},
      [],
      'put jobs',
      3,
      'sending-manifest, 1',
      ['succeeded'],
    ],
    ['accepted is not there', acceptedFirst, {}, [], 'put accepted', 1, 'sending-manifest, 0', ['succeeded']],
    [
      'verified and forgotten; not yet restarting',
      acceptedFirst,
      {},
      [],
      'put jobs',
      5,
      'verifying, 0',
      ['succeeded'],
    ],
    ['restarting; not yet forgotten', jobFirst, {}, [], 'delete accepted', 1, 'restarting, 1', ['succeeded']],
    [
      'cancelled; not yet forgotten',
      acceptedFirst,
      { cancelMs: 800 },
      [],
      'delete accepted',
      1,
      'cancelled, 1',
      ['cancelled: cancelled'],
    ],
    // The device has nothing when it is asked again, so that the update begins again.
    [
      'refused and forgotten; not yet failed',
      acceptedFirst,
      {},
      [injected],
      'put jobs',
      5,
      'verifying, 0',
      ['succeeded'],
    ],
    [
      'failed; not yet forgotten',
      jobFirst,
      {},
      [injected],
      'delete accepted',
      1,
      'failed, 1',
      ['failed: 28_IMAGE-INVALID'],
    ],
  ])('%s', async (name, order, changes, faults, step, nth, expected, ends) => {
    const found = new Set<string>();
    const kill: Fault = {
      ...{ kind: 'kill', who: 'bridge', when: { step, nth } },
      ...{ end: { phase: 'before', power: false }, downMs: 1000 },
    };
    const orders = quiet.orders.map((one) => ({ ...one, ...changes }));
    const doubles = { bridgeStore: watching(found, order) };
    const { history, violations } = await runPlan({ ...quiet, orders, faults: [...faults, kill] }, name, {
      doubles,
    });
    expect(violations).toEqual([]);
    expect([...found]).toEqual([`${expected} accepted`]);
    expect(endsOf(history)).toEqual(ends);
  });
});
