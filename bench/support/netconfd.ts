import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Program } from '../../test/support/program.ts';
import type { LoadTarget } from './netconf-load.ts';

/** Debian's netconfd (yuma123), its own processes, behind an SSH server of bare ssh2. */
export interface Netconfd {
  readonly target: LoadTarget;
  /** Of netconfd, and of the SSH server that starts a netconf-subsystem for each session. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

const daemon = '/usr/sbin/netconfd';
const subsystem = '/usr/sbin/netconf-subsystem';

/**
 * Starts netconfd without privileges, on a socket in a directory of its own. Debian runs it behind sshd,
 * which wants root to log users in; ssh2 takes its place, so that both servers have the same SSH in front.
 * @returns `undefined` where it is not installed
 */
export async function startNetconfd(): Promise<Netconfd | undefined> {
  if (!existsSync(daemon) || !existsSync(subsystem)) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'mup-netconfd-'));
  const socket = join(directory, 'ncx.sock');
  const user = userInfo().username;
  // Without it netconfd cannot write its transaction id and does not start.
  await mkdir(join(directory, '.yuma'));
  const server = new Program(
    daemon,
    [
      ...[`--ncxserver-sockname=${socket}`, '--no-startup', '--access-control=off', `--superuser=${user}`],
      ...['--log-level=error', `--log=${join(directory, 'log')}`, '--max-sessions=1024', '--target=running'],
      '--port=830',
    ],
    { env: { HOME: directory } },
  );
  const peer = join(import.meta.dirname, 'echo-peers.ts');
  const ssh = new Program(process.execPath, ['--import', 'tsx', peer, 'subsystem', subsystem, socket]);
  const close = async (): Promise<void> => {
    await ssh.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { port } = (await ssh.json({ ready: true })) as { port: number };
    for (let i = 0; i < 100 && !existsSync(socket); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return {
      target: { port, username: user, password: 'bench' },
      pids: [server.pid, ssh.pid],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
