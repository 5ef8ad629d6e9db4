import type { DeviceUuid } from '../base/ids.ts';
import { errorInfoNamespace, RpcError } from '../netconf/rpc-error.ts';
import { element, type XmlElement } from '../xml/element.ts';
import { failureName } from '../yang/identifiers.ts';

/** What one member of a virtual device did. */
export interface MemberOutcome {
  readonly uuid: DeviceUuid;
  /** In the namespace of the virtual device's module; or why there are none. */
  readonly result: readonly XmlElement[] | RpcError;
}

/** Members that the message names, and that error-info lists. */
const maxNamed = 5;
const maxListed = 100;

/** Why a member did not do it, in its entry of the answer. */
export function failureElement(namespace: string, error: RpcError): XmlElement {
  return element(namespace, failureName, reasons(namespace, error));
}

/** All members of a virtual device failed: one error that says why each did, as far as there is room. */
export function membersFailed(uuid: DeviceUuid, outcomes: readonly MemberOutcome[]): RpcError {
  const failures = outcomes.flatMap(({ uuid: member, result }) =>
    result instanceof RpcError ? [{ member, error: result }] : [],
  );
  const named = failures.slice(0, maxNamed).map(({ member, error }) => `${member}: ${error.message}`);
  const more = failures.length > maxNamed ? [`and ${failures.length - maxNamed} more`] : [];
  return new RpcError(
    'application',
    'operation-failed',
    `no member of device ${uuid} did it: ${[...named, ...more].join('; ')}`,
    {
      appTag: 'members-failed',
      info: failures
        .slice(0, maxListed)
        .map(({ member, error }) =>
          element(errorInfoNamespace, 'failed-member', [
            element(errorInfoNamespace, 'uuid', member),
            ...reasons(errorInfoNamespace, error),
          ]),
        ),
    },
  );
}

function reasons(namespace: string, { tag, fields, message }: RpcError): XmlElement[] {
  const appTag = fields.appTag === undefined ? [] : [element(namespace, 'error-app-tag', fields.appTag)];
  return [element(namespace, 'error-tag', tag), ...appTag, element(namespace, 'error-message', message)];
}
