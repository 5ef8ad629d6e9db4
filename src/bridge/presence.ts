import { decodeUtf8 } from '../base/bytes.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { statusFilter, uuidOfTopic } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { type PublicKey, publicKeyFromHex, type SignatureScheme } from '../mup/signature-scheme.ts';
import { parseOnline, presenceHolds } from '../mup/signed-presence.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';

/** What a device says of itself on its status topic (mup-protocol §1, presence). */
export interface PresenceReport {
  readonly presence: 'online' | 'offline';
  readonly firmwareVersion?: number;
  /** Which key of the update server it keeps (`keyId`). */
  readonly serverKey?: string;
  /** The device's, where it has a key of its own, raw. */
  readonly signature?: Uint8Array;
  /** The broker has kept it: it was so at some time, and may not be any more. */
  readonly retained?: boolean;
}

/** More than any of them has. */
const maxStatusBytes = 180;

/** Reads what {@link parseOnline} reads, or `offline`; `undefined` when it is none of them. */
export function parsePresence(payload: Uint8Array): PresenceReport | undefined {
  const text = payload.length > maxStatusBytes ? undefined : decodeUtf8(payload);
  if (text === 'offline') return { presence: 'offline' };
  const online = parseOnline(text ?? '');
  if (online === undefined) return undefined;
  const { said, signature } = online;
  const { firmwareVersion, serverKey } = said;
  return {
    presence: 'online',
    firmwareVersion,
    ...(serverKey !== undefined && { serverKey }),
    ...(signature !== undefined && { signature }),
  };
}

/**
 * Whether a report is the word of the device that owns the key (ADR 29). That it is gone is the word of the broker,
 * which has its will.
 */
export function reportHolds(
  uuid: DeviceUuid,
  { firmwareVersion, serverKey, signature }: PresenceReport,
  key: PublicKey,
  scheme: SignatureScheme,
): boolean {
  if (firmwareVersion === undefined) return true;
  return (
    signature !== undefined && presenceHolds(uuid, { firmwareVersion, serverKey }, signature, key, scheme)
  );
}

export interface PresenceDependencies {
  readonly transport: MqttTransport;
  readonly registry: DeviceRegistry;
  readonly scheme: SignatureScheme;
  readonly logger: Logger;
  readonly onPresence: (uuid: DeviceUuid, report: PresenceReport) => void;
}

/** Follows the status topics of all devices. */
export class PresenceService {
  readonly #deps: PresenceDependencies;
  /** Reports of devices that are not registered yet: their retained status comes before they register. */
  readonly #early = new Map<DeviceUuid, PresenceReport>();
  #unsubscribe: Unsubscribe = async () => {};

  constructor(deps: PresenceDependencies) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#unsubscribe = await this.#deps.transport.subscribe(statusFilter, 1, (message) =>
      this.#receive(message),
    );
  }

  async close(): Promise<void> {
    await this.#unsubscribe();
  }

  /** Applies what a device had said before it was registered. */
  async registered(uuid: DeviceUuid): Promise<void> {
    const report = this.#early.get(uuid);
    this.#early.delete(uuid);
    if (report?.presence !== 'online' || !this.#speaks(uuid) || !this.#holds(uuid, report)) return;
    this.#deps.onPresence(uuid, report);
    await this.#deps.registry.heard(uuid, 'online', report.firmwareVersion, report.serverKey);
  }

  #receive({ topic, payload, retain }: MqttMessage): void {
    const { registry, logger, onPresence } = this.#deps;
    const uuid = uuidOfTopic(statusFilter, topic);
    const said = parsePresence(payload);
    if (uuid === undefined || said === undefined) {
      if (payload.length > 0)
        logger.debug('a status that is none was dropped', { topic: topic.slice(0, 120) });
      return;
    }
    const report = { ...said, retained: retain };
    if (registry.get(uuid) === undefined) {
      this.#remember(uuid, report);
      return;
    }
    if (!this.#speaks(uuid) || !this.#holds(uuid, report)) return;
    // A device that is pending has more to say before it is accepted.
    this.#early.delete(uuid);
    registry
      .heard(uuid, report.presence, report.firmwareVersion, report.serverKey)
      .catch((error) => logger.error('presence was not stored', { uuid, reason: errorMessage(error) }));
    onPresence(uuid, report);
  }

  /** Devices of other profiles say nothing there (mup-protocol §1): whoever does is somebody else. */
  #speaks(uuid: DeviceUuid): boolean {
    return this.#deps.registry.kind(uuid)?.profile === 'mup';
  }

  /**
   * A device with a key of its own signs which version it runs and which key it keeps; nobody else says it.
   */
  #holds(uuid: DeviceUuid, report: PresenceReport): boolean {
    const { registry, scheme, logger } = this.#deps;
    const signer = registry.get(uuid)?.signer;
    const key = signer?.by === 'device' ? publicKeyFromHex(signer.key) : undefined;
    if (key === undefined || reportHolds(uuid, report, key, scheme)) return true;
    const { firmwareVersion } = report;
    logger.warn('a device did not sign the version that somebody says it runs', { uuid, firmwareVersion });
    return false;
  }

  #remember(uuid: DeviceUuid, report: PresenceReport): void {
    const maxEarly = 10_000;
    if (this.#early.size >= maxEarly) this.#early.clear();
    this.#early.set(uuid, report);
  }
}
