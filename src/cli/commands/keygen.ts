import type { CommandDefinition, CommandGroup } from '../command.ts';
import type { KeyOwner } from '../key-owner.ts';
import { configFileOption, jsonOption, passphraseFileOption, stateDirOption } from '../options.ts';
import { suiteOption } from '../suite-option.ts';

/** `mup keygen`: key pairs of any suite. */
export const keygenCommand: CommandGroup = {
  name: 'keygen',
  summary: 'make the key pair of a vendor or of an update server',
  commands: [
    keygen('vendor', 'make the key pair of a firmware vendor', 'signs vendor manifests and endorsements'),
    keygen('server', 'make the key pair of an update server', 'binds a manifest to one device and token'),
  ],
};

function keygen(owner: KeyOwner, summary: string, use: string): CommandDefinition {
  return {
    name: owner,
    summary,
    description:
      `Makes a key pair: the private key ${use}. Writes the private key (PKCS#8 PEM, mode 0600, encrypted ` +
      'where there is a passphrase) and beside it the public key (SPKI PEM), and prints the public key as hex. ' +
      'A key is good for one suite. Existing files are never overwritten. Needs no running bridge.',
    options: [
      {
        name: 'out',
        value: 'FILE',
        description: 'private key file; the public key goes to FILE with .pub.pem in place of .pem',
      },
      suiteOption,
      passphraseFileOption,
      stateDirOption,
      configFileOption,
      jsonOption,
    ],
    examples: [
      { line: `mup keygen ${owner} --out ${owner}.pem`, text: `Write ${owner}.pem and ${owner}.pub.pem` },
      { line: `mup keygen ${owner} --state-dir mup-state`, text: 'Write both to mup-state/keys' },
      {
        line: `mup keygen ${owner} --suite ed25519 --out ${owner}-ed25519.pem`,
        text: 'A key of the suite Ed25519, for devices that verify it',
      },
    ],
    run: async (args, io) => (await import('../adapters/keygen.ts')).runKeygen(owner, args, io),
  };
}
