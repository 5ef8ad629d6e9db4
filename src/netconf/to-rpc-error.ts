import { errorMessage } from '../base/errors.ts';
import { XmlError } from '../xml/xml-error.ts';
import { FramingError } from './framing.ts';
import { RpcError } from './rpc-error.ts';

/** What goes to the client for a thrown value, and whether the value itself belongs in the log. */
export interface MappedError {
  readonly error: RpcError;
  /** Nobody foresaw it: log it, for the client learns nothing of it. */
  readonly unforeseen: boolean;
}

/** The one place that turns whatever was thrown into an rpc-error (RFC 6241 Appendix A). */
export function toRpcError(thrown: unknown): MappedError {
  if (thrown instanceof RpcError) return { error: thrown, unforeseen: false };
  if (thrown instanceof XmlError) return { error: xmlFault(thrown), unforeseen: false };
  if (thrown instanceof FramingError) return { error: framingFault(thrown), unforeseen: false };
  return {
    error: new RpcError('application', 'operation-failed', 'the operation failed; the server logged why'),
    unforeseen: true,
  };
}

function xmlFault(fault: XmlError): RpcError {
  if (fault.code === 'xml-too-big') return tooBig(fault.message);
  const where = fault.where === undefined ? '' : ` (${fault.where})`;
  return new RpcError(
    'rpc',
    'malformed-message',
    `the message is not well-formed XML: ${fault.message}${where}`,
  );
}

function framingFault(fault: FramingError): RpcError {
  return fault.code === 'message-too-big'
    ? tooBig(fault.message)
    : new RpcError('rpc', 'malformed-message', errorMessage(fault));
}

function tooBig(message: string): RpcError {
  return new RpcError('application', 'too-big', message);
}
