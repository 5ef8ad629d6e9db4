import { element, type XmlElement } from '../xml/element.ts';
import { baseNamespace } from './namespaces.ts';
import { type ErrorType, RpcError, type RpcErrorFields } from './rpc-error.ts';

/** Children of error-info that RFC 6241 Appendix A defines. */
export function badElement(name: string): XmlElement {
  return element(baseNamespace, 'bad-element', name);
}

export function badNamespace(namespace: string): XmlElement {
  return element(baseNamespace, 'bad-namespace', namespace);
}

function badAttribute(name: string): XmlElement {
  return element(baseNamespace, 'bad-attribute', name);
}

/** Where an error is, for its error-path. */
export type ErrorPlace = Pick<RpcErrorFields, 'path' | 'pathPrefixes'>;

export function missingAttribute(type: ErrorType, name: string, holder: string): RpcError {
  return new RpcError(type, 'missing-attribute', `<${holder}> needs the attribute ${name}`, {
    info: [badAttribute(name), badElement(holder)],
  });
}

export function unacceptableAttribute(name: string, holder: string, reason: string): RpcError {
  return new RpcError('protocol', 'bad-attribute', `the attribute ${name} of <${holder}> ${reason}`, {
    info: [badAttribute(name), badElement(holder)],
  });
}

export function missingElement(name: string, holder: string, place: ErrorPlace = {}): RpcError {
  return missingChoice([name], holder, place);
}

/** For none of several elements of which one has to be there; the first one stands for them. */
export function missingChoice(names: readonly string[], holder: string, place: ErrorPlace = {}): RpcError {
  const wanted = names.map((name) => `<${name}>`).join(' or ');
  return new RpcError('protocol', 'missing-element', `<${holder}> needs ${wanted}`, {
    ...place,
    info: names.slice(0, 1).map(badElement),
  });
}

/** For a child that may not stand where it does, whose namespace is served there. */
export function unknownElement(child: XmlElement, holder: string, place: ErrorPlace = {}): RpcError {
  return new RpcError('application', 'unknown-element', `<${holder}> has no element <${child.name}>`, {
    ...place,
    info: [badElement(child.name)],
  });
}

export function unknownNamespace(child: XmlElement, holder: string, place: ErrorPlace = {}): RpcError {
  const shown = JSON.stringify(child.namespace);
  return new RpcError(
    'application',
    'unknown-namespace',
    `<${child.name}> in <${holder}> is of the namespace ${shown}, which does not belong there`,
    { ...place, info: [badElement(child.name), badNamespace(child.namespace)] },
  );
}

/** For a child that no parameter of `holder` is: of its namespace, or of another one. */
export function unexpectedChild(
  child: XmlElement,
  holder: XmlElement,
  place: (name: string) => ErrorPlace = () => ({}),
): RpcError {
  return child.namespace === holder.namespace
    ? unknownElement(child, holder.name, place(holder.name))
    : unknownNamespace(child, holder.name, place(holder.name));
}

/** For an element that is what it should be, but not acceptable here. */
export function refusedElement(name: string, message: string): RpcError {
  return new RpcError('protocol', 'bad-element', message, { info: [badElement(name)] });
}

export function invalidValue(name: string, message: string, place: ErrorPlace = {}): RpcError {
  return new RpcError('application', 'invalid-value', message, { ...place, info: [badElement(name)] });
}

export function operationNotSupported(message: string, name?: string): RpcError {
  return new RpcError('protocol', 'operation-not-supported', message, {
    ...(name === undefined ? {} : { info: [badElement(name)] }),
  });
}
