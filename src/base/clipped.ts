/** A text of a peer's, cut at so many characters, for a message or a line of the log; `…` says that it was longer. */
export function clipped(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
