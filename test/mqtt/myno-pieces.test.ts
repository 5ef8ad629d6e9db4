import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../../src/base/bytes.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { MynoAssembler, type MynoPushResult, uuidMessage } from '../../src/mqtt/myno-pieces.ts';

const limits = { maxDescriptionBytes: 1000, maxPieces: 50, maxDevicesInAssembly: 3, assemblyIdleMs: 1000 };
const a = deviceUuid('dev-a');
const b = deviceUuid('dev-b');

const piece = (uuid: string, bytes: Uint8Array | string, dup = false) => ({
  payload: concatBytes([utf8(`${uuid};`), typeof bytes === 'string' ? utf8(bytes) : bytes]),
  dup,
});

/** Pushes texts of one device in turn and returns the last result. */
function push(assembler: MynoAssembler, ...texts: string[]): MynoPushResult | undefined {
  return texts.map((text) => assembler.push(piece(a, text), 0)).at(-1);
}

const isEnd = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes) === 'END';

describe('pieces of the prototype (mup-protocol §1)', () => {
  test('any cut, inside characters too, gives the same bytes, however devices interleave', () => {
    const device = fc.record({
      text: fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
      cuts: fc.array(fc.nat(400), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(
        fc.array(device, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        (devices, rolls) => {
          const assembler = new MynoAssembler(limits);
          const sent = devices.map(({ text, cuts }, i) => {
            const bytes = utf8(text);
            const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
              (x, y) => x - y,
            );
            const parts = at.slice(1).map((end, k) => bytes.subarray(at[k], end));
            return { uuid: deviceUuid(`d${i}`), bytes, left: [...parts, utf8('END')] };
          });
          fc.pre(sent.every(({ left }) => left.filter(isEnd).length === 1));
          const complete = new Map<string, Uint8Array>();
          for (let open = sent; open.length > 0; open = open.filter(({ left }) => left.length > 0)) {
            const turn = open[rolls.next().value % open.length];
            const next = turn?.left.shift();
            if (turn === undefined || next === undefined) throw new Error('nothing left');
            const pushed = piece(turn.uuid, next);
            const result = assembler.push(pushed, 0);
            pushed.payload.fill(0);
            if (result.kind === 'complete') complete.set(result.uuid, result.bytes);
          }
          for (const { uuid, bytes } of sent) expect(complete.get(uuid)).toEqual(bytes);
          expect(assembler.size).toBe(0);
        },
      ),
    );
  });

  test('a piece that comes twice, flagged DUP, counts once; one that is only alike counts', () => {
    const assembler = new MynoAssembler(limits);
    assembler.push(piece(a, 'x'), 0);
    assembler.push(piece(a, 'x', true), 0);
    assembler.push(piece(a, 'x'), 0);
    assembler.push(piece(a, 'y', true), 0);
    expect(push(assembler, 'END')).toEqual({ kind: 'complete', uuid: a, bytes: utf8('xxy') });
  });

  test('an END that comes twice, flagged DUP, is no second description', () => {
    const assembler = new MynoAssembler(limits);
    push(assembler, 'x', 'END');
    expect(assembler.push(piece(a, 'END', true), 0)).toEqual({ kind: 'incomplete' });
    expect(push(assembler, 'END')).toMatchObject({ kind: 'error', uuid: a, code: 'bad-piece' });
  });

  test('a device that was cut off and begins again is not given both halves', () => {
    const first = `{"@context":${'x'.repeat(80)}`;
    const assembler = new MynoAssembler(limits);
    expect(push(assembler, first, 'second', first, 'second', 'third', 'END')).toEqual({
      kind: 'complete',
      uuid: a,
      bytes: utf8(`${first}secondthird`),
    });
  });

  test('short pieces that repeat the first are no beginning', () => {
    const assembler = new MynoAssembler(limits);
    expect(push(assembler, '[', '[', ']', ']', 'END')).toMatchObject({ bytes: utf8('[[]]') });
  });

  test('a piece of nothing is no END', () => {
    const assembler = new MynoAssembler(limits);
    expect(push(assembler, 'x', '', 'END ', 'end', 'END')).toMatchObject({ bytes: utf8('xEND end') });
  });
});

describe('bounds of assembly', () => {
  test.each([
    ['octets', 'description-too-big', Array.from({ length: 11 }, (_, i) => `${i}`.padEnd(100))],
    ['pieces', 'too-many-pieces', Array.from({ length: 51 }, (_, i) => `${i}`)],
  ])('%s: the device is told once, at its END', (_, code, texts) => {
    const assembler = new MynoAssembler(limits);
    expect(push(assembler, ...texts, ...texts)).toEqual({ kind: 'incomplete' });
    expect(push(assembler, 'END')).toMatchObject({ kind: 'error', uuid: a, code });
    expect(push(assembler, 'x', 'END')).toMatchObject({ kind: 'complete' });
  });

  test('devices: one too many is told so, those in assembly go on', () => {
    const assembler = new MynoAssembler(limits);
    for (const uuid of ['d1', 'd2', 'd3']) assembler.push(piece(uuid, 'x'), 0);
    expect(assembler.push(piece('d4', 'x'), 999)).toMatchObject({ kind: 'error', uuid: 'd4', code: 'busy' });
    expect(assembler.push(piece('d1', 'END'), 999)).toMatchObject({ kind: 'complete' });
    // The others are idle now.
    for (const uuid of ['d4', 'd5', 'd6'])
      expect(assembler.push(piece(uuid, 'x'), 1000).kind).toBe('incomplete');
  });

  test('idle time, counted from the last piece: five seconds between pieces are none', () => {
    const assembler = new MynoAssembler({ ...limits, assemblyIdleMs: 60_000 });
    for (let i = 0; i < 7; i += 1) {
      assembler.push(piece(a, `${i}`), i * 5000);
      expect(assembler.expire(i * 5000 + 4999)).toEqual([]);
    }
    assembler.push(piece(b, 'x'), 40_000);
    expect(assembler.expire(90_000)).toEqual([{ uuid: a, received: 7 }]);
    expect(assembler.expire(100_000)).toEqual([{ uuid: b, received: 1 }]);
  });
});

describe('hostile pieces', () => {
  test.each(['', ';', 'x', ';x', '-a;x', 'a b;x', 'ü;x', '../a;x', `${'x'.repeat(65)};x`, '\u0000;x', 'END'])(
    '%j is of nobody',
    (payload) => {
      const assembler = new MynoAssembler(limits);
      expect(assembler.push({ payload: utf8(payload), dup: false }, 0)).toMatchObject({
        kind: 'error',
        uuid: undefined,
        code: 'bad-piece',
      });
      expect(assembler.size).toBe(0);
    },
  );

  test('any bytes give a result within the bounds', () => {
    const assembler = new MynoAssembler(limits);
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 1200 }),
      fc
        .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('END', 'x', 'x'.repeat(700)))
        .map(([uuid, text]) => utf8(`${uuid};${text}`)),
    );
    fc.assert(
      fc.property(payload, fc.boolean(), (bytes, dup) => {
        const result = assembler.push({ payload: bytes, dup }, 0);
        if (result.kind === 'complete') expect(result.bytes.length).toBeLessThanOrEqual(1000);
        expect(assembler.size).toBeLessThanOrEqual(3);
      }),
      { numRuns: 1000 },
    );
  });

  test('delete and retrieve carry the UUID alone', () => {
    expect(uuidMessage(utf8('dev-a'))).toBe('dev-a');
    for (const text of ['', 'dev-a;', 'dev a', 'dev-a\n', 'x'.repeat(65)])
      expect(uuidMessage(utf8(text))).toBeUndefined();
  });
});
