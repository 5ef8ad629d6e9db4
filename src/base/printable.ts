/**
 * A text from anywhere made safe for a terminal and for one line of a log: control characters (C0, DEL,
 * C1), line and paragraph separators, bidirectional overrides and lone surrogates become `\u….`, so that
 * no peer can move the cursor, forge a line or hide what is written.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
