import type { NetconfClient } from '../netconf/client.ts';
import type { ConfigTree } from '../netconf/config-view.ts';
import type { DatastoreName } from '../netconf/datastore-locks.ts';
import { baseNamespace } from '../netconf/namespaces.ts';
import { childElement, childElements, element, type XmlElement } from '../xml/element.ts';

/** The configuration of a bridge, for commands: of one that runs, or of a state directory. */
export interface ConfigAccess {
  /** The datastore; of a state directory there is `startup` alone, from which a bridge begins. */
  read(datastore: DatastoreName): Promise<ConfigTree>;
  /**
   * Merges into `running`, where a bridge runs, and into `startup`, so that it lasts.
   * @param edit top-level elements, with `operation` attributes where something else is to be done
   * @throws RpcReplyError, RpcError as edit-config does
   */
  merge(edit: readonly XmlElement[]): Promise<void>;
}

/** The configuration of a bridge that runs. */
export function runningConfig(client: Pick<NetconfClient, 'rpc'>): ConfigAccess {
  return {
    async read(datastore) {
      const data = childElement(await client.rpc(getConfig(datastore)), baseNamespace, 'data');
      return data === undefined ? [] : childElements(data);
    },
    async merge(edit) {
      // One after the other, and not a copy: what others have changed in `running` alone stays there alone.
      for (const target of ['running', 'startup'] as const) await client.rpc(editConfig(target, edit));
    },
  };
}

/** `<copy-config>` of `running` to `startup` (RFC 6241 §8.7.5.1). */
export function saveConfig(): XmlElement {
  return base('copy-config', [base('target', [base('startup', [])]), base('source', [base('running', [])])]);
}

function getConfig(datastore: DatastoreName): XmlElement {
  return base('get-config', [base('source', [base(datastore, [])])]);
}

function editConfig(target: DatastoreName, edit: readonly XmlElement[]): XmlElement {
  return base('edit-config', [base('target', [base(target, [])]), base('config', edit)]);
}

function base(name: string, children: readonly XmlElement[]): XmlElement {
  return element(baseNamespace, name, children);
}
