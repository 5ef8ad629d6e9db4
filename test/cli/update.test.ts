import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, fromHex } from '../../src/base/bytes.ts';
import type { Clock } from '../../src/base/clock.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { PeerError, UnavailableError, UsageError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { parseBridgeFile } from '../../src/cli/bridge-file.ts';
import type { CommandError } from '../../src/cli/exit-codes.ts';
import { progressBar } from '../../src/cli/progress-bar.ts';
import { updateFailure } from '../../src/cli/update-failure.ts';
import type { UpdateSession } from '../../src/cli/update-preparation.ts';
import { UpdateReport } from '../../src/cli/update-report.ts';
import { runUpdateSteps, type UpdateDependencies } from '../../src/cli/update-run.ts';
import type { UpdateStep } from '../../src/cli/update-steps.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { parseVendorManifest } from '../../src/mup/manifest-json.ts';
import { privateKey } from '../../src/mup/signature-scheme.ts';
import { signManifest, verifyInnerSignature, verifyOuterSignature } from '../../src/mup/signing.ts';
import { RpcReplyError } from '../../src/netconf/client.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { runMup, temporaryDirectory } from '../support/cli.ts';
import { ManualClock } from '../support/manual-clock.ts';

const uuid = deviceUuid('3F2504E0-4F89-11D3-9A0C-0305E82C3301');
const vendorKey = privateKey(new Uint8Array(32).fill(1), '1');
const serverKey = privateKey(new Uint8Array(32).fill(2), '1');
const image = Uint8Array.from({ length: 3000 }, (_, i) => i % 7);
const digest = sha256(image);
const nonce = '00112233445566778899aabbccddeeff';
const manifest = signManifest(
  { suite: '1', appId: 'lamp', linkOffset: 0, digest, size: image.length, newVersion: 2, oldVersion: 0 },
  vendorKey,
  es256,
);

const bridge = 'urn:mup:yang:mup-bridge';
const module = 'urn:mup:yang:mqtt-lamp';

/** Time passes as soon as nothing else is to be done. */
function eagerClock(): Clock {
  const manual = new ManualClock();
  return {
    now: () => manual.now(),
    monotonic: () => manual.monotonic(),
    schedule(delayMs, task) {
      const cancel = manual.schedule(delayMs, task);
      setImmediate(() => manual.advance(delayMs));
      return cancel;
    },
  };
}

type Leaf = readonly [name: string, children: string | readonly Leaf[]];

function tree(namespace: string, [name, children]: Leaf): XmlElement {
  return element(
    namespace,
    name,
    typeof children === 'string' ? children : children.map((child) => tree(namespace, child)),
  );
}

/** A bridge with one device, whose RPCs and leaves have names that no code could guess. */
class ScriptedBridge implements UpdateSession {
  readonly calls: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  registered = true;
  /** Nobody has accepted the device. */
  pending = false;
  firmwareVersion: string | undefined = '1';
  tokenVersion = '1';
  update: { sent: number; total: number } | undefined;
  knowsImage = false;
  fail: Record<string, unknown> = {};
  received: Record<string, string> = {};
  /** Polls until the device has all slices; 0: it has them at once. */
  polls = 3;
  hangs = false;
  restarts = true;
  #finish: (() => void) | undefined;

