import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface MosquittoOptions {
  /** Name → password. Without it anybody may connect. */
  readonly users?: Readonly<Record<string, string>>;
  /** Files; with `requireClientCertificate`, clients need one of that CA. */
  readonly tls?: {
    readonly caFile: string;
    readonly certFile: string;
    readonly keyFile: string;
    readonly requireClientCertificate?: boolean;
  };
  /** More lines for the configuration file. */
  readonly config?: readonly string[];
  /** The whole configuration file, for this port, instead of what the options above make. */
  readonly file?: (port: number) => string;
}

export interface Mosquitto {
  readonly port: number;
  /** `mqtt://127.0.0.1:<port>`, or `mqtts://localhost:<port>`. */
  readonly url: string;
  /** What it logged since it was started last. */
  log(): string;
  /** Kills it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port after {@link kill}. */
  start(): Promise<void>;
  /** {@link kill} and {@link start}. */
  restart(): Promise<void>;
  /** Kills it and removes its files. */
  stop(): Promise<void>;
}

/** Runs Debian's Mosquitto on a free loopback port; resolves when it accepts connections. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const directory = mkdtempSync(join(tmpdir(), 'mup-mosquitto-'));
  const port = await freePort();
  const configFile = join(directory, 'mosquitto.conf');
  writeFileSync(configFile, options.file?.(port) ?? configuration(port, directory, options).join('\n'));
  let child: ChildProcess | undefined;
  let logged = '';
  const mosquitto: Mosquitto = {
    port,
    url: options.tls === undefined ? `mqtt://127.0.0.1:${port}` : `mqtts://localhost:${port}`,
    log: () => logged,
    async kill() {
      const running = child;
      child = undefined;
      if (running === undefined) return;
      const ended = new Promise((resolve) => running.once('close', resolve));
      running.kill('SIGKILL');
      await ended;
    },
    async start() {
      const started = spawn('/usr/sbin/mosquitto', ['-c', configFile], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child = started;
      logged = '';
      started.stderr.on('data', (chunk: Buffer) => {
        logged += chunk.toString('utf8');
      });
      await running(started, () => logged);
    },
    async restart() {
      await mosquitto.kill();
      await mosquitto.start();
    },
    async stop() {
      await mosquitto.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await mosquitto.start();
  return mosquitto;
}

function configuration(port: number, directory: string, options: MosquittoOptions): string[] {
  const lines = [
    `listener ${port} 127.0.0.1`,
    'set_tcp_nodelay true',
    'persistence false',
    'log_dest stderr',
    // Not each packet: that would slow down what tests and benchmarks measure.
    'log_type error',
    'log_type warning',
    'log_type notice',
    'log_type information',
    'connection_messages true',
    // Started by root it would become the user mosquitto, who cannot read our files.
    'user root',
    `allow_anonymous ${options.users === undefined}`,
  ];
  if (options.users !== undefined) lines.push(`password_file ${passwordFile(directory, options.users)}`);
  if (options.tls !== undefined)
    lines.push(
      `cafile ${options.tls.caFile}`,
      `certfile ${options.tls.certFile}`,
      `keyfile ${options.tls.keyFile}`,
      `require_certificate ${options.tls.requireClientCertificate === true}`,
    );
  return [...lines, ...(options.config ?? []), ''];
}

function passwordFile(directory: string, users: Readonly<Record<string, string>>): string {
  const file = join(directory, 'passwords');
  writeFileSync(
    file,
    Object.entries(users)
      .map(([name, password]) => `${name}:${password}\n`)
      .join(''),
    { mode: 0o600 },
  );
  execFileSync('/usr/bin/mosquitto_passwd', ['-U', file]);
  return file;
}

/**
 * A TCP port that nobody listens on. It is below those that Linux gives to connections and to whoever listens on any
 * port (`ip_local_port_range`), so nobody gets it meanwhile, nor while what listens on it is restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (listening) await new Promise((resolve) => server.close(resolve));
  return listening;
}

/** Resolves when it has opened its listener, which it says itself. */
async function running(child: ChildProcess, log: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const check = (): void => {
      if (!/mosquitto version \S+ running/.test(log())) return;
      child.stderr?.off('data', check);
      resolve();
    };
    child.stderr?.on('data', check);
    child.once('close', () => reject(new Error(`mosquitto ended before it ran:\n${log()}`)));
  });
}
