import { element } from '../../xml/element.ts';
import { baseNamespace } from '../namespaces.ts';
import { badElement, type ErrorPlace } from '../protocol-errors.ts';
import { type ErrorTag, RpcError } from '../rpc-error.ts';

/** RFC 6241 §7.2: `create` of what is there. */
export function dataExists(name: string, place: ErrorPlace): RpcError {
  return new RpcError('application', 'data-exists', `<${name}> is there already`, place);
}

/** RFC 6241 §7.2: `delete` of what is not there, or a way to it under `none` that is not. */
export function dataMissing(name: string, place: ErrorPlace): RpcError {
  return new RpcError('application', 'data-missing', `there is no such <${name}>`, place);
}

/** For an element that stands where or as it may not. */
export function misplaced(name: string, message: string, place: ErrorPlace): RpcError {
  return new RpcError('application', 'bad-element', message, { ...place, info: [badElement(name)] });
}

/** The request itself, where no node of it is to be named. */
export const requestPlace: Required<ErrorPlace> = { path: '/nc:rpc', pathPrefixes: { nc: baseNamespace } };

/** RFC 8341 §3.4.5: the write, or what its failure would tell, is not the user's. */
export function accessDenied(place: ErrorPlace): RpcError {
  const what = place === requestPlace ? 'everything that this would change' : place.path;
  return new RpcError('protocol', 'access-denied', `the user may not write ${what}`, place);
}

/** For an attribute of an edit: `unknown-attribute`, `bad-attribute` or `missing-attribute`. */
export function attributeFault(
  tag: Extract<ErrorTag, `${string}-attribute`>,
  attribute: string,
  holder: string,
  reason: string,
  place: ErrorPlace & { readonly appTag?: string } = {},
): RpcError {
  return new RpcError('application', tag, `the attribute ${attribute} of <${holder}> ${reason}`, {
    ...place,
    info: [element(baseNamespace, 'bad-attribute', attribute), badElement(holder)],
  });
}
