/** Characters of a message that a wire trace shows. */
export const maxTracedCharacters = 4096;

/** What an element `password` holds, however it is written; a hash as it is kept is left. */
const passwordContent =
  /(<(?:[^\s<>/:]+:)?password(?:\s[^<>]*)?>)(?!\s*\$scrypt\$)(?:[^<]|<!\[CDATA\[[\s\S]*?]]>|<[!?])+/g;
/** A password in the clear wherever else it stands. */
const clearPassword = /\$0\$[^<]*/g;

/** A message as a wire trace shows it: its beginning, without passwords. */
export function tracedText(message: string): string {
  return message
    .slice(0, maxTracedCharacters)
    .replace(passwordContent, '$1********')
    .replace(clearPassword, '$$0$$********');
}
