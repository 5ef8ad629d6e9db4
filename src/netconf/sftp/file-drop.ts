/** A file as the directory listing of the drop shows it. */
export interface DroppedFile {
  readonly name: string;
  /** Octets. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/**
 * Where files go that clients send by SFTP: one flat directory, whole files only. The bridge puts them
 * in its image repository.
 */
export interface FileDrop {
  /**
   * Takes a complete file.
   * @param sourceHost address of the client
   * @throws PeerError whose message is for the client
   */
  put(username: string, name: string, content: Uint8Array, sourceHost: string): Promise<void>;
  /** The most octets that a file of this name may have; 0: no file may have this name. */
  maxBytes(name: string): number;
  /** The files that are there, as far as the user may see them. */
  list(username: string): Promise<readonly DroppedFile[]>;
}

/** Whether a name is that of a file: no folder, not hidden, nothing that a terminal or shell minds. */
export function isFileName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,127}$/.test(name);
}
