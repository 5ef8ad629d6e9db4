import { es256Suite, type SuiteCode, suites } from '../mup/suites.ts';

/** Whose key pair: the firmware's vendor, or the update server that talks to devices. */
export type KeyOwner = 'vendor' | 'server';

/** Where a private key stands in the state directory: that of ES256 without the name of its suite. */
export function privateKeyFile(owner: KeyOwner, suite: SuiteCode = es256Suite): string {
  const name = owner === 'vendor' ? 'vendor' : 'update-server';
  return `keys/${name}${suiteEnding(suite)}.pem`;
}

/** The public key's file beside a private key's: `vendor.pub.pem` beside `vendor.pem`. */
export function publicKeyFile(privateKeyFile: string): string {
  return `${privateKeyFile.replace(/\.pem$/, '')}.pub.pem`;
}

/** What a file of a key that is out of use is called: `update-server.retired.pem`. */
export function retiredFile(file: string): string {
  return file.replace(/(\.pub)?\.(pem|json)$/, '.retired$&');
}

/** Where the bridge looks for the endorsement of its key of a suite, in the state directory. */
export function endorsementFile(suite: SuiteCode = es256Suite): string {
  return `keys/endorsement${suiteEnding(suite)}.json`;
}

function suiteEnding(suite: SuiteCode): string {
  return suite === es256Suite ? '' : `-${suites[suite].name.toLowerCase()}`;
}
