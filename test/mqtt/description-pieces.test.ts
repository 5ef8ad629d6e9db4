import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { DescriptionAssembler, encodePieces } from '../../src/mqtt/description-pieces.ts';

const limits = { maxDescriptionBytes: 1000, maxPieces: 50, maxDevicesInAssembly: 3, assemblyIdleMs: 1000 };
const a = deviceUuid('a');
const b = deviceUuid('b');
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Pushes texts in turn and returns the last result. */
function push(assembler: DescriptionAssembler, uuid: DeviceUuid, ...payloads: string[]) {
  return payloads.map((payload) => assembler.push(uuid, utf8(payload), 0)).at(-1);
}

describe('pieces of a description (mup-protocol §1)', () => {
  test('are <n>/<count>;<bytes>, n from 1', () => {
    expect(encodePieces(utf8('abcde'), 2).map(text)).toEqual(['1/3;ab', '2/3;cd', '3/3;e']);
    expect(encodePieces(utf8('abcde'), 100).map(text)).toEqual(['1/1;abcde']);
    expect(encodePieces(new Uint8Array(), 100).map(text)).toEqual(['1/1;']);
  });

  test('any split, order, duplication and interleaving gives the same bytes', () => {
    const description = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const device = fc.record({ bytes: description, size: fc.integer({ min: 8, max: 300 }) });
    fc.assert(
      fc.property(
        fc.array(device, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        (devices, rolls) => {
          const roll = (below: number): number => rolls.next().value % below;
          const assembler = new DescriptionAssembler(limits);
          const sent = devices.map(({ bytes, size }, i) => {
            const pieces = encodePieces(bytes, size);
            const repeats = pieces.filter(() => roll(2) === 0);
            return { uuid: deviceUuid(`d${i}`), bytes, left: [...pieces, ...repeats], complete: 0 };
          });
          for (let open = sent; open.length > 0; open = open.filter(({ left }) => left.length > 0)) {
            const turn = open[roll(open.length)];
            const [piece] = turn?.left.splice(roll(turn.left.length), 1) ?? [];
            if (turn === undefined || piece === undefined) throw new Error('nothing left');
            const result = assembler.push(turn.uuid, piece, 0);
            if (result.kind === 'error') throw new Error(result.text);
            if (result.kind === 'incomplete') continue;
            turn.complete += 1;
            expect(result.bytes).toEqual(turn.bytes);
          }
          for (const { complete } of sent) expect(complete).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });

  test('a piece is copied: it outlives the network buffer it came in', () => {
    const assembler = new DescriptionAssembler(limits);
    const buffer = utf8('1/2;ab');
    assembler.push(a, buffer, 0);
    buffer.fill(0);
    expect(push(assembler, a, '2/2;cd')).toEqual({ kind: 'complete', bytes: utf8('abcd') });
  });
});

describe('a device that starts over', () => {
  test('with another count: its earlier pieces are gone', () => {
    const assembler = new DescriptionAssembler(limits);
    expect(push(assembler, a, '1/3;x', '2/3;y', '1/2;ab', '2/2;cd')).toEqual({
      kind: 'complete',
      bytes: utf8('abcd'),
    });
  });

  test('with other bytes: earlier and later attempt are never mixed', () => {
    const assembler = new DescriptionAssembler(limits);
    push(assembler, a, '1/4;a', '2/4;b', '3/4;c');
    // The same beginning, then another end.
    expect(push(assembler, a, '1/4;a', '2/4;B')).toEqual({ kind: 'incomplete' });
    expect(push(assembler, a, '4/4;D')).toEqual({ kind: 'incomplete' });
    expect(push(assembler, a, '3/4;C')).toEqual({ kind: 'complete', bytes: utf8('aBCD') });
  });

  test('with other bytes and a lost first piece: it waits for that piece', () => {
    const assembler = new DescriptionAssembler(limits);
    push(assembler, a, '1/3;a', '2/3;b');
    expect(push(assembler, a, '2/3;B', '3/3;C')).toEqual({ kind: 'incomplete' });
    expect(push(assembler, a, '1/3;A')).toEqual({ kind: 'complete', bytes: utf8('ABC') });
  });

  test('two attempts, the first cut anywhere: what completes is the second', () => {
    const pieces = fc.array(fc.constantFrom('x', 'y'), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(pieces, fc.nat(5), fc.nat(), (first, cut, seed) => {
        const second = first.map((piece, i) => ((seed >> i) & 1 ? `${piece}!` : piece));
        const assembler = new DescriptionAssembler(limits);
        const send = (bytes: string, i: number) => push(assembler, a, `${i + 1}/${first.length};${bytes}`);
        first.slice(0, Math.min(cut, first.length - 1)).forEach(send);
        const results = second
          .map(send)
          .flatMap((result) => (result?.kind === 'complete' ? [result.bytes] : []));
        expect(results[0]).toEqual(utf8(second.join('')));
      }),
    );
  });
});

describe('bounds of assembly', () => {
  test('pieces', () => {
    const assembler = new DescriptionAssembler(limits);
    expect(push(assembler, a, '1/51;x')).toMatchObject({ kind: 'error', code: 'too-many-pieces' });
    expect(assembler.size).toBe(0);
  });

  test('octets, of one piece and of all', () => {
    const assembler = new DescriptionAssembler(limits);
    expect(push(assembler, a, `1/1;${'x'.repeat(1001)}`)).toMatchObject({ code: 'description-too-big' });
    expect(push(assembler, a, `1/1;${'x'.repeat(1000)}`)).toMatchObject({ kind: 'complete' });
    expect(push(assembler, a, `1/3;${'x'.repeat(600)}`, `2/3;${'x'.repeat(600)}`)).toMatchObject({
      code: 'description-too-big',
    });
    expect(assembler.size).toBe(0);
  });

  test('a repeated piece counts once', () => {
    const assembler = new DescriptionAssembler(limits);
    const half = 'x'.repeat(500);
    expect(push(assembler, a, `1/2;${half}`, `1/2;${half}`, `1/2;${half}`, `2/2;${half}`)).toMatchObject({
      kind: 'complete',
    });
  });

  test('devices: one too many is told to come back, those in assembly go on', () => {
    const assembler = new DescriptionAssembler(limits);
    for (const uuid of ['a', 'b', 'c']) push(assembler, deviceUuid(uuid), '1/2;x');
    expect(push(assembler, deviceUuid('d'), '1/2;x')).toMatchObject({ kind: 'error', code: 'busy' });
    expect(push(assembler, deviceUuid('d'), '1/1;x')).toMatchObject({ kind: 'complete' });
    expect(push(assembler, a, '2/2;y')).toEqual({ kind: 'complete', bytes: utf8('xy') });
  });

  test('idle time, counted from the last piece', () => {
    const assembler = new DescriptionAssembler(limits);
    assembler.push(a, utf8('1/3;x'), 0);
    assembler.push(b, utf8('1/2;x'), 500);
    assembler.push(a, utf8('2/3;x'), 900);
    expect(assembler.expire(1499)).toEqual([]);
    expect(assembler.expire(1500)).toEqual([{ uuid: b, received: 1, count: 2 }]);
    expect(assembler.expire(1900)).toEqual([{ uuid: a, received: 2, count: 3 }]);
    expect(assembler.size).toBe(0);
  });

  test('idle devices make room', () => {
    const assembler = new DescriptionAssembler(limits);
    for (const uuid of ['a', 'b', 'c']) push(assembler, deviceUuid(uuid), '1/2;x');
    expect(assembler.push(deviceUuid('d'), utf8('1/2;x'), 1000)).toEqual({ kind: 'incomplete' });
  });

  test('what a removed device sent is forgotten', () => {
    const assembler = new DescriptionAssembler(limits);
    push(assembler, a, '1/2;x');
    assembler.forget(a);
    expect(push(assembler, a, '2/2;y')).toEqual({ kind: 'incomplete' });
  });
});

describe('hostile pieces', () => {
  test.each([
    '',
    ';',
    '1/1',
    '1/1 ;x',
    '0/1;x',
    '2/1;x',
    '1/0;x',
    '01/1;x',
    '+1/1;x',
    '-1/1;x',
    '1.0/1;x',
    '1e0/1;x',
    '١/١;x',
    '1/1/1;x',
    '1/99999999;x',
    `${'1'.repeat(400)}/1;x`,
    ' 1/1;x',
    '1/1\n;x',
    'sha256:00',
    '{"@id":"x;"}',
  ])('%j is refused', (payload) => {
    const assembler = new DescriptionAssembler(limits);
    expect(push(assembler, a, payload)).toMatchObject({ kind: 'error', code: 'bad-piece' });
    expect(assembler.size).toBe(0);
  });

  test('a broken piece does not harm the assembly it comes into', () => {
    const assembler = new DescriptionAssembler(limits);
    expect(push(assembler, a, '1/2;x', 'nonsense', '2/2;y')).toEqual({ kind: 'complete', bytes: utf8('xy') });
  });

  test('any bytes give a result within the bounds', () => {
    const assembler = new DescriptionAssembler(limits);
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 1200 }),
      fc.tuple(fc.nat(60), fc.nat(60), fc.string()).map(([n, count, rest]) => utf8(`${n}/${count};${rest}`)),
    );
    fc.assert(
      fc.property(payload, fc.constantFrom('a', 'b', 'c', 'd'), (bytes, uuid) => {
        const result = assembler.push(deviceUuid(uuid), bytes, 0);
        if (result.kind === 'complete') expect(result.bytes.length).toBeLessThanOrEqual(1000);
        expect(assembler.size).toBeLessThanOrEqual(3);
      }),
    );
  });
});
