import { UnavailableError } from '../../../src/base/errors.ts';
import { type UserAccess, unrestricted } from '../../../src/netconf/access/user-access.ts';
import type { DatastoreStore } from '../../../src/netconf/datastore/committed-trees.ts';
import type { ConfigChange } from '../../../src/netconf/datastore/config-change.ts';
import type { ConfigRequester, PrepareConfig } from '../../../src/netconf/datastore/datastores.ts';
import { Datastores } from '../../../src/netconf/datastore/datastores.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { config, faultText, shown, testModule, testNamespace } from '../config-fixture.ts';

/** A disk that fails when it is told to. */
export class MemoryStore implements DatastoreStore {
  text: string | undefined;
  fails = false;
  saves = 0;

  constructor(text?: string) {
    this.text = text;
  }

  async load(): Promise<string | undefined> {
    return this.text;
  }

  async save(text: string | undefined): Promise<void> {
    if (this.fails) throw new UnavailableError('disk-full', 'no space left on device');
    this.saves += 1;
    this.text = text;
  }
}

interface Fixture {
  readonly datastores: Datastores;
  readonly store: MemoryStore;
  readonly logger: RecordingLogger;
  readonly changes: ConfigChange[];
}

/** Opens datastores. @param startup content of the startup configuration */
export async function open(
  startup?: string,
  more: { readonly prepare?: PrepareConfig; readonly maxConfigBytes?: number } = {},
): Promise<Fixture> {
  const text =
    startup === undefined
      ? undefined
      : `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">${startup}</config>`;
  const store = new MemoryStore(text);
  const logger = new RecordingLogger();
  const datastores = await Datastores.open({
    schemas: [testModule],
    store,
    clock: new ManualClock(),
    logger,
    maxConfigBytes: 10_000,
    ...more,
  });
  const changes: ConfigChange[] = [];
  datastores.onCommitted((change) => changes.push(change));
  return { datastores, store, logger, changes };
}

export const named = (name: string): string => `<top xmlns="${testNamespace}"><name>${name}</name></top>`;
export const running = ({ datastores }: Fixture): string => shown(datastores.running());
export const startup = ({ datastores }: Fixture): string => shown(datastores.read('startup'));
export const merge = (content: string) => ({ target: 'running', config: config(content) }) as const;

/** A user in a session of its own, who may do everything unless told otherwise. */
export function user(id: number, access: Partial<UserAccess> = {}): ConfigRequester & { end(): void } {
  const aborter = new AbortController();
  return {
    session: { id, username: `user${id}`, sourceHost: '192.0.2.1', loginTime: 0 },
    signal: aborter.signal,
    access: { ...unrestricted, ...access },
    end: () => aborter.abort(),
  };
}

/** The fault that an action ends with, as text. */
export async function fault(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'no error';
  } catch (error) {
    return error instanceof RpcError ? faultText(error) : String(error);
  }
}
