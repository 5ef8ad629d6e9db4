import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SliceSender, type SliceSenderStep } from '../../src/mup/slice-sender.ts';

const limits = { initialTimeoutMs: 100, minTimeoutMs: 20, maxTimeoutMs: 800, stallTimeoutMs: 20_000 };

/** What a network does to one packet: how often it arrives, and how late. */
interface Fate {
  readonly copies: number;
  readonly delays: readonly number[];
}

/** More than any run of a sound sender needs: 300 slices, each over again for the whole stall time. */
const mostSlices = 20_000;

interface Packet {
  readonly at: number;
  readonly order: number;
  readonly arrive: (now: number) => void;
}

/** A network that delivers what it is given as its fates say; they are used one after another, for ever. */
class Network {
  readonly #fates: readonly Fate[];
  readonly #packets: Packet[] = [];
  #sent = 0;

  constructor(fates: readonly Fate[]) {
    this.#fates = fates;
  }

  send(now: number, arrive: (now: number) => void): void {
    const fate = this.#fates[this.#sent % this.#fates.length];
    this.#sent += 1;
    for (let copy = 0; copy < (fate?.copies ?? 1); copy += 1)
      this.#packets.push({ at: now + (fate?.delays[copy] ?? 1), order: this.#packets.length, arrive });
  }

  /** Takes out what arrives first. */
  take(before: number): Packet | undefined {
    this.#packets.sort((a, b) => a.at - b.at || a.order - b.order);
    return (this.#packets[0]?.at ?? Number.POSITIVE_INFINITY) <= before ? this.#packets.shift() : undefined;
  }
}

/** A device as mup-protocol §3 has it: takes the slice it expects, answers every slice. */
class Receiver {
  readonly octets: number[] = [];
  /** Slices after which it loses all but a part of what it has, as one that restarts does. */
  readonly #forgetsAfter: number;
  #slices = 0;

  constructor(forgetsAfter = Number.POSITIVE_INFINITY) {
    this.#forgetsAfter = forgetsAfter;
  }

  take(offset: number, octets: readonly number[]): number {
    this.#slices += 1;
    if (this.#slices === this.#forgetsAfter) this.octets.length = Math.floor(this.octets.length / 2);
    if (offset === this.octets.length) this.octets.push(...octets);
    return this.octets.length;
  }
}

/**
 * What is in flight by the definition of the sender: sent since it went back last, which shows in an
 * offset that is not the one after the slice before, and not acknowledged.
 */
class Flight {
  #ends: number[] = [];
  #next = 0;