  async rpc(operation: XmlElement, options: { readonly signal?: AbortSignal } = {}): Promise<XmlElement> {
    const [selection] = childElements(childElements(operation)[0] ?? operation);
    const name = operation.name === 'get' ? `get ${selection?.name}` : operation.name;
    if (operation.name !== 'get') this.calls.push(name);
    options.signal?.throwIfAborted();
    const failure = this.fail[name];
    if (failure !== undefined) throw failure;
    if (name === 'get devices') return this.#devices();
    if (name === 'get firmware') return this.#firmware();
    expect(operation.namespace).toBe(module);
    const inputs = Object.fromEntries(childElements(operation).map((leaf) => [leaf.name, textOf(leaf)]));
    expect(inputs['uuidInput']).toBe(uuid);
    this.received = { ...this.received, ...inputs };
    if (name === 'askTicket')
      return this.#outputs([
        ['ticket', nonce],
        ['running', this.tokenVersion],
      ]);
    if (name === 'ship') await this.#ship(options.signal);
    return this.#outputs([]);
  }

  async putFile(name: string, content: Uint8Array): Promise<void> {
    this.files.set(name, content);
    this.knowsImage = this.files.has(`${digest}.bin`) && this.files.has(`${digest}.json`);
  }

  #ship(signal?: AbortSignal): Promise<void> {
    this.update = { sent: 0, total: image.length };
    if (this.polls === 0) setImmediate(() => this.#finish?.());
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new UnavailableError('netconf-aborted', 'given up')));
      this.#finish = () => {
        this.update = undefined;
        if (this.restarts) this.firmwareVersion = '2';
        resolve();
      };
    });
  }

  #devices(): XmlElement {
    if (this.update !== undefined && !this.hangs) {
      this.update.sent = Math.min(image.length, this.update.sent + image.length / this.polls);
      if (this.update.sent === image.length) setImmediate(() => this.#finish?.());
    }
    const fields = (leaves: Record<string, string>): Leaf[] =>
      Object.entries(leaves).map(([role, leaf]) => [
        'field',
        [
          ['leaf', leaf],
          ['role', role],
        ],
      ]);
    const device: Leaf[] = [
      ['uuid', uuid],
      ...(this.pending ? [] : [['module', 'mqtt-lamp'] as const]),
      ['acceptance', this.pending ? 'pending' : 'accepted'],
      ['profile', 'mup'],
      ['presence', 'online'],
      ...(this.firmwareVersion === undefined ? [] : [['firmware-version', this.firmwareVersion] as const]),
      [
        'update-operation',
        [['role', 'token'], ['rpc', 'askTicket'], ...fields({ nonce: 'ticket', firmwareVersion: 'running' })],
      ],
      [
        'update-operation',
        [
          ['role', 'manifest'],
          ['rpc', 'announce'],
          ...fields({
            suite: 'how',
            appId: 'app',
            linkOffset: 'link',
            imageDigest: 'hash',
            imageSize: 'octets',
            newVersion: 'to',
            oldVersion: 'from',
            innerSignature: 'inner',
            deviceUuid: 'whom',
            nonce: 'ticket',
            outerSignature: 'outer',
          }),
        ],
      ],
      [
        'update-operation',
        [['role', 'firmware'], ['rpc', 'ship'], ...fields({ imageDigest: 'what', image: 'inline' })],
      ],
      ...(this.update === undefined
        ? []
        : [
            [
              'update',
              [
                ['bytes-sent', String(this.update.sent)],
                ['bytes-total', String(this.update.total)],
              ],
            ] as const,
          ]),
    ];
    return this.#data(this.registered ? ['devices', [['device', device]]] : ['devices', []]);
  }

  #firmware(): XmlElement {
    return this.#data(['firmware', this.knowsImage ? [['image', [['digest', digest]]]] : []]);
  }

  #data(top: Leaf): XmlElement {
    return element(baseNamespace, 'rpc-reply', [element(baseNamespace, 'data', [tree(bridge, top)])]);
  }

  #outputs(outputs: readonly Leaf[]): XmlElement {
    const leaves: Leaf[] = [['retval', '10_OK'], ...outputs];
    return element(
      baseNamespace,
      'rpc-reply',
      leaves.map((leaf) => tree(module, leaf)),
    );
  }
}

interface Run {
  readonly steps: UpdateStep[];
  readonly version: number | undefined;
  readonly error: CommandError | undefined;
}

async function run(
  scripted: ScriptedBridge,
  request: Partial<Parameters<typeof runUpdateSteps>[0]> = {},
  more: Partial<UpdateDependencies> = {},
): Promise<Run> {
  const steps: UpdateStep[] = [];
  const signal = new AbortController().signal;
  try {
    const version = await runUpdateSteps(
      { uuid, manifest, image, ...request },
      {
        session: scripted,
        observer: scripted,
        putFile: (name, content) => scripted.putFile(name, content),
        serverKey,
        scheme: es256,
        config: defaultConfig.update,
        clock: eagerClock(),
        signal,
        onStep: (step) => steps.push(step),
        ...more,
      },
    );
    return { steps, version, error: undefined };
  } catch (error) {
    return { steps, version: undefined, error: updateFailure(error, (more.signal ?? signal).aborted) };
  }
}

function replyError(appTag: string | undefined, tag = 'operation-failed'): RpcReplyError {
  return new RpcReplyError([
    {
      type: 'application',
      tag,
      severity: 'error',
      ...(appTag === undefined ? {} : { appTag }),
      message: 'no',
      info: [],
    },
  ]);
}

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

