import { PeerError } from '../base/errors.ts';

/** `xml-malformed`: not the XML we take. `xml-too-big`: well-formed so far, and over a limit. */
export type XmlErrorCode = 'xml-malformed' | 'xml-too-big';

/** A document that is refused, with the place where reading it stopped. */
export class XmlError extends PeerError {
  /** From 1; 0 when the bytes are not even text. */
  readonly line: number;
  /** From 1. */
  readonly column: number;

  constructor(code: XmlErrorCode, message: string, line = 0, column = 0) {
    super(code, message, line === 0 ? {} : { where: `line ${line}, column ${column}` });
    this.line = line;
    this.column = column;
  }
}