  note(step: SliceSenderStep, acknowledged: number): number {
    for (const { offset, length } of step.send) {
      if (offset !== this.#next) this.#ends = [];
      this.#next = offset + length;
      this.#ends.push(this.#next);
    }
    this.#ends = this.#ends.filter((end) => end > acknowledged);
    return this.#ends.length;
  }
}

interface Scenario {
  readonly size: number;
  readonly sliceSize: number;
  readonly window: number;
  readonly fates: readonly Fate[];
  readonly forgetsAfter: number;
}

interface Outcome {
  readonly last: SliceSenderStep;
  readonly image: readonly number[];
  readonly received: readonly number[];
  readonly mostInFlight: number;
  readonly sentSlices: number;
  readonly outsideImage: number;
}

function run({ size, sliceSize, window, fates, forgetsAfter }: Scenario): Outcome {
  const image = Array.from({ length: size }, (_, i) => (i * 31 + 7) % 251);
  const network = new Network(fates);
  const receiver = new Receiver(forgetsAfter);
  const sender = new SliceSender({ size, sliceSize, window, limits });
  const flight = new Flight();
  let [mostInFlight, sentSlices, outsideImage] = [0, 0, 0];
  let last = sender.start(0);

  const apply = (step: SliceSenderStep, now: number): void => {
    last = step;
    sentSlices += step.send.length;
    mostInFlight = Math.max(mostInFlight, flight.note(step, sender.acknowledgedOffset));
    for (const { offset, length } of step.send) {
      if (length < 1 || offset + length > size) outsideImage += 1;
      const octets = image.slice(offset, offset + length);
      network.send(now, (arrival) => {
        const expected = receiver.take(offset, octets);
        network.send(arrival, (back) => apply(sender.acknowledged(expected, back), back));
      });
    }
  };

  apply(last, 0);
  // A sender that sends for ever fails the test instead of hanging it.
  while (!last.finished && last.failed === undefined && sentSlices < mostSlices) {
    const wakeAt = last.wakeAt ?? Number.POSITIVE_INFINITY;
    const packet = network.take(wakeAt);
    if (packet !== undefined) packet.arrive(packet.at);
    else if (wakeAt < Number.POSITIVE_INFINITY) apply(sender.tick(wakeAt), wakeAt);
    else break;
  }
  return { last, image, received: receiver.octets, mostInFlight, sentSlices, outsideImage };
}

/** The rules that hold on any network. */
function holds(scenario: Scenario): Outcome {
  const outcome = run(scenario);
  expect(outcome.mostInFlight).toBeLessThanOrEqual(scenario.window);
  expect(outcome.outsideImage).toBe(0);
  expect(outcome.last.finished).toBe(outcome.last.failed === undefined);
  if (outcome.last.finished) expect(outcome.received).toEqual(outcome.image);
  return outcome;
}

const delay = fc.integer({ min: 1, max: 60 });
const fate = fc.record({
  copies: fc.constantFrom(0, 1, 1, 1, 1, 1, 2, 3),
  delays: fc.array(delay, { minLength: 3, maxLength: 3 }),
});
const scenario = (fates: fc.Arbitrary<Fate>): fc.Arbitrary<Scenario> =>
  fc.record({
    size: fc.integer({ min: 0, max: 2000 }),
    sliceSize: fc.integer({ min: 7, max: 300 }),
    window: fc.integer({ min: 1, max: 16 }),
    fates: fc.array(fates, { minLength: 1, maxLength: 60 }),
    forgetsAfter: fc.constant(Number.POSITIVE_INFINITY),
  });

const good: Fate = { copies: 1, delays: [5] };

/** Independent fates, unlike a short list of them, which can fall into step with the sender. */
function fatesByChance(seed: number, count: number): readonly Fate[] {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return Array.from({ length: count }, () => {
    const draw = below(20);
    const late = () => 1 + below(60);
    return { copies: draw < 2 ? 0 : draw < 4 ? 2 : 1, delays: [late(), late()] };
  });
}

describe('slices over any network (mup-protocol §3, Slices)', () => {
  test('loss, doubling, delay and disorder: the image arrives exactly, or the transfer stalls', () => {
    fc.assert(
      fc.property(scenario(fate), (it) => void holds(it)),
      { numRuns: 300 },
    );
  });

  test('where nine of ten packets arrive, each late by chance, the image arrives', () => {
    const lossy = fc
      .tuple(scenario(fc.constant(good)), fc.integer())
      .map(([it, seed]) => ({ ...it, fates: fatesByChance(seed, 997) }));
    fc.assert(
      fc.property(lossy, (it) => expect(holds(it).last.finished).toBe(true)),
      { numRuns: 100 },
    );
  });

  test('a good network needs every slice once', () => {
    const perfect = scenario(fc.constant(good));
    fc.assert(
      fc.property(perfect, (it) => {
        const { last, sentSlices } = holds(it);
        expect(last.finished).toBe(true);
        expect(sentSlices).toBe(Math.ceil(it.size / it.sliceSize));
      }),
    );
  });

  test('a network that doubles everything costs at most a window a round trip, not an avalanche', () => {
    const doubled = scenario(fc.constant({ copies: 2, delays: [5, 5] }));
    fc.assert(
      fc.property(doubled, (it) => {
        const { last, sentSlices } = holds(it);
        expect(last.finished).toBe(true);
        expect(sentSlices).toBeLessThanOrEqual(4 * Math.ceil(it.size / it.sliceSize) + it.window);
      }),
    );
  });

  test('a device that forgets part of the image in between gets it again', () => {
    const forgetful = fc
      .tuple(scenario(fc.constant(good)), fc.integer({ min: 1, max: 30 }))
      .map(([it, forgetsAfter]) => ({ ...it, forgetsAfter }));
    fc.assert(fc.property(forgetful, (it) => expect(holds(it).last.finished).toBe(true)));
  });

  test('a network that loses everything ends the transfer by its stall time', () => {
    const dead = scenario(fc.constant({ copies: 0, delays: [] }));
    fc.assert(
      fc.property(dead, (it) => {
        const { last, sentSlices } = holds(it);
        expect(last.failed).toBe(it.size === 0 ? undefined : 'stalled');
        expect(sentSlices).toBeLessThanOrEqual(it.window * (limits.stallTimeoutMs / limits.maxTimeoutMs + 5));
      }),
    );
  });

  test('whatever a peer names as offsets, nothing outside the image is sent, nothing is done that was not sent, and the window holds', () => {
    const event = fc.record({
      kind: fc.constantFrom('ack', 'ack', 'ack', 'tick', 'resume'),
      offset: fc.oneof(
        fc.integer({ min: -5, max: 1100 }),
        fc.nat(20).map((n) => n * 50),
        fc.double(),
      ),
      after: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (events, window) => {
        const sender = new SliceSender({ size: 1000, sliceSize: 50, window, limits });
        let now = 0;
        let sent = Math.min(1000, 50 * sender.start(now).send.length);
        for (const { kind, offset, after } of events) {
          now += after;
          const before = sender.acknowledgedOffset;
          const step =
            kind === 'ack'
              ? sender.acknowledged(offset, now)
              : kind === 'tick'
                ? sender.tick(now)
                : sender.resume(offset, now);
          expect(step.send.length).toBeLessThanOrEqual(window);
          for (const { offset: at, length } of step.send)
            expect(at >= sender.acknowledgedOffset && length > 0 && at + length <= 1000).toBe(true);
          expect([before, offset]).toContain(sender.acknowledgedOffset);
          if (kind === 'resume') sent = Math.max(sent, sender.acknowledgedOffset);
          expect(sender.acknowledgedOffset).toBeLessThanOrEqual(sent);
          for (const { offset: at, length } of step.send) sent = Math.max(sent, at + length);
          expect(step.wakeAt === undefined).toBe(step.finished || step.failed !== undefined);
        }
      }),
      { numRuns: 300 },
    );
  });
});
