/** Characters of a message that a wire trace shows. */
export const maxTracedCharacters = 4096;

/** A message as a wire trace shows it: its beginning, without passwords in the clear (`$0$…`). */
export function tracedText(message: string): string {
  return message.slice(0, maxTracedCharacters).replace(/\$0\$[^<]*/g, '$$0$$********');
}
