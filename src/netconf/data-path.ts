/** One step to a node of the data: a container or leaf, or a list entry where `keys` name one. */
export interface PathStep {
  readonly namespace: string;
  readonly name: string;
  /** Values of a list's keys by their names, canonical. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** A node instance, from its top-level node down (RFC 6020 §9.13). */
export type DataPath = readonly PathStep[];
