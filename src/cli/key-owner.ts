/** Whose key pair: the firmware's vendor, or the update server that talks to devices. */
export type KeyOwner = 'vendor' | 'server';

/** Where a private key stands in the state directory. */
export const privateKeyFiles: Readonly<Record<KeyOwner, string>> = {
  vendor: 'keys/vendor.pem',
  server: 'keys/update-server.pem',
};

/** The public key's file beside a private key's: `vendor.pub.pem` beside `vendor.pem`. */
export function publicKeyFile(privateKeyFile: string): string {
  return `${privateKeyFile.replace(/\.pem$/, '')}.pub.pem`;
}

/** Where the bridge looks for its key's endorsement, in the state directory. */
export const endorsementFile = 'keys/endorsement.json';
