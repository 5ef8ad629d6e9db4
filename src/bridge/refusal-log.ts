import type { DeviceUuid } from '../base/ids.ts';
import type { LogFields, Logger } from '../base/logger.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { isForeign } from './description-trust.ts';
import type { Refusal } from './registration-source.ts';

/** A description that may be of somebody else than the device. */
export interface ForeignDescription {
  readonly uuid: DeviceUuid;
  readonly code: string;
  readonly text: string;
  /** Whether the device is accepted, and this is the first such description since the last that was taken. */
  readonly alarm: boolean;
}

export interface RefusalLogDependencies {
  readonly registry: Pick<DeviceRegistry, 'get'>;
  readonly logger: Logger;
  /** Called when somebody else may have described a device, once for each reason. */
  readonly onForeign: (foreign: ForeignDescription) => void;
}

const maxRemembered = 1000;

/** Tells of each refusal once for each reason: whoever is refused tries again. */
export class RefusalLog {
  readonly #deps: RefusalLogDependencies;
  /** The last refusal of each name. */
  readonly #last = new Map<string, string>();
  /** Accepted devices of which somebody else has sent descriptions since the last that was taken. */
  readonly #alarmed = new Set<DeviceUuid>();

  constructor(deps: RefusalLogDependencies) {
    this.#deps = deps;
  }

  /** A device's description is refused. */
  refused(uuid: DeviceUuid, { code, text, level, reason }: Refusal): void {
    const isNew = this.#tell(uuid, level, `${code} ${text}`, { uuid, code, reason });
    if (isNew && isForeign(code)) this.#deps.onForeign({ uuid, code, text, alarm: this.#isAlarm(uuid) });
  }

  /** A description came under a name that is no device UUID. */
  unnamed(topic: string): void {
    const reason = 'a description came under a name that is no device UUID';
    this.#tell(topic, 'warn', 'bad-uuid', { topic, reason });
  }

  /** A device's description is taken: its next refusal is news. */
  taken(uuid: DeviceUuid): void {
    this.#last.delete(uuid);
    this.#alarmed.delete(uuid);
  }

  /**
   * @param refusal what makes it the same as the one before
   * @returns whether it is not
   */
  #tell(name: string, level: 'warn' | 'error', refusal: string, fields: LogFields): boolean {
    const { logger } = this.#deps;
    const isNew = this.#last.get(name) !== refusal;
    if (isNew) logger[level]('description refused', fields);
    else logger.debug('description refused again', fields);
    if (this.#last.size >= maxRemembered) this.#last.clear();
    this.#last.set(name, refusal);
    return isNew;
  }

  /** Whoever sends one such description sends more, for other reasons too. */
  #isAlarm(uuid: DeviceUuid): boolean {
    if (this.#deps.registry.get(uuid)?.module === undefined || this.#alarmed.has(uuid)) return false;
    this.#alarmed.add(uuid);
    return true;
  }
}
