import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '../../src/base/errors.ts';
import type { Program } from './program.ts';
import {
  type BridgeProcess,
  makeImage,
  prepareTrust,
  run,
  startBridgeProcess,
  startDeviceProcess,
} from './system.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { resultOf, startUpdate, type UpdateRun } from './update-command.ts';

/** How the bridge of a site is started. */
export interface ServeOptions {
  /** The embedded broker, unless it is given. */
  readonly mqttUrl?: string;
  /** Its configuration file, TOML. */
  readonly settings?: string;
  /** More options of `mup serve`. */
  readonly extra?: readonly string[];
}

/** How a device of a site is started. */
export interface SiteDeviceOptions {
  /** The broker of the bridge, unless it is given. */
  readonly mqttUrl?: string;
  /** Its private key's file; that of the site unless given. */
  readonly vendorKey?: string;
  /** File of the description; that of the example unless given. */
  readonly description?: string;
  /** More options of `mup device`. */
  readonly extra?: readonly string[];
}

/** A bridge and devices that trust one vendor, each a process of its own on a directory of its own. */
export class Site {
  readonly directory: string;
  /** File of the vendor's private key. */
  readonly vendorKey: string;
  /** Of the bridge. */
  readonly stateDir: string;
  /** File of the update server's private key. */
  readonly serverKey: string;
  #bridge: BridgeProcess | undefined;
  #serveOptions: ServeOptions = {};
  readonly #devices = new Map<string, { readonly program: Program; readonly options: SiteDeviceOptions }>();

  private constructor(directory: string) {
    this.directory = directory;
    this.vendorKey = join(directory, 'vendor.pem');
    this.stateDir = join(directory, 'bridge');
    this.serverKey = join(this.stateDir, 'keys', 'update-server.pem');
  }

  /** Makes the keys; nothing runs yet. */
  static async prepare(): Promise<Site> {
    const site = new Site(await temporaryDirectory());
    await prepareTrust(site.stateDir, site.vendorKey);
    return site;
  }

  /** Makes the keys and starts the bridge. */
  static async start(options: ServeOptions = {}): Promise<Site> {
    const site = await Site.prepare();
    await site.serve(options);
    return site;
  }

  get bridge(): BridgeProcess {
    if (this.#bridge === undefined) throw new InternalError('the bridge of the site was not started');
    return this.#bridge;
  }

  /** A file of the site. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts the bridge; again, once it has ended, as it was started before unless told otherwise. */
  async serve(options: ServeOptions = this.#serveOptions): Promise<void> {
    const { mqttUrl = '', settings, extra = [] } = options;
    const config = settings === undefined ? [] : ['--config', this.path('mup.toml')];
    if (settings !== undefined) await writeFile(this.path('mup.toml'), settings, { mode: 0o600 });
    this.#serveOptions = options;
    this.#bridge = await startBridgeProcess(this.stateDir, { mqttUrl, extra: [...config, ...extra] });
  }

  /**
   * Starts a device and waits until it has registered; again, once it has ended, as it was started before unless
   * told otherwise.
   */
  async startDevice(
    uuid: string,
    options: SiteDeviceOptions = this.#devices.get(uuid)?.options ?? {},
  ): Promise<Program> {
    const { mqttUrl = this.bridge.mqttUrl, vendorKey = this.vendorKey, ...more } = options;
    const program = await startDeviceProcess({
      uuid,
      mqttUrl,
      vendorKey,
      stateDir: this.path(uuid),
      ...more,
    });
    this.#devices.set(uuid, { program, options });
    return program;
  }

  /** A device as it was started last. */
  device(uuid: string): Program {
    const device = this.#devices.get(uuid);
    if (device === undefined) throw new InternalError(`the site has no device ${uuid}`);
    return device.program;
  }

  /** Writes a signed image. @returns its file; beside it stands its manifest, `.json` */
  image(
    version: number,
    size: number,
    more: { readonly vendorKey?: string; readonly fill?: number } = {},
  ): Promise<string> {
    return makeImage(this.directory, { size, version, vendorKey: this.vendorKey, ...more });
  }

  /** Writes a signed image and brings it to the bridge's repository. */
  async addImage(version: number, size: number): Promise<{ readonly file: string; readonly digest: string }> {
    const file = await this.image(version, size);
    const added = await run(['image', 'add', file, '--state-dir', this.stateDir, '--json']);
    const { digest }: { digest: string } = JSON.parse(added);
    return { file, digest };
  }

  /** Updates a device with `mup update --json`. */
  update(uuid: string, image: string, ...more: readonly string[]): Promise<UpdateRun> {
    return resultOf(startUpdate(['--device', uuid, '--image', image, '--state-dir', this.stateDir, ...more]));
  }

  /** Ends all that runs. */
  async stop(): Promise<void> {
    await Promise.all([...this.#devices.values()].map(({ program }) => program.stop()));
    await this.#bridge?.program.stop();
  }
}
