import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { root, sharedData } from './paths.ts';

export { root, sharedData };

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** Real peers that tests talk to, with the Debian package that brings each. */
const peers = {
  mosquitto: { package: 'mosquitto', found: () => existsSync('/usr/sbin/mosquitto') },
  'mosquitto-clients': { package: 'mosquitto-clients', found: () => existsSync('/usr/bin/mosquitto_pub') },
  ncclient: {
    package: 'python3-ncclient',
    found: () => runs('/usr/bin/python3', ['-c', 'import ncclient']),
  },
  openssh: { package: 'openssh-client', found: () => existsSync('/usr/bin/ssh') },
  libnetconf2: {
    package: 'gcc libc6-dev libnetconf2-dev libyang2-dev libssh-dev',
    found: () =>
      existsSync('/usr/include/nc_client.h') &&
      existsSync('/usr/include/libssh/libssh.h') &&
      runs('/usr/bin/gcc', ['--version']),
  },
  gcc: {
    package: 'gcc libc6-dev',
    found: () => runs('/usr/bin/gcc', ['--version']) && existsSync('/usr/include/dlfcn.h'),
  },
  libssl: {
    package: 'gcc libc6-dev libssl-dev',
    found: () => existsSync('/usr/include/openssl/evp.h') && runs('/usr/bin/gcc', ['--version']),
  },
  yanglint: { package: 'libyang2-tools', found: () => existsSync('/usr/bin/yanglint') },
  yangcli: { package: 'yangcli', found: () => existsSync('/usr/bin/yangcli') },
  yangdump: { package: 'yangdump', found: () => existsSync('/usr/bin/yangdump') },
} as const;

export type Peer = keyof typeof peers;

/**
 * `describe` for tests that need real peers: where one is missing the whole block is skipped, and its
 * title says which Debian package to install. CI fails on any such skip.
 */
export function describeWith(needed: readonly Peer[], title: string, body: () => void): void {
  const missing = needed.filter((peer) => !peers[peer].found()).map((peer) => peers[peer].package);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} (SKIPPED: needs the Debian package ${missing.join(', ')})`, body);
}

/** As {@link describeWith}, for tests that read `../shared/data`. */
export function describeWithSharedData(title: string, body: () => void): void {
  if (existsSync(sharedData)) describe(title, body);
  else describe.skip(`${title} (SKIPPED: needs the folder ../shared/data)`, body);
}
