import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { extended, image, uuid } from './bench-device.ts';
import { accept, acknowledged, kinds, newReceiver, sendAll, stateIn } from './receiver-bench.ts';

describe('the nonce (mup-protocol §3)', () => {
  test('a token has 16 random octets in hex and the running version, and no two are alike', () => {
    const receiver = newReceiver();
    const [first, second] = [receiver.issueToken(), receiver.issueToken()];
    expect(first).toMatchObject({ version: 1, nonce: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(second.nonce).not.toBe(first.nonce);
  });

  test('a manifest is accepted once: its replay finds the nonce spent', () => {
    const receiver = newReceiver();
    const manifest = extended({ uuid, ...receiver.issueToken() });
    expect(stateIn(receiver.receiveManifest(manifest, 0))).toBe('10_OK');
    expect(stateIn(receiver.receiveManifest(manifest, 0))).toBe('22_INVALID-NONCE');
  });

  test('the first manifest that is checked spends it, valid or not', () => {
    const receiver = newReceiver();
    const token = { uuid, ...receiver.issueToken() };
    expect(stateIn(receiver.receiveManifest(extended({ ...token, nonce: 'f'.repeat(32) }), 0))).toBe(
      '22_INVALID-NONCE',
    );
    expect(stateIn(receiver.receiveManifest(extended(token), 0))).toBe('22_INVALID-NONCE');
  });

  test('a message that is no manifest is not compared with it', () => {
    const receiver = newReceiver();
    const token = { uuid, ...receiver.issueToken() };
    expect(stateIn(receiver.receiveManifest(undefined, 0))).toBe('20_MANIFEST-NOT-VALID');
    expect(stateIn(receiver.receiveManifest(extended(token), 0))).toBe('10_OK');
  });

  test('a newer token replaces an older one', () => {
    const receiver = newReceiver();
    const old = { uuid, ...receiver.issueToken() };
    receiver.issueToken();
    expect(stateIn(receiver.receiveManifest(extended(old), 0))).toBe('22_INVALID-NONCE');
  });

  test('however many manifests come, a token costs at most one check of each signature (§5, battery)', () => {
    let verified = 0;
    const receiver = newReceiver({
      ...es256,
      verify: () => {
        verified += 1;
        return false;
      },
    });
    const manifest = extended({ uuid, ...receiver.issueToken() });
    for (let i = 0; i < 1000; i += 1) receiver.receiveManifest(manifest, 0);
    expect(verified).toBe(1);
  });
});

describe('the frozen manifest (mup-protocol §3)', () => {
  test('the slot is emptied and the slice topic joined before the answer', () => {
    expect(kinds(accept(newReceiver()))).toEqual(['begin', 'join', 'answer']);
  });

  test('a second manifest during a transfer finds the slot in use and changes nothing', () => {
    const receiver = newReceiver();
    accept(receiver);
    receiver.receiveSlice(encodeSlice(0, image.subarray(0, 500)), 0);
    const other = { digest: sha256(Uint8Array.of(1)), size: 500, newVersion: 9 };
    const second = extended({ uuid, ...receiver.issueToken() }, { manifest: other });
    expect(stateIn(receiver.receiveManifest(second, 0))).toBe('26_SAVESLOT-IN-USE');
    receiver.receiveSlice(encodeSlice(500, image.subarray(500)), 0);
    const effects = receiver.receiveFin();
    expect(stateIn(effects)).toBe('10_OK');
    expect(effects.find(({ kind }) => kind === 'seal')).toMatchObject({ manifest: { newVersion: 2 } });
  });

  test('changing the object that was handed in changes nothing', () => {
    const receiver = newReceiver();
    const manifest = { ...extended({ uuid, ...receiver.issueToken() }) };
    receiver.receiveManifest(manifest, 0);
    Object.assign(manifest, { digest: sha256(Uint8Array.of()), size: 0, newVersion: 99 });
    sendAll(receiver);
    expect(receiver.receiveFin().find(({ kind }) => kind === 'restart')).toMatchObject({
      manifest: { newVersion: 2, size: 1000 },
    });
  });
});

describe('slices (mup-protocol §3, Slices)', () => {
  test('without an accepted manifest nothing is taken or acknowledged', () => {
    expect(newReceiver().receiveSlice(encodeSlice(0, image), 0)).toEqual([]);
  });

  test('only the expected offset is taken; every slice is answered with the one expected next', () => {
    const receiver = newReceiver();
    accept(receiver);
    const take = (offset: number, length: number): [string[], number | undefined] => {
      const effects = receiver.receiveSlice(encodeSlice(offset, image.subarray(offset, offset + length)), 0);
      return [kinds(effects), acknowledged(effects)];
    };
    expect(take(0, 400)).toEqual([['write', 'acknowledge'], 400]);
    expect(take(0, 400)).toEqual([['acknowledge'], 400]);
    expect(take(500, 100)).toEqual([['acknowledge'], 400]);
    expect(take(399, 100)).toEqual([['acknowledge'], 400]);
    expect(take(400, 1)).toEqual([['write', 'acknowledge'], 401]);
    expect(take(401, 599)).toEqual([['write', 'acknowledge'], 1000]);
  });

  test('nothing is written beyond the signed size', () => {
    const receiver = newReceiver();
    accept(receiver);
    expect(kinds(receiver.receiveSlice(encodeSlice(0, new Uint8Array(1001)), 0))).toEqual(['acknowledge']);
    sendAll(receiver);
    expect(kinds(receiver.receiveSlice(encodeSlice(1000, Uint8Array.of(1)), 0))).toEqual(['acknowledge']);
    expect(kinds(receiver.receiveSlice(encodeSlice(0xffff_ffff, Uint8Array.of(1)), 0))).toEqual([
      'acknowledge',
    ]);
  });

  test('what is no slice is ignored', () => {
    const receiver = newReceiver();
    accept(receiver);
    for (const length of [0, 1, 3, 4]) expect(receiver.receiveSlice(new Uint8Array(length), 0)).toEqual([]);
  });
});

describe('FIN (mup-protocol §3, step 6)', () => {
  test('a complete image is sealed, answered, then booted; the topic is left first', () => {
    const receiver = newReceiver();
    accept(receiver);
    sendAll(receiver);
    expect(kinds(receiver.receiveFin())).toEqual(['leave', 'seal', 'answer', 'restart']);
  });

  test('after it no slice and no manifest is taken', () => {
    const receiver = newReceiver();
    accept(receiver);
    sendAll(receiver);
    receiver.receiveFin();
    expect(receiver.receiveSlice(encodeSlice(0, image), 0)).toEqual([]);
    expect(stateIn(accept(receiver))).toBe('26_SAVESLOT-IN-USE');
  });

  test('a truncated image is refused and forgotten, and the slot is free again', () => {
    const receiver = newReceiver();
    accept(receiver);
    receiver.receiveSlice(encodeSlice(0, image.subarray(0, 999)), 0);
    const effects = receiver.receiveFin();
    expect(kinds(effects)).toEqual(['leave', 'discard', 'answer']);
    expect(stateIn(effects)).toBe('28_IMAGE-INVALID');
    expect(stateIn(accept(receiver))).toBe('10_OK');
  });

  test('an image that differs in one bit is refused', () => {
    const receiver = newReceiver();
    accept(receiver);
    const altered = image.slice();
    altered[500] = (altered[500] ?? 0) ^ 1;
    receiver.receiveSlice(encodeSlice(0, altered), 0);
    expect(stateIn(receiver.receiveFin())).toBe('28_IMAGE-INVALID');
  });

  test('again, before the restart, it is answered again: the first answer may be lost', () => {
    const receiver = newReceiver();
    accept(receiver);
    sendAll(receiver);
    receiver.receiveFin();
    expect(kinds(receiver.receiveFin())).toEqual(['answer']);
    expect(stateIn(receiver.receiveFin())).toBe('10_OK');
  });

  test('without a manifest it is refused', () => {
    expect(stateIn(newReceiver().receiveFin())).toBe('28_IMAGE-INVALID');
  });
});

describe('ABORT (ADR 20)', () => {
  test('drops an image that has arrived whole: no FIN installs it afterwards', () => {
    const receiver = newReceiver();
    accept(receiver);
    sendAll(receiver);
    const effects = receiver.receiveAbort();
    expect(kinds(effects)).toEqual(['leave', 'discard', 'answer']);
    expect(stateIn(effects)).toBe('10_OK');
    expect(stateIn(receiver.receiveFin())).toBe('28_IMAGE-INVALID');
    expect(stateIn(accept(receiver))).toBe('10_OK');
  });

  test('has nothing to do without a transfer, and after the image was verified', () => {
    const receiver = newReceiver();
    expect(stateIn(receiver.receiveAbort())).toBe('11_NOOP');
    accept(receiver);
    sendAll(receiver);
    receiver.receiveFin();
    expect(kinds(receiver.receiveAbort())).toEqual(['answer']);
    expect(stateIn(receiver.receiveAbort())).toBe('11_NOOP');
  });

  test('leaves a token that was handed out for the next manifest', () => {
    const receiver = newReceiver();
    accept(receiver);
    const token = { uuid, ...receiver.issueToken() };
    receiver.receiveAbort();
    expect(stateIn(receiver.receiveManifest(extended(token), 0))).toBe('10_OK');
  });
});

describe('deadlines (paper §4.2)', () => {
  test('without a connection the time without a slice stands still, that of the whole transfer does not', () => {
    const receiver = newReceiver();
    accept(receiver, 0);
    receiver.disconnected();
    expect(receiver.tick(999)).toEqual([]);
    receiver.connected(600);
    expect(receiver.tick(899)).toEqual([]);
    expect(kinds(receiver.tick(900))).toEqual(['leave', 'discard']);
    accept(receiver, 1000);
    receiver.disconnected();
    expect(kinds(receiver.tick(2000))).toEqual(['leave', 'discard']);
  });

  test('a transfer without progress is given up, and slices that are not taken are none', () => {
    const receiver = newReceiver();
    accept(receiver, 100);
    expect(receiver.wakeAt).toBe(400);
    receiver.receiveSlice(encodeSlice(7, Uint8Array.of(1)), 300);
    expect(receiver.tick(399)).toEqual([]);
    expect(kinds(receiver.tick(400))).toEqual(['leave', 'discard']);
    expect(receiver.wakeAt).toBeUndefined();
    expect(receiver.tick(1e9)).toEqual([]);
  });

  test('a trickling sender cannot hold the slot for longer than the whole transfer may take', () => {
    const receiver = newReceiver();
    accept(receiver, 0);
    for (let i = 0; i < 9; i += 1)
      receiver.receiveSlice(encodeSlice(i, image.subarray(i, i + 1)), 100 * (i + 1));
    expect(receiver.tick(999)).toEqual([]);
    expect(kinds(receiver.tick(1000))).toEqual(['leave', 'discard']);
  });
});
