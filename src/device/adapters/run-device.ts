import { startSha256 } from '../../base/adapters/node-runtime.ts';
import type { Clock } from '../../base/clock.ts';
import type { MqttConfig, RegistrationConfig } from '../../base/config.ts';
import type { DeviceUuid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { RandomBytes } from '../../base/random.ts';
import { connectMqtt } from '../../mqtt/adapters/mqtt-js.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import type { PrivateKey, PublicKey } from '../../mup/signature-scheme.ts';
import { isSignedDescription, parseSignedDescription } from '../../mup/signed-description.ts';
import { createDescriptionReader } from '../../ontology/adapters/worker-reader.ts';
import { type DescriptionTemplate, instantiate } from '../../ontology/description-template.ts';
import { DeviceAgent } from '../agent.ts';
import type { Behaviour } from '../behaviour.ts';
import type { DeviceEventListener } from '../events.ts';
import type { DeviceLimits } from '../options.ts';
import { presenceWill } from '../presence.ts';
import { openStateDirectory } from './state-directory.ts';

export interface RunDeviceOptions {
  /**
   * JSON-LD, plain or packed with zlib, also with its vendor's signature before it; `%s` stands for the UUID.
   * Published as it is, unless the device signs it with a key of its own.
   */
  readonly description: Uint8Array;
  readonly uuid: DeviceUuid;
  readonly mqtt: Omit<MqttConfig, 'embedded'>;
  /** Bounds of reading the description. */
  readonly registration: RegistrationConfig;
  /** Ontologies, mappings and contexts that the description needs besides ours. */
  readonly ontologiesDir?: string;
  /** Where the device keeps its firmware and keys; made when it is not there. */
  readonly stateDir: string;
  readonly appId: string;
  /** Version of the firmware of a new device. */
  readonly firmwareVersion: number;
  /** Octets of the largest image. */
  readonly slotBytes: number;
  readonly vendorKey?: PublicKey;
  readonly trustFirstKey: boolean;
  /** The device's own key, with which it signs its description (ADR 29). */
  readonly signKey?: PrivateKey;
  /** 0: no telemetry. */
  readonly telemetryIntervalMs: number;
  /** Octets of description in one piece. */
  readonly pieceBytes: number;
  /** Announces the digest of the description before the description itself (mup-protocol §1). */
  readonly digestFirst?: boolean;
  readonly behaviour?: Behaviour;
  readonly limits?: Partial<DeviceLimits>;
  /** Hears the events from the first on. */
  readonly onEvent?: DeviceEventListener;
  readonly deps: {
    readonly clock: Clock;
    readonly random: RandomBytes;
    readonly logger: Logger;
    /** Where every MQTT packet is traced; none are unless given. */
    readonly mqttTrace?: Logger;
  };
}

/**
 * Reads the description, opens the state directory, connects to the broker and boots a device, which runs
 * until it is closed. Resolves when it has booted; that does not wait for the broker.
 * @throws DescriptionError when the description is refused; UsageError `device-state-damaged`,
 *   `device-state-foreign`, `profile-unsupported`, `manifest-operation-incomplete`, or what is wrong with
 *   the MQTT settings, `state-in-use` while another device runs on the directory; UnavailableError `state-directory`
 */
export async function runDevice(options: RunDeviceOptions): Promise<DeviceAgent> {
  const { uuid, description, stateDir, digestFirst, onEvent, deps } = options;
  const template = await readDescription(options);
  const store = await openStateDirectory(stateDir);
  let transport: MqttTransport | undefined;
  try {
    // Last: with its client id it takes the place of one that is running.
    transport = connected(options);
    const agent = new DeviceAgent({
      ...options,
      descriptionBytes: description,
      description: instantiate(template, uuid),
      transport,
      store,
      ...(digestFirst === true && { announceDigest: template.digest }),
      deps: { ...deps, scheme: allSuites, startSha256 },
    });
    if (onEvent !== undefined) agent.onEvent(onEvent);
    await agent.start();
    return agent;
  } catch (error) {
    await transport?.close();
    await store.close();
    throw error;
  }
}

function connected({ uuid, mqtt, deps }: RunDeviceOptions): MqttTransport {
  return connectMqtt(
    // Always the same id: a connection that the broker still holds open after a power cut is taken over
    // now, instead of publishing its will long after the device has said that it is back.
    { ...mqtt, clientId: `mup-device-${uuid}`, will: presenceWill(uuid) },
    {
      clock: deps.clock,
      random: deps.random,
      logger: deps.logger,
      ...(deps.mqttTrace && { trace: deps.mqttTrace }),
    },
  );
}

/** A vendor's signature is for the bridge. @throws PeerError `bad-signature` */
function unsigned(description: Uint8Array): Uint8Array {
  return isSignedDescription(description) ? parseSignedDescription(description).octets : description;
}

/** The device reads its own description once; its ontologies are not needed after that. */
async function readDescription({
  uuid,
  description,
  registration,
  ontologiesDir,
  deps,
}: RunDeviceOptions): Promise<DescriptionTemplate> {
  const reader = createDescriptionReader({
    config: registration,
    clock: deps.clock,
    logger: deps.logger,
    ...(ontologiesDir === undefined ? {} : { operatorDir: ontologiesDir }),
  });
  try {
    return await reader.read(uuid, unsigned(description));
  } finally {
    await reader.close();
  }
}
