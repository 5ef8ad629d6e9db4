import { PeerError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { AccessPolicy } from '../access/user-access.ts';
import { bridgeNamespace } from '../namespaces.ts';
import type { DroppedFile, FileDrop } from './file-drop.ts';

const images = [{ namespace: bridgeNamespace, name: 'firmware' }];

/**
 * The same rules for images whichever way they come: who may call `update-firmware`, which takes an image
 * too, may put one, and who may read `/mup:firmware` sees those that are there.
 */
export class GuardedDrop implements FileDrop {
  readonly #drop: FileDrop;
  readonly #access: AccessPolicy;
  readonly #logger: Logger;

  constructor(drop: FileDrop, access: AccessPolicy, logger: Logger) {
    this.#drop = drop;
    this.#access = access;
    this.#logger = logger;
  }

  maxBytes(name: string): number {
    return this.#drop.maxBytes(name);
  }

  /** @throws PeerError `access-denied`, and what the drop throws */
  async put(username: string, name: string, content: Uint8Array, sourceHost: string): Promise<void> {
    if (!this.#access.forUser(username).mayCall(bridgeNamespace, 'update-firmware')) {
      this.#logger.info('access control denied a file', { username, file: name });
      throw new PeerError('access-denied', `user ${username} may not put images`);
    }
    await this.#drop.put(username, name, content, sourceHost);
  }

  async list(username: string): Promise<readonly DroppedFile[]> {
    return this.#access.forUser(username).mayRead(images) ? this.#drop.list(username) : [];
  }
}
