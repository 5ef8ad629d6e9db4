import type { NetconfClient } from '../netconf/client.ts';
import type { ConfigTree } from '../netconf/datastore/config-view.ts';
import type { DatastoreName } from '../netconf/datastore/datastore-locks.ts';
import { baseNamespace } from '../netconf/namespaces.ts';
import { childElement, childElements, element, type XmlElement } from '../xml/element.ts';

/** The configuration of a bridge, for commands: of one that runs, or of a state directory. */
export interface ConfigAccess {
  /** A datastore. Where no bridge runs, `running` is what it would begin with: `startup`. */
  read(datastore: DatastoreName): Promise<ConfigTree>;
  /**
   * Changes `running`, where a bridge runs, and `startup`, so that it lasts.
   * @param edit from the configuration as it is: top-level elements to merge, with `operation` attributes
   *   where something else is to be done
   * @returns the configuration afterwards
   * @throws RpcReplyError, RpcError as edit-config does, and whatever `edit` throws
   */
  change(edit: (config: ConfigTree) => readonly XmlElement[]): Promise<ConfigTree>;
}

/** The configuration of a bridge that runs. */
export function runningConfig(client: Pick<NetconfClient, 'rpc'>): ConfigAccess {
  const read = async (datastore: DatastoreName): Promise<ConfigTree> => {
    const data = childElement(await client.rpc(getConfig(datastore)), baseNamespace, 'data');
    return data === undefined ? [] : childElements(data);
  };
  return {
    read,
    async change(edit) {
      const changes = edit(await read('running'));
      // One after the other, and not a copy: what others have changed in `running` alone stays there alone.
      for (const target of ['running', 'startup'] as const) await client.rpc(editConfig(target, changes));
      return read('running');
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

/** `<edit-config>` (RFC 6241 §7.2). */
export function editConfig(target: DatastoreName, edit: readonly XmlElement[]): XmlElement {
  return base('edit-config', [base('target', [base(target, [])]), base('config', edit)]);
}

function base(name: string, children: readonly XmlElement[]): XmlElement {
  return element(baseNamespace, name, children);
}
