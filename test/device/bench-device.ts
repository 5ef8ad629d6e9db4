import { createHash } from 'node:crypto';
import { sha256, startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { toHex, utf8 } from '../../src/base/bytes.ts';
import type { DeviceDescription, Field, FieldRole, Operation } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { DeviceAgent } from '../../src/device/agent.ts';
import type { DeviceEvent } from '../../src/device/events.ts';
import type { DeviceAgentOptions } from '../../src/device/options.ts';
import { presenceWill } from '../../src/device/presence.ts';
import { decodeResponse, encodeRequest, type RpcResponse } from '../../src/mqtt/rpc-codec.ts';
import type { MqttTransport, PublishOptions } from '../../src/mqtt/transport.ts';
import { allSuites, es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { SliceChainHead } from '../../src/mup/authenticated-slices.ts';
import { endorse, formatRegistrationAnswer } from '../../src/mup/endorsement.ts';
import { keyId } from '../../src/mup/key-id.ts';
import type { DeviceToken, ExtendedManifest, UnsignedManifest } from '../../src/mup/manifest.ts';
import { type PrivateKey, privateKey } from '../../src/mup/signature-scheme.ts';
import { extendManifest, signManifest } from '../../src/mup/signing.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryDeviceStore } from '../support/memory-device-store.ts';
import { ScriptedBroker, type ScriptedTransport } from '../support/scripted-transport.ts';

export const uuid = deviceUuid('F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD');
export const topics = {
  description: `mup/description/${uuid}`,
  descriptionStatus: `mup/description/${uuid}/status`,
  status: `mup/status/${uuid}`,
  firmware: `mup/firmware/${uuid}`,
  image: `mup/firmware/${uuid}/image`,
  ack: `mup/firmware/${uuid}/ack`,
  answers: `mup/response/${uuid}`,
  lamp: `actuators/lamp/${uuid}`,
  temperature: `sensors/temperature/${uuid}`,
};

/** Keys that are the same in every run, so that signatures and tests are. */
function keyOf(name: string): PrivateKey {
  return privateKey(new Uint8Array(createHash('sha256').update(name).digest()), '1');
}

export const vendor = keyOf('vendor');
export const server = keyOf('update server');
export const stranger = keyOf('stranger');
export const vendorKey = es256.publicKeyOf(vendor);
export const serverKey = es256.publicKeyOf(server);
export const strangerKey = es256.publicKeyOf(stranger);

/** What the device says of itself once it keeps the key of the update server. */
export const saysOnline = (version: number, key = serverKey): string => `online;${version};${keyId(key)}`;

function text(name: string, role?: FieldRole): Field {
  return {
    name,
    type: { kind: 'scalar', datatype: 'string' },
    mandatory: true,
    ...(role === undefined ? {} : { role }),
  };
}

function operation(part: Pick<Operation, 'name' | 'role' | 'mqttMethod'> & Partial<Operation>): Operation {
  return {
    topic: topics.firmware,
    answerTopic: topics.answers,
    inputs: [],
    outputs: [],
    states: [],
    ...part,
  };
}

export const manifestRoles = [
  'suite',
  'appId',
  'linkOffset',
  'imageDigest',
  'imageSize',
  'newVersion',
  'oldVersion',
  'innerSignature',
  'deviceUuid',
  'nonce',
  'outerSignature',
] as const satisfies readonly FieldRole[];

const sliceRoles = ['sliceSize', 'sliceHash'] as const satisfies readonly FieldRole[];

/** A lamp whose firmware can be updated, as the ontology reader would read it. */
export const description: DeviceDescription = {
  uuid,
  category: 'lamp',
  profile: 'mup',
  remarks: [],
  operations: [
    operation({
      name: 'getDeviceToken',
      role: 'token',
      mqttMethod: 'GET-DEVICE-TOKEN',
      outputs: [text('deviceUuid', 'deviceUuid'), text('nonce', 'nonce'), text('version', 'firmwareVersion')],
    }),
    operation({
      name: 'sendExtendedManifest',
      role: 'manifest',
      mqttMethod: 'SEND-EXTENDED-MANIFEST',
      inputs: manifestRoles.map((role) => text(role, role)),
    }),
    operation({
      name: 'sendFirmwareImage',
      role: 'firmware',
      mqttMethod: 'SEND-FIRMWARE-IMAGE',
      inputs: [text('image', 'image')],
      inputTopic: topics.image,
      acknowledgementTopic: topics.ack,
    }),
    operation({
      name: 'rotateVendorKey',
      role: 'vendor-key',
      mqttMethod: 'ROTATE-VENDOR-KEY',
      inputs: [
        text('newKey', 'newVendorKey'),
        text('counter', 'vendorKeyCounter'),
        text('signature', 'vendorKeySignature'),
      ],
    }),
    operation({
      name: 'setColor',
      role: 'generic',
      mqttMethod: 'SET-COLOR',
      topic: topics.lamp,
      states: [{ name: 'OK' }, { name: 'ERROR' }],
      inputs: [
        {
          name: 'color',
          mandatory: true,
          type: {
            kind: 'structure',
            fields: ['red', 'green', 'blue'].map((name) => ({
              name,
              mandatory: true,
              type: { kind: 'scalar', datatype: 'int', minInclusive: '0', maxInclusive: '255' },
            })),
          },
        },
        {
          name: 'mode',
          mandatory: false,
          type: { kind: 'enumeration', values: [{ name: 'steady' }, { name: 'blink;slow' }] },
        },
      ],
      outputs: [
        {
          name: 'brightness',
          mandatory: true,
          type: { kind: 'scalar', datatype: 'int', minInclusive: '10', maxInclusive: '20' },
        },
      ],
    }),
  ],
  dataPoints: [
    {
      name: 'temperature',
      topic: topics.temperature,
      type: {
        kind: 'scalar',
        datatype: 'decimal',
        minInclusive: '-20',
        maxInclusive: '60',
        fractionDigits: 1,
      },
    },
  ],
};

/** The same lamp, with slices that are authenticated (ADR 28). */
export const authenticating: DeviceDescription = {
  ...description,
  operations: description.operations.map((one) =>
    one.role === 'manifest'
      ? {
          ...one,
          inputs: [
            ...one.inputs.slice(0, -1),
            ...sliceRoles.map((role) => text(role, role)),
            ...one.inputs.slice(-1),
          ],
        }
      : one,
  ),
};

/** 1,000 octets that are not all the same. */
export const image = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

export const unsigned: UnsignedManifest = {
  suite: '1',
  appId: 'APP',
  linkOffset: 0,
  digest: sha256(image),
  size: image.length,
  newVersion: 2,
  oldVersion: 1,
};

/** The extended manifest of an update server, with changes before and after it was signed. */
export function extended(
  token: DeviceToken,
  {
    manifest = {},
    vendorOf = vendor,
    serverOf = server,
    slices,
  }: {
    manifest?: Partial<UnsignedManifest>;
    vendorOf?: PrivateKey;
    serverOf?: PrivateKey;
    slices?: SliceChainHead;
  } = {},
): ExtendedManifest {
  const signed = signManifest({ ...unsigned, ...manifest }, vendorOf, es256);
  return extendManifest({ ...signed, ...(slices && { slices }) }, token, serverOf, es256);
}

/** The inputs of `SEND-EXTENDED-MANIFEST`. */
export function manifestInputs(manifest: ExtendedManifest): string[] {
  return [
    manifest.suite,
    manifest.appId,
    String(manifest.linkOffset),
    manifest.digest,
    String(manifest.size),
    String(manifest.newVersion),
    String(manifest.oldVersion),
    toHex(manifest.innerSignature),
    manifest.uuid,
    manifest.nonce,
    ...(manifest.slices ? [String(manifest.slices.sliceSize), manifest.slices.hash] : []),
    toHex(manifest.outerSignature),
  ];
}

/** Bytes that are different at each call and the same in each run. */
export function countingRandom(): (length: number) => Uint8Array {
  let calls = 0;
  return (length) => {
    calls += 1;
    return new Uint8Array(createHash('shake128', { outputLength: length }).update(`${calls}`).digest());
  };
}

/** The answer of a bridge whose key the vendor endorsed. */
export function endorsed(key: PrivateKey, epoch: number, by: PrivateKey = vendor): string {
  const publicKey = es256.publicKeyOf(key);
  return formatRegistrationAnswer({
    serverKey: publicKey,
    epoch,
    signature: endorse(publicKey, epoch, by, es256),
  });
}

/** A device on a broker in memory, with a bridge that the test plays. */
export class BenchDevice {
  readonly clock: ManualClock;
  readonly broker: ScriptedBroker;
  readonly transport: ScriptedTransport;
  readonly store: MemoryDeviceStore;
  readonly agent: DeviceAgent;
  readonly events: DeviceEvent[] = [];
  #requests = 0;

  constructor(
    changes: Partial<DeviceAgentOptions> & {
      wrap?: (transport: MqttTransport, clock: ManualClock) => MqttTransport;
    } = {},
    {
      store = new MemoryDeviceStore(),
      protocolVersion = 5 as 4 | 5,
      broker = new ScriptedBroker(),
      hasVendorKey = true,
    } = {},
  ) {
    const { wrap, ...options } = changes;
    this.clock = new ManualClock();
    this.broker = broker;
    this.transport = this.broker.connect({ will: presenceWill(uuid), protocolVersion });
    this.store = store;
    this.agent = new DeviceAgent({
      descriptionBytes: utf8('{"the description of": "%s"}'),
      description,
      transport: wrap?.(this.transport, this.clock) ?? this.transport,
      store,
      appId: 'APP',
      firmwareVersion: 1,
      slotBytes: 4096,
      ...(hasVendorKey && { vendorKey }),
      trustFirstKey: false,
      telemetryIntervalMs: 0,
      pieceBytes: 10,
      deps: {
        clock: this.clock,
        random: countingRandom(),
        logger: silentLogger,
        scheme: allSuites,
        startSha256,
      },
      ...options,
    });
    this.agent.onEvent((event) => this.events.push(event));
  }

  /** Events of one kind. */
  seen<Kind extends DeviceEvent['kind']>(kind: Kind): Extract<DeviceEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<DeviceEvent, { kind: Kind }> => event.kind === kind);
  }

  settled(): Promise<void> {
    return this.broker.settled();
  }

  async start(): Promise<this> {
    await this.agent.start();
    await this.settled();
    return this;
  }

  /** Starts it and answers its registration. */
  async startRegistered(answer = endorsed(server, 1)): Promise<this> {
    await this.start();
    await this.answerRegistration(answer);
    return this;
  }

  async answerRegistration(answer: string): Promise<void> {
    this.broker.inject(topics.descriptionStatus, answer);
    await this.settled();
  }

  /** One request; `undefined` when no answer comes. */
  async request(
    topic: string,
    method: string,
    inputs: readonly string[] = [],
    options: PublishOptions = {},
  ): Promise<RpcResponse | undefined> {
    this.#requests += 1;
    const id = `r${this.#requests}`;
    const before = this.broker.published.length;
    this.broker.inject(topic, encodeRequest({ id, method, inputs, profile: 'mup' }), options);
    await this.settled();
    const answers = this.broker.published
      .slice(before)
      .filter((message) => message.topic === topics.answers)
      .map((message) => decodeResponse(message.payload, 'mup'));
    return answers.find((answer) => answer.id === id);
  }

  async token(): Promise<DeviceToken> {
    const answer = await this.request(topics.firmware, 'GET-DEVICE-TOKEN');
    const [device = '', nonce = '', version = ''] = answer?.outputs ?? [];
    return { uuid: device, nonce, version: Number(version) };
  }

  async sendManifest(manifest: ExtendedManifest): Promise<string | undefined> {
    const answer = await this.request(topics.firmware, 'SEND-EXTENDED-MANIFEST', manifestInputs(manifest));
    return answer?.state;
  }

  /** Sends a slice and returns the offsets that were acknowledged. */
  async slice(offset: number, bytes: Uint8Array): Promise<number[]> {
    const before = this.broker.published.length;
    this.broker.inject(topics.image, encodeSlice(offset, bytes), { qos: 0 });
    await this.settled();
    return this.broker.published
      .slice(before)
      .filter((message) => message.topic === topics.ack)
      .map((message) => new DataView(message.payload.slice().buffer).getUint32(0));
  }

  async sendImage(bytes: Uint8Array = image, from = 0, sliceBytes = 300): Promise<void> {
    for (let at = from; at < bytes.length; at += sliceBytes)
      await this.slice(at, bytes.subarray(at, at + sliceBytes));
  }

  async fin(): Promise<string | undefined> {
    return (await this.request(topics.firmware, 'SEND-FIRMWARE-IMAGE', ['FIN']))?.state;
  }

  /** A token, and an accepted manifest. */
  async begin(manifest: Partial<UnsignedManifest> = {}): Promise<ExtendedManifest> {
    const sent = extended(await this.token(), { manifest });
    await this.sendManifest(sent);
    return sent;
  }
}
