import { describe, expect, test } from '@jest/globals';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { TaskLimit } from '../../src/base/task-limit.ts';

describe('a limit on tasks', () => {
  test('no more than it allows run at a time, in the order they came, failures included', async () => {
    const limit = new TaskLimit(2);
    const begun: number[] = [];
    const gates: Deferred<string>[] = [];
    const results = [0, 1, 2, 3, 4].map((i) => {
      const gate = deferred<string>();
      gates.push(gate);
      return limit.run(() => {
        begun.push(i);
        return gate.promise;
      });
    });
    const settled = Promise.allSettled(results);
    expect(begun).toEqual([0, 1]);
    gates[1]?.reject(new Error('failed'));
    await expect(results[1]).rejects.toThrow('failed');
    expect(begun).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve('done');
    await settled;
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    await expect(limit.run(async () => 'after')).resolves.toBe('after');
  });
});
