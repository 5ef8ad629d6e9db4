import type { DeviceUuid } from '../base/ids.ts';
import type { DescriptionTemplate } from './description-template.ts';

/** Reads what devices say of themselves. */
export interface DescriptionReader {
  /**
   * Reads and checks a description: JSON-LD, or JSON-LD packed with zlib (mup-protocol §1).
   * @throws DescriptionError when it is refused, with what is wrong and where
   * @throws UnavailableError `reader-busy` when too many wait, `reader-closed` after `close`
   */
  read(uuid: DeviceUuid, bytes: Uint8Array): Promise<DescriptionTemplate>;
  close(): Promise<void>;
}
