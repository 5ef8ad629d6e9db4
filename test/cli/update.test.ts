import { describe, expect, test } from '@jest/globals';
import { fromHex } from '../../src/base/bytes.ts';
import { PeerError, UnavailableError } from '../../src/base/errors.ts';
import type { UpdateStep } from '../../src/cli/update-steps.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { parseVendorManifest } from '../../src/mup/manifest-json.ts';
import { verifyInnerSignature, verifyOuterSignature } from '../../src/mup/signing.ts';
import {
  digest,
  image,
  manifest,
  nonce,
  replyError,
  run,
  ScriptedBridge,
  serverKey,
  uuid,
  vendorKey,
} from '../support/scripted-bridge.ts';

describe('the steps of the paper (§3.2, Figure 2)', () => {
  test('run in order, by the names that the device’s entry gives', async () => {
    const scripted = new ScriptedBridge();
    const { steps, version, error } = await run(scripted);
    expect(error).toBeUndefined();
    expect(version).toBe(2);
    expect(scripted.calls).toEqual(['askTicket', 'announce', 'ship']);
    expect([...new Set(steps.map(({ step }) => step))]).toEqual([
      'device-found',
      'image-uploaded',
      'token',
      'manifest-accepted',
      'transfer',
      'image-verified',
      'restarted',
    ]);
  });

  test('the manifest sent is signed twice and bound to device and token', async () => {
    const scripted = new ScriptedBridge();
    await run(scripted);
    const { received } = scripted;
    expect(received).toMatchObject({
      how: '1',
      app: 'lamp',
      hash: digest,
      octets: '3000',
      to: '2',
      from: '0',
    });
    expect([received['whom'], received['ticket'], received['what']]).toEqual([uuid, nonce, digest]);
    const extended: ExtendedManifest = {
      ...manifest,
      uuid,
      nonce,
      innerSignature: fromHex(received['inner'] ?? '') ?? new Uint8Array(),
      outerSignature: fromHex(received['outer'] ?? '') ?? new Uint8Array(),
    };
    verifyInnerSignature(extended, es256.publicKeyOf(vendorKey), es256);
    verifyOuterSignature(extended, es256.publicKeyOf(serverKey), es256);
  });

  test('the image is uploaded with its manifest, named by its digest, unless the bridge has it', async () => {
    const scripted = new ScriptedBridge();
    await run(scripted);
    expect([...scripted.files.keys()]).toEqual([`${digest}.json`, `${digest}.bin`]);
    expect(scripted.files.get(`${digest}.bin`)).toEqual(image);
    expect(parseVendorManifest(scripted.files.get(`${digest}.json`) ?? image)).toEqual(manifest);
    const known = new ScriptedBridge();
    known.knowsImage = true;
    const { steps } = await run(known, { image: undefined });
    expect(known.files.size).toBe(0);
    expect(steps.map(({ step }) => step)).toContain('image-known');
  });

  test('progress never goes back and ends with the whole image', async () => {
    const { steps } = await run(new ScriptedBridge());
    const sent = steps.flatMap((step) => (step.step === 'transfer' ? [step.bytesSent] : []));
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    expect(sent.at(-1)).toBe(image.length);
  });

  test('a second session that fails does not fail the update', async () => {
    const observer = { rpc: () => Promise.reject(new UnavailableError('netconf-closed', 'gone')) };
    const scripted = new ScriptedBridge();
    scripted.polls = 0;
    const { version } = await run(scripted, {}, { observer });
    expect(version).toBe(2);
  });
});

describe('an update that cannot succeed', () => {
  test('of a device that is not registered: exit code 4, nothing sent', async () => {
    const scripted = new ScriptedBridge();
    scripted.registered = false;
    const { error } = await run(scripted);
    expect([error?.exitCode, error?.code, scripted.calls]).toEqual([4, 'unknown-device', []]);
  });

  test('of a device that is pending: exit code 4, nothing sent', async () => {
    const scripted = new ScriptedBridge();
    scripted.pending = true;
    const { error } = await run(scripted);
    expect([error?.exitCode, error?.code, scripted.calls]).toEqual([4, 'device-pending', []]);
  });

  test('with a version that is not newer is refused here, after the token: exit code 3', async () => {
    const scripted = new ScriptedBridge();
    scripted.tokenVersion = '2';
    const { error } = await run(scripted);
    expect([error?.exitCode, error?.code]).toEqual([3, 'version-not-newer']);
    expect(scripted.calls).toEqual(['askTicket']);
  });

  test('with an image that nobody has: exit code 1, nothing sent', async () => {
    const scripted = new ScriptedBridge();
    const { error } = await run(scripted, { image: undefined });
    expect([error?.exitCode, error?.code, scripted.calls]).toEqual([1, 'unknown-image', []]);
  });

  test.each([
    ['announce', 'device-error', 3],
    ['announce', 'device-timeout', 4],
    ['askTicket', 'device-offline', 4],
    ['ship', 'transfer-stalled', 4],
    ['ship', 'update-in-progress', 3],
    ['get firmware', '__proto__', 3],
    ['ship', undefined, 5],
  ] as const)('%s answers the rpc-error %s: exit code %i', async (operation, appTag, exitCode) => {
    const scripted = new ScriptedBridge();
    scripted.fail[operation] = replyError(
      appTag,
      appTag === undefined ? 'access-denied' : 'operation-failed',
    );
    const { error, steps } = await run(scripted);
    expect(error?.exitCode).toBe(exitCode);
    expect(steps.map(({ step }) => step)).not.toContain('image-verified');
  });

  test.each([
    ['the connection is lost', new UnavailableError('netconf-closed', 'gone'), 6],
    ['the bridge does not answer', new UnavailableError('netconf-timeout', 'slow'), 6],
    ['the bridge breaks the protocol', new PeerError('bad-netconf-server', 'odd'), 1],
    ['we have a bug', new TypeError('ours'), 1],
  ])('because %s', async (_, failure, exitCode) => {
    for (const operation of ['get devices', 'askTicket', 'announce', 'ship']) {
      const scripted = new ScriptedBridge();
      scripted.fail[operation] = failure;
      expect((await run(scripted)).error?.exitCode).toBe(exitCode);
    }
  });

  test('because the device takes no more slices is given up: exit code 4', async () => {
    const scripted = new ScriptedBridge();
    scripted.hangs = true;
    const { error } = await run(scripted);
    expect([error?.exitCode, error?.code]).toEqual([4, 'transfer-stalled']);
  });

  test('because the device does not come back with the new version: exit code 4', async () => {
    const scripted = new ScriptedBridge();
    scripted.restarts = false;
    const { error, steps } = await run(scripted);
    expect([error?.exitCode, error?.code]).toEqual([4, 'restart-timeout']);
    expect(error?.message).toContain('it reported 1');
    expect(steps.at(-1)?.step).toBe('image-verified');
  });

  test('because the user stops it: exit code 130', async () => {
    const stop = new AbortController();
    const scripted = new ScriptedBridge();
    scripted.hangs = true;
    const onStep = (step: UpdateStep): void => {
      if (step.step === 'transfer') stop.abort();
    };
    const { error } = await run(scripted, {}, { signal: stop.signal, onStep });
    expect(error?.exitCode).toBe(130);
  });

  test('because the token is odd: nothing is signed', async () => {
    const scripted = new ScriptedBridge();
    for (const version of ['', '-1', '01', 'x', '4294967296']) {
      scripted.tokenVersion = version;
      expect((await run(scripted)).error).toBeDefined();
    }
    expect(new Set(scripted.calls)).toEqual(new Set(['askTicket']));
  });
});
