import { clipped } from '../../base/clipped.ts';
import { PeerError } from '../../base/errors.ts';

/** Characters of a message. A name in it may be as long as the expression, and is the client's. */
const longestMessage = 300;

/** An expression that is not XPath 1.0, or whose parts do not fit together. */
export class XPathError extends PeerError {
  /** @param at the character of the expression, from 0, where it is known */
  constructor(message: string, at?: number) {
    super(
      'xpath-invalid',
      clipped(message, longestMessage),
      at === undefined ? {} : { where: `character ${at + 1}` },
    );
  }
}
