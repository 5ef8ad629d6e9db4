import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { root } from './paths.ts';

/** An account that the files of `deploy/` do not have: it sees and sends everything, `$SYS` included. */
export const observer = 'observer_of_the_tests';

/** Mosquitto as `deploy/` sets it up, on a free port, its files in a directory that is removed with it. */
export class DeployedBroker {
  readonly url: string;
  readonly caFile: string;
  readonly #mosquitto: Mosquitto;
  readonly #directory: string;
  readonly #clients: MqttClient[] = [];

  private constructor(mosquitto: Mosquitto, directory: string) {
    this.#mosquitto = mosquitto;
    this.#directory = directory;
    this.url = `mqtts://localhost:${mosquitto.port}`;
    this.caFile = join(directory, 'ca.pem');
  }

  /**
   * Follows `deploy/README.md`: certificates, accounts, configuration, access list.
   * @param accounts each gets the password {@link passwordOf} says
   * @param rules more lines of the access list
   */
  static async start(accounts: readonly string[], rules: readonly string[] = []): Promise<DeployedBroker> {
    const directory = mkdtempSync(join(tmpdir(), 'mup-deploy-'));
    const source = join(root, 'deploy', 'mosquitto');
    execFileSync(join(source, 'make-certificates'), [directory, 'localhost', '127.0.0.1'], { stdio: 'pipe' });
    copyFileSync(join(source, 'acl'), join(directory, 'acl'));
    const all = [`user ${observer}`, 'topic readwrite #', 'topic readwrite $SYS/#', ...rules, ''];
    appendFileSync(join(directory, 'acl'), all.join('\n'));
    const passwords = join(directory, 'passwords');
    writeFileSync(passwords, [...accounts, observer].map((one) => `${one}:${passwordOf(one)}\n`).join(''), {
      mode: 0o600,
    });
    execFileSync('/usr/bin/mosquitto_passwd', ['-U', passwords]);
    const mosquitto = await startMosquitto({ file: (port) => configuration(source, directory, port) });
    return new DeployedBroker(mosquitto, directory);
  }

  /** Connects an account with its own password unless told otherwise; never reconnects. */
  async connect(username: string, options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(this.url, {
      ca: readFileSync(this.caFile),
      username,
      password: passwordOf(username),
      reconnectPeriod: 0,
      ...options,
    });
    this.#clients.push(client);
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
    await this.#mosquitto.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What `deploy/mosquitto/acl` says to add for a device of the prototype. */
export function prototypeRules(uuid: string): string[] {
  const acl = readFileSync(join(root, 'deploy', 'mosquitto', 'acl'), 'utf8');
  const [rules = ''] = /^# {3}user <UUID>\n(?:# {3}topic .*\n)+/m.exec(acl) ?? [];
  return rules.replaceAll('#   ', '').replace('<UUID>', uuid).trimEnd().split('\n');
}

export function passwordOf(account: string): string {
  return `password of ${account}`;
}

/** The file of `deploy/` with the paths and the port of a test. */
function configuration(source: string, directory: string, port: number): string {
  const lines = readFileSync(join(source, 'mup.conf'), 'utf8')
    .replaceAll('/etc/mosquitto/mup/', `${directory}/`)
    .replace(/^listener 8883$/m, `listener ${port} 127.0.0.1`);
  // The rest is in Debian's mosquitto.conf; started by root it would become a user who cannot read these files.
  return `${lines}\nlog_dest stderr\nuser root\n`;
}
