import { describe, expect, test } from '@jest/globals';
import type { Cancel, Clock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { unrestricted } from '../../../src/netconf/access/user-access.ts';
import { type ConfigRequester, Datastores } from '../../../src/netconf/datastore/datastores.ts';
import { atOnce, inPieces, type Steps } from '../../../src/netconf/datastore/steps.ts';
import { config, testModule } from '../config-fixture.ts';

/** Each look at it takes a millisecond, and what is scheduled waits for the test. */
class SlowClock implements Clock {
  readonly #waiting: (() => void)[] = [];
  #now = 0;
  /** What was scheduled so far. */
  turns = 0;

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    this.#now += 1;
    return this.#now;
  }

  schedule(_delayMs: number, task: () => void): Cancel {
    this.turns += 1;
    this.#waiting.push(task);
    return () => {};
  }

  /** Lets one turn after the other pass until the work is done; calls `between` in each. */
  async until(work: Promise<unknown>, between: (turn: number) => void = () => {}): Promise<void> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    work.then(end, end);
    for (let turn = 1; !done; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      between(turn);
      for (const task of this.#waiting.splice(0)) task();
    }
  }
}

const entries = 1000;
const long = config(`<top>${Array.from({ length: entries }, (_, i) => `<tag>t${i}</tag>`).join('')}</top>`);

function by(aborter = new AbortController()): ConfigRequester {
  return {
    session: { id: 1, username: 'anna', sourceHost: '192.0.2.1', loginTime: 0 },
    signal: aborter.signal,
    access: unrestricted,
  };
}

async function open(clock: Clock): Promise<Datastores> {
  const store = { load: async () => undefined, save: async () => {} };
  return Datastores.open({ schemas: [testModule], store, clock, logger: silentLogger, maxConfigBytes: 1e6 });
}

describe('work in pieces', () => {
  function* count(to: number): Steps<number> {
    for (let i = 0; i < to; i += 1) yield;
    return to;
  }

  test('gives the same result as at once, and lets others have their turn', async () => {
    const clock = new SlowClock();
    const work = inPieces(count(100), clock, () => {});
    await clock.until(work);
    expect(await work).toBe(atOnce(count(100)));
    expect(clock.turns).toBeGreaterThanOrEqual(8);
  });
});

describe('a long configuration keeps nobody waiting', () => {
  test.each([
    ['validate', (datastores: Datastores, who: ConfigRequester) => datastores.validate(long, who)],
    ['copy-config', (datastores: Datastores, who: ConfigRequester) => datastores.copy(long, 'running', who)],
    [
      'edit-config',
      (datastores: Datastores, who: ConfigRequester) =>
        datastores.edit({ target: 'running', config: long }, who),
    ],
  ])('%s rests between pieces, and ends with its session', async (_, perform) => {
    const clock = new SlowClock();
    const datastores = await open(clock);
    const whole = perform(datastores, by());
    await clock.until(whole);
    await whole;
    const turns = clock.turns;
    expect(turns).toBeGreaterThan(entries / 20);

    const aborter = new AbortController();
    const given = perform(datastores, by(aborter));
    await clock.until(given, (turn) => turn === 3 && aborter.abort());
    await expect(given).rejects.toThrow();
    expect(clock.turns - turns).toBeLessThan(10);
  });

  test('many that validate take turns of one, and no change waits for them', async () => {
    const clock = new SlowClock();
    const datastores = await open(clock);
    const ended: string[] = [];
    const validations = ['first', 'second'].map(async (name) => {
      await datastores.validate(long, by());
      ended.push(name);
    });
    const edit = datastores
      .edit({ target: 'running', config: config('<top><name>a</name></top>') }, by())
      .then(() => ended.push('edit'));
    await clock.until(Promise.all([...validations, edit]));
    expect(ended).toEqual(['edit', 'first', 'second']);
  });
});
