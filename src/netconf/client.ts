import { PeerError } from '../base/errors.ts';
import { childElement, childElements, textOf, type XmlElement } from '../xml/element.ts';
import { baseNamespace } from './namespaces.ts';

export interface RpcOptions {
  /** How long to wait for the reply; {@link defaultReplyMs} unless said otherwise. */
  readonly timeoutMs?: number;
  /** Stops waiting. The server is not told: NETCONF cannot take a request back. */
  readonly signal?: AbortSignal;
}

/** How long a reply may take: the bridge itself waits for devices. */
export const defaultReplyMs = 60_000;

/** One NETCONF session, as a client has it. */
export interface NetconfClient {
  readonly sessionId: number;
  readonly serverCapabilities: readonly string[];
  /**
   * Performs one operation (RFC 6241 §4.1) and returns its `<rpc-reply>`.
   * @throws RpcReplyError when the server answers with an error
   * @throws UnavailableError `netconf-timeout`, `netconf-aborted`, `netconf-closed`
   */
  rpc(operation: XmlElement, options?: RpcOptions): Promise<XmlElement>;
  /** One more session over the same SSH connection. */
  newSession(): Promise<NetconfClient>;
  /**
   * Sends a file by SFTP over the same SSH connection.
   * @throws PeerError `sftp-refused` with the server's words
   */
  putFile(name: string, content: Uint8Array): Promise<void>;
  /** Ends the session with `<close-session>`; the connection closes with its last session. */
  close(): Promise<void>;
}

/** One `<rpc-error>` of a reply (RFC 6241 §4.3). */
export interface ReplyError {
  readonly type: string;
  readonly tag: string;
  readonly severity: string;
  readonly appTag?: string;
  readonly path?: string;
  readonly message?: string;
  /** Children of error-info. */
  readonly info: readonly XmlElement[];
}

/** The server has answered with an error. `code` is the first error's app-tag, else its tag. */
export class RpcReplyError extends PeerError {
  /** All errors and warnings of the reply, at least one. */
  readonly errors: readonly ReplyError[];

  constructor(errors: readonly ReplyError[]) {
    const first = errors.find(({ severity }) => severity !== 'warning') ?? errors[0];
    super(
      first?.appTag ?? first?.tag ?? 'operation-failed',
      first?.message ?? first?.tag ?? 'the server answered with an error',
      first?.path === undefined ? {} : { where: first.path },
    );
    this.errors = errors;
  }
}

/** The errors and warnings of an `<rpc-reply>`. */
export function replyErrors(reply: XmlElement): ReplyError[] {
  return childElements(reply)
    .filter(({ name, namespace }) => name === 'rpc-error' && namespace === baseNamespace)
    .map(replyError);
}

function replyError(error: XmlElement): ReplyError {
  const text = (name: string): string | undefined => {
    const child = childElement(error, baseNamespace, name);
    return child === undefined ? undefined : textOf(child).trim();
  };
  const optional = {
    appTag: text('error-app-tag'),
    path: text('error-path'),
    message: text('error-message'),
  };
  const info = childElement(error, baseNamespace, 'error-info');
  return {
    type: text('error-type') ?? 'application',
    tag: text('error-tag') ?? 'operation-failed',
    severity: text('error-severity') ?? 'error',
    ...(optional.appTag === undefined ? {} : { appTag: optional.appTag }),
    ...(optional.path === undefined ? {} : { path: optional.path }),
    ...(optional.message === undefined ? {} : { message: optional.message }),
    info: info === undefined ? [] : childElements(info),
  };
}
