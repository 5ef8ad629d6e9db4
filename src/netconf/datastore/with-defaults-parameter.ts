import { childElements, textOf, type XmlElement } from '../../xml/element.ts';
import { invalidValue } from '../protocol-errors.ts';
import { misplaced } from './edit-errors.ts';
import { type WithDefaultsMode, withDefaultsNamespace } from './with-defaults.ts';

/** The modes, all of which are served. */
export const withDefaultsModes: readonly WithDefaultsMode[] = [
  'report-all',
  'report-all-tagged',
  'trim',
  'explicit',
];

/** An operation, and what its parameter `with-defaults` asks for. */
export interface WithDefaultsRequest {
  readonly mode: WithDefaultsMode;
  /** The operation without that parameter. */
  readonly operation: XmlElement;
}

/**
 * Takes the parameter `with-defaults` (RFC 6243 §4.5) from an operation that may have it.
 * @throws RpcError
 */
export function takeWithDefaults(operation: XmlElement): WithDefaultsRequest {
  const isParameter = ({ namespace, name }: XmlElement): boolean =>
    name === 'with-defaults' && namespace === withDefaultsNamespace;
  const [given, second] = childElements(operation).filter(isParameter);
  if (given === undefined) return { mode: 'explicit', operation };
  if (second !== undefined) throw misplaced('with-defaults', '<with-defaults> is given twice', {});
  const text = textOf(given).trim();
  const mode = withDefaultsModes.find((one) => one === text);
  if (mode === undefined)
    throw invalidValue('with-defaults', `<with-defaults> is one of ${withDefaultsModes.join(', ')}`);
  const children = operation.children.filter((child) => child !== given);
  return { mode, operation: { ...operation, children } };
}
