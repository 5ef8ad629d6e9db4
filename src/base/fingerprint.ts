/**
 * A short text that equal texts share, and that different ones do not but by the chance of one in 2^64:
 * 16 hexadecimal digits, the same in every process. Two FNV-1a sums of 32 bits, mixed; it withstands no
 * one who looks for a collision.
 */
export function fingerprint(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit ^ (a >>> 16), 0x85ebca6b);
  }
  return hexadecimal(mixed(a ^ (b >>> 15))) + hexadecimal(mixed(b ^ text.length));
}

/** Lets each bit bear on all (the finalizer of MurmurHash3). */
function mixed(sum: number): number {
  const once = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

function hexadecimal(word: number): string {
  return word.toString(16).padStart(8, '0');
}