describe('reports', () => {
  function report(
    json: boolean,
    isTTY: boolean,
  ): { readonly report: UpdateReport; out: string[]; err: string[] } {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => err.push(text) },
      stdin: (async function* () {})(),
      env: {},
      cwd: '/',
      isTTY,
      signal: new AbortController().signal,
    };
    return { report: new UpdateReport(io, json), out, err };
  }
  const transfer = { step: 'transfer', bytesSent: 1, bytesTotal: 2 } as const;
  const restarted = { step: 'restarted', firmwareVersion: 2 } as const;

  test('the bar is on a terminal only, on stderr, and leaves its line', () => {
    const tty = report(false, true);
    tty.report.step(transfer);
    tty.report.step(restarted);
    expect(tty.err).toEqual([progressBar({ bytesSent: 1, bytesTotal: 2 }), '\n']);
    expect(tty.out).toEqual(['device restarted with version 2\n']);
    const pipe = report(false, false);
    pipe.report.step(transfer);
    pipe.report.step(restarted);
    expect([pipe.err, pipe.out]).toEqual([[], ['device restarted with version 2\n']]);
  });

  test('--json is one object a step, on stdout alone', () => {
    const { report: json, out, err } = report(true, true);
    json.step(transfer);
    json.step(restarted);
    expect(out.map((line) => JSON.parse(line))).toEqual([transfer, restarted]);
    expect(err).toEqual([]);
  });

  test('the bar has the same width for all numbers and is full at the end only', () => {
    const bar = (sent: number, total: number): string =>
      /\[(.*)\]/.exec(progressBar({ bytesSent: sent, bytesTotal: total }))?.[1] ?? '';
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (sent, total) => {
        expect(bar(sent, total)).toHaveLength(30);
        if (sent < total) expect(bar(sent, total)).toContain('.');
      }),
    );
    expect(bar(5, 5)).not.toContain('.');
  });
});

describe('mup update on the command line', () => {
  const base = temporaryDirectory();

  async function prepared(): Promise<string> {
    const cwd = mkdtempSync(join(base(), 'case-'));
    writeFileSync(join(cwd, 'fw.bin'), image);
    await runMup(['keygen', 'vendor', '--out', 'vendor.pem'], { cwd });
    await runMup(['keygen', 'server', '--state-dir', 'state'], { cwd });
    const sign = ['sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'a', '--new-version', '2'];
    await runMup(sign, { cwd });
    return cwd;
  }
  const update = ['update', '--device', uuid, '--image', 'fw.bin', '--state-dir', 'state'];
  const fingerprint = `SHA256:${'A'.repeat(43)}`;
  const remote = ['--host', '127.0.0.1', '--host-key', fingerprint, '--user', 'anna'];

  test('without a running bridge ends with 6, and --json says so', async () => {
    const cwd = await prepared();
    const { code, stdout, stderr } = await runMup([...update, '--json'], { cwd });
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'failed', exitCode: 6, code: 'bridge-not-running' });
    expect(stderr).toMatch(/^mup: no bridge runs on this state directory .*\n$/);
  });

  test('with a bridge that is gone ends with 6', async () => {
    const cwd = await prepared();
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    const options = { cwd, env: { MUP_PASSWORD: 'x' } };
    const { code, stderr } = await runMup([...update, ...remote, '--port', String(port)], options);
    expect([code, stderr]).toEqual([6, expect.stringContaining(`127.0.0.1:${port}`)]);
  });

  test.each([
    [['--host', '127.0.0.1', '--user', 'anna'], '--host-key is missing'],
    [['--host', '127.0.0.1', '--host-key', fingerprint], '--user is missing'],
    [remote, 'nothing is given for anna to log in with'],
    [[...remote, '--identity', 'none'], 'none'],
    [[...remote, '--identity', 'fw.bin'], 'chmod 600'],
    [[...remote, '--port', '0'], '--port'],
    [['--device', '../x'], '--device'],
    [['--image', 'none.bin'], 'none.bin'],
    [['--image', 'f'.repeat(64), '--key', 'state/keys/update-server.pem'], '--manifest'],
    [['--image', 'f'.repeat(64), '--manifest', 'fw.json'], 'not of image'],
    [['--manifest', 'fw.bin'], 'not'],
    [['--key', 'vendor.pub.pem'], 'vendor.pub.pem'],
  ])('%j is named before anything is sent', async (more, what) => {
    const { code, stderr } = await runMup([...update, ...more], { cwd: await prepared() });
    expect([1, 2]).toContain(code);
    expect(stderr).toMatch(/^mup: [^\n]*\n$/);
    expect(stderr).toContain(what);
  });

  test('a truncated image is refused before anything is sent', async () => {
    const cwd = await prepared();
    writeFileSync(join(cwd, 'fw.bin'), image.slice(1));
    const { code, stderr } = await runMup(update, { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining('2999 octets')]);
  });

  test('a damaged bridge.json is said to be so', async () => {
    const cwd = await prepared();
    mkdirSync(join(cwd, 'state'), { recursive: true });
    for (const text of ['', '{}', '[]', '{"netconf":{"host":1,"port":2}}']) {
      writeFileSync(join(cwd, 'state', 'bridge.json'), text);
      const { code, stderr } = await runMup(update, { cwd });
      expect([code, stderr]).toEqual([2, expect.stringContaining('bridge.json')]);
    }
  });
});

test('no bytes make anything but a bridge file or a UsageError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (bytes) => {
        expect(decodeUtf8(bytes) ?? '').not.toContain('netconf');
        expect(() => parseBridgeFile(bytes)).toThrow(UsageError);
      },
    ),
  );
});
