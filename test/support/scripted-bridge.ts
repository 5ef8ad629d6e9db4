import { expect } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { UnavailableError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import type { CommandError } from '../../src/cli/exit-codes.ts';
import { updateFailure } from '../../src/cli/update-failure.ts';
import type { UpdateSession } from '../../src/cli/update-preparation.ts';
import { runUpdateSteps, type UpdateDependencies } from '../../src/cli/update-run.ts';
import type { UpdateStep } from '../../src/cli/update-steps.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { privateKey } from '../../src/mup/signature-scheme.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { RpcReplyError } from '../../src/netconf/client.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { eagerClock } from './eager-clock.ts';

export const uuid = deviceUuid('3F2504E0-4F89-11D3-9A0C-0305E82C3301');
export const vendorKey = privateKey(new Uint8Array(32).fill(1), '1');
export const serverKey = privateKey(new Uint8Array(32).fill(2), '1');
export const image = Uint8Array.from({ length: 3000 }, (_, i) => i % 7);
export const digest = sha256(image);
export const nonce = '00112233445566778899aabbccddeeff';
export const manifest = signManifest(
  { suite: '1', appId: 'lamp', linkOffset: 0, digest, size: image.length, newVersion: 2, oldVersion: 0 },
  vendorKey,
  es256,
);

const bridge = 'urn:mup:yang:mup-bridge';
const module = 'urn:mup:yang:mqtt-lamp';

type Leaf = readonly [name: string, children: string | readonly Leaf[]];

function tree(namespace: string, [name, children]: Leaf): XmlElement {
  return element(
    namespace,
    name,
    typeof children === 'string' ? children : children.map((child) => tree(namespace, child)),
  );
}

/** A bridge with one device, whose RPCs and leaves have names that no code could guess. */
export class ScriptedBridge implements UpdateSession {
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

export async function run(
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
        sha256,
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

export function replyError(appTag: string | undefined, tag = 'operation-failed'): RpcReplyError {
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
