/** Base64 of bytes (RFC 4648 §4), padded, on one line. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}

/**
 * Bytes of base64 (RFC 4648 §4), or `undefined` when the text is anything else: no white space, padding
 * required, unused bits zero.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return text.endsWith('=') && toBase64(bytes.subarray(-(bytes.length % 3))) !== text.slice(-4)
    ? undefined
    : bytes;
}
