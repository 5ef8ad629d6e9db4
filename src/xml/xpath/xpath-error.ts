import { PeerError } from '../../base/errors.ts';

/** An expression that is not XPath 1.0, or whose parts do not fit together. */
export class XPathError extends PeerError {
  /** @param at the character of the expression, from 0, where it is known */
  constructor(message: string, at?: number) {
    super('xpath-invalid', message, at === undefined ? {} : { where: `character ${at + 1}` });
  }
}
