import { utf8 } from '../base/bytes.ts';
import { errorCode } from '../base/errors.ts';
import type { Digest } from '../base/ids.ts';
import { formatVendorManifest, parseVendorManifest } from '../mup/manifest-json.ts';
import type { DroppedFile, FileDrop } from '../netconf/sftp/file-drop.ts';
import type { AuditSink } from './audit-trail.ts';

/** Keeps account of the files that users put, images and manifests, by their digests. */
export class AuditedDrop implements FileDrop {
  readonly #drop: FileDrop;
  readonly #audit: AuditSink;
  readonly #sha256: (bytes: Uint8Array) => Digest;

  constructor(drop: FileDrop, audit: AuditSink, sha256: (bytes: Uint8Array) => Digest) {
    this.#drop = drop;
    this.#audit = audit;
    this.#sha256 = sha256;
  }

  maxBytes(name: string): number {
    return this.#drop.maxBytes(name);
  }

  list(username: string): Promise<readonly DroppedFile[]> {
    return this.#drop.list(username);
  }

  /** @throws what the drop throws */
  async put(username: string, name: string, content: Uint8Array, sourceHost: string): Promise<void> {
    const what = name.endsWith('.json')
      ? { manifest: this.#sha256(asKept(content)) }
      : { image: this.#sha256(content) };
    const facts = { user: username, from: sourceHost, operation: 'put-file', target: name, ...what };
    try {
      await this.#drop.put(username, name, content, sourceHost);
    } catch (error) {
      await this.#audit.record({ ...facts, outcome: 'refused', code: errorCode(error) ?? 'internal' });
      throw error;
    }
    await this.#audit.record({ ...facts, outcome: 'ok' });
  }
}

/** A manifest as the bridge keeps it, by whose digest its jobs are told, too; what is none, as it is. */
function asKept(content: Uint8Array): Uint8Array {
  try {
    return utf8(formatVendorManifest(parseVendorManifest(content, content.length)));
  } catch {
    return content;
  }
}
