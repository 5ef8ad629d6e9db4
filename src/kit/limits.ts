import type { RpcConfig, UpdateConfig } from '../base/config.ts';

/** How long the device may take for what, milliseconds: what holds for a bridge, too. */
export type KitLimits = Pick<RpcConfig, 'timeoutMs'> &
  Pick<UpdateConfig, 'manifestDeadlineMs' | 'verifyDeadlineMs' | 'restartDeadlineMs' | 'maxTimeoutMs'> & {
    readonly sliceSizeBytes: number;
  };
