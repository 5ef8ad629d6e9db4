import type { DeviceUuid } from '../base/ids.ts';
import type { UpdateJob } from '../mup/update-job-types.ts';
import type { EventSink } from '../netconf/events/event.ts';
import type { Device } from '../registry/device.ts';
import type { XmlElement } from '../xml/element.ts';
import { container, leaf } from './bridge-elements.ts';
import { devicePath } from './device-path.ts';
import { progressLeaves } from './job-data.ts';
import type { TransferProgress } from './transfer-progress.ts';

/** The notifications of the module `mup-bridge`, in the streams `devices` and `updates`. */
export class BridgeEvents {
  readonly #sink: EventSink;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** A device is served now that was not, or described itself anew. */
  registered({ uuid, module }: Device, outcome: 'registered' | 'changed', category: string): void {
    this.#device(uuid, `device-${outcome}`, [
      leaf('uuid', uuid),
      leaf('category', category),
      leaf('module', module),
    ]);
  }

  pending(uuid: DeviceUuid, category: string): void {
    this.#device(uuid, 'device-pending', [leaf('uuid', uuid), leaf('category', category)]);
  }

  /** Somebody has described an accepted device who may not be it. */
  descriptionRefused(uuid: DeviceUuid, code: string, text: string): void {
    this.#device(uuid, 'description-refused', [
      leaf('uuid', uuid),
      leaf('code', code),
      leaf('message', text),
    ]);
  }

  removed(uuid: DeviceUuid): void {
    this.#device(uuid, 'device-removed', [leaf('uuid', uuid)]);
  }

  presence({ uuid, presence, firmwareVersion }: Device): void {
    this.#device(uuid, 'device-presence', [
      leaf('uuid', uuid),
      leaf('presence', presence),
      leaf('firmware-version', firmwareVersion),
    ]);
  }

  updateState({ id, uuid, digest, state, step, ending }: UpdateJob): void {
    this.#update(uuid, 'update-state', [
      leaf('job', id),
      leaf('device', uuid),
      leaf('image', digest),
      leaf('state', state),
      leaf('step', step),
      leaf('failure', ending?.code),
      leaf('message', ending?.text),
    ]);
  }

  /** The device reports the new version of a job that had failed. */
  updateReported({ id, uuid, newVersion }: UpdateJob): void {
    this.#update(uuid, 'update-reported', [
      leaf('job', id),
      leaf('device', uuid),
      leaf('new-version', newVersion),
    ]);
  }

  updateProgress({ id, uuid }: UpdateJob, progress: TransferProgress): void {
    this.#update(uuid, 'update-progress', [
      leaf('job', id),
      leaf('device', uuid),
      ...progressLeaves(progress),
    ]);
  }

  #device(uuid: DeviceUuid, name: string, children: readonly (XmlElement | undefined)[]): void {
    this.#emit('devices', uuid, name, children);
  }

  #update(uuid: DeviceUuid, name: string, children: readonly (XmlElement | undefined)[]): void {
    this.#emit('updates', uuid, name, children);
  }

  #emit(stream: string, uuid: DeviceUuid, name: string, children: readonly (XmlElement | undefined)[]): void {
    this.#sink.emit({ stream, content: container(name, children), about: devicePath(uuid) });
  }
}
