import { PeerError } from '../base/errors.ts';
import type { XmlElement } from '../xml/element.ts';
import { bridgeNamespace } from './namespaces.ts';

/** RFC 6241 §4.3. */
export type ErrorType = 'transport' | 'rpc' | 'protocol' | 'application';

/** RFC 6241 Appendix A. */
export type ErrorTag =
  | 'in-use'
  | 'invalid-value'
  | 'too-big'
  | 'missing-attribute'
  | 'bad-attribute'
  | 'unknown-attribute'
  | 'missing-element'
  | 'bad-element'
  | 'unknown-element'
  | 'unknown-namespace'
  | 'access-denied'
  | 'lock-denied'
  | 'resource-denied'
  | 'rollback-failed'
  | 'data-exists'
  | 'data-missing'
  | 'operation-not-supported'
  | 'operation-failed'
  | 'malformed-message';

/** Namespace of the elements in error-info that RFC 6241 does not define. */
export const errorInfoNamespace = bridgeNamespace;

export interface RpcErrorFields {
  readonly appTag?: string;
  /** XPath; its prefixes are those of `pathPrefixes`. */
  readonly path?: string;
  readonly pathPrefixes?: Readonly<Record<string, string>>;
  /** Children of error-info, in order. */
  readonly info?: readonly XmlElement[];
  /** What else failed of the request: an rpc-error each, after this one. */
  readonly further?: readonly RpcError[];
}

/** One `<rpc-error>` (RFC 6241 §4.3), as it goes to the client; its message is its error-message. */
export class RpcError extends PeerError {
  readonly type: ErrorType;
  readonly tag: ErrorTag;
  readonly fields: RpcErrorFields;

  constructor(type: ErrorType, tag: ErrorTag, message: string, fields: RpcErrorFields = {}) {
    super(fields.appTag ?? tag, message, fields.path === undefined ? {} : { where: fields.path });
    this.type = type;
    this.tag = tag;
    this.fields = fields;
  }
}
