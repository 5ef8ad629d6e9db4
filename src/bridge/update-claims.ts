import type { Clock } from '../base/clock.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { errorInfoNamespace, RpcError } from '../netconf/rpc-error.ts';
import { element } from '../xml/element.ts';
import { TransferProgress } from './transfer-progress.ts';

/** What goes on with a device's firmware right now, as `get` shows it. */
export interface UpdateActivity {
  /** The job, or undefined when a NETCONF client drives the steps itself. */
  readonly job?: string;
  readonly progress: TransferProgress;
}

/** One update a device at a time (mup-protocol §4); a second one is refused with the first one's id. */
export class UpdateClaims {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #claims = new Map<DeviceUuid, UpdateActivity>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  get(uuid: DeviceUuid): UpdateActivity | undefined {
    return this.#claims.get(uuid);
  }

  /** @throws RpcError `update-in-progress` when somebody else holds the device */
  refuseIfClaimed(uuid: DeviceUuid): void {
    const claim = this.#claims.get(uuid);
    if (claim === undefined) return;
    const owner = claim.job === undefined ? 'a NETCONF client' : `job ${claim.job}`;
    throw new RpcError(
      'application',
      'in-use',
      `the firmware of device ${uuid} is being updated by ${owner}`,
      {
        appTag: 'update-in-progress',
        ...(claim.job === undefined ? {} : { info: [element(errorInfoNamespace, 'job', claim.job)] }),
      },
    );
  }

  /** Takes the device until `release` is called. @throws RpcError `update-in-progress` */
  claim(uuid: DeviceUuid, job?: string): { readonly activity: UpdateActivity; release(): void } {
    this.refuseIfClaimed(uuid);
    const progress = new TransferProgress(this.#clock);
    const activity: UpdateActivity = { progress, ...(job === undefined ? {} : { job }) };
    this.#claims.set(uuid, activity);
    return {
      activity,
      release: () => {
        if (this.#claims.get(uuid) === activity) this.#claims.delete(uuid);
      },
    };
  }
}
