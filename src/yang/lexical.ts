/**
 * Characters that YANG text may not hold (RFC 7950 §14 `yang-char`, tightened by what XML 1.0 can carry,
 * since get-schema sends modules as XML): controls, surrogates, noncharacters. CR is among them, as XML
 * would turn it into LF.
 */
const illegalClass =
  '\\u0000-\\u0008\\u000B-\\u001F\\uD800-\\uDFFF\\uFDD0-\\uFDEF' +
  Array.from(
    { length: 17 },
    (_, plane) => `\\u{${plane.toString(16)}FFFE}\\u{${plane.toString(16)}FFFF}`,
  ).join('');

const illegal = new RegExp(`[${illegalClass}]`, 'u');

/**
 * DEL, C1 controls, and marks that reorder or hide text on a terminal: legal, but never shown. So are the
 * planes without characters for people, which libyang 2.1 takes for illegal.
 */
const invisible =
  '\\u007F-\\u009F\\u061C\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u2069\\uFEFF\\u{40000}-\\u{10FFFF}';
const unwanted = new RegExp(`[${illegalClass}${invisible}]`, 'gu');

const keywordExpression = /^[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?$/;

/** Whether a text is the keyword of a statement (RFC 6020 §6.1.2), with a prefix or without. */
export function isKeyword(text: string): boolean {
  return keywordExpression.test(text);
}

/** Whether every character may stand in a YANG module. */
export function isYangText(text: string): boolean {
  return !illegal.test(text);
}

/** Whether a text holds a character that could deceive or disturb whoever reads it. */
export function hasUnwantedCharacters(text: string): boolean {
  return text.search(unwanted) >= 0;
}

/** A text for people, from a peer: line ends are LF, what could deceive or disturb is U+FFFD. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/\t/g, ' ').replace(unwanted, '\uFFFD');
}
