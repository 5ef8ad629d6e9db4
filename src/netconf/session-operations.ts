import type { XmlElement } from '../xml/element.ts';
import type { OperationContext, Reply } from './operation.ts';
import { parameters, requiredText } from './parameters.ts';
import { invalidValue } from './protocol-errors.ts';

/** `<close-session>` (RFC 6241 §7.8). */
export function closeSession(operation: XmlElement, context: OperationContext): Reply {
  parameters(operation, []);
  context.close();
  return [];
}

/**
 * `<kill-session>` (RFC 6241 §7.9).
 * @throws RpcError `invalid-value` for one's own session or one that is not there
 */
export function killSession(operation: XmlElement, context: OperationContext): Reply {
  const text = requiredText(operation, parameters(operation, ['session-id']), 'session-id');
  if (!/^[1-9][0-9]{0,9}$/.test(text))
    throw invalidValue('session-id', '<session-id> is not the number of a session');
  const id = Number(text);
  if (id === context.session.id)
    throw invalidValue('session-id', 'a session does not kill itself; <close-session> ends it');
  if (!context.kill(id)) throw invalidValue('session-id', `there is no session ${id}`);
  return [];
}
