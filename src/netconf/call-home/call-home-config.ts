import { childElement, childElements, textOf, type XmlElement } from '../../xml/element.ts';
import type { ConfigTree } from '../datastore/config-view.ts';
import { bridgeNamespace } from '../namespaces.ts';

/** A NETCONF client that waits to be called (RFC 8071 §2). */
export interface CallHomeTarget {
  readonly name: string;
  /** IP address or host name. */
  readonly address: string;
  readonly port: number;
  /** The first wait before it is called again; doubles with each failure. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
}

/** RFC 8071 §5: the port of netconf-ch-ssh. */
const callHomePort = 4334;
const defaults = { reconnectMinMs: 1000, reconnectMaxMs: 60_000 };

/** The clients of `/mup:call-home` that are enabled. The datastore has checked the leaves against their types. */
export function configuredTargets(running: ConfigTree): CallHomeTarget[] {
  const callHome = running.find(
    ({ namespace, name }) => namespace === bridgeNamespace && name === 'call-home',
  );
  const clients =
    callHome === undefined ? [] : childElements(callHome).filter(({ name }) => name === 'client');
  return clients.filter((client) => leaf(client, 'enabled') !== 'false').map(targetOf);
}

function targetOf(client: XmlElement): CallHomeTarget {
  const number = (name: string, otherwise: number): number => Number(leaf(client, name) ?? otherwise);
  return {
    name: leaf(client, 'name') ?? '',
    address: leaf(client, 'address') ?? '',
    port: number('port', callHomePort),
    reconnectMinMs: number('reconnect-min', defaults.reconnectMinMs),
    reconnectMaxMs: number('reconnect-max', defaults.reconnectMaxMs),
  };
}

function leaf(parent: XmlElement, name: string): string | undefined {
  const found = childElement(parent, bridgeNamespace, name);
  return found === undefined ? undefined : textOf(found);
}

/**
 * A client as a setting names it: `host`, `host:port`, `[address]:port`, or a bare IPv6 address.
 * @returns `undefined` for a text that names none
 */
export function targetFromText(text: string): CallHomeTarget | undefined {
  const named =
    /^\[([0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,16})?)\](?::(\d{1,5}))?$/.exec(text) ??
    /^([A-Za-z0-9_.-]{1,253})(?::(\d{1,5}))?$/.exec(text) ??
    /^([0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$/.exec(text);
  const [, address = '', digits = String(callHomePort)] = named ?? [];
  const port = Number(digits);
  if (named === null || port < 1 || port > 65_535) return undefined;
  return { name: text, address, port, ...defaults };
}
