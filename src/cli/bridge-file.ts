import { decodeUtf8 } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';

/** File in the state directory in which a running bridge says where it serves. */
export const bridgeFile = 'bridge.json';

/** The user whose key the bridge makes for commands on its own machine. */
export const localUser = 'local';

/** That user's private key of SSH, in the state directory. */
export const localKeyFile = 'keys/local_client_ed25519';

/** What a running bridge says of itself, for commands on its machine. */
export interface BridgeFile {
  readonly netconf: { readonly host: string; readonly port: number };
  readonly hostKeys: readonly { readonly type: string; readonly sha256: string }[];
  readonly pid: number;
  readonly version: string;
}

/**
 * Reads the file.
 * @throws UsageError `bad-bridge-file`
 */
export function parseBridgeFile(bytes: Uint8Array): BridgeFile {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes) ?? '');
    if (isBridgeFile(value)) return value;
  } catch {
    // Said below: whether it is no JSON or other JSON makes no difference.
  }
  throw new UsageError('bad-bridge-file', 'the file in which the bridge says where it serves is damaged', {
    where: bridgeFile,
    hint: 'Restart the bridge, which writes it anew.',
  });
}

function isBridgeFile(value: unknown): value is BridgeFile {
  const { netconf, hostKeys, pid, version } = recordOf(value);
  const { host, port } = recordOf(netconf);
  return (
    typeof host === 'string' &&
    typeof port === 'number' &&
    Array.isArray(hostKeys) &&
    hostKeys.every((key) => typeof recordOf(key)['sha256'] === 'string') &&
    typeof pid === 'number' &&
    typeof version === 'string'
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
