import { join } from 'node:path';
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

export interface OneDeviceOptions {
  readonly uuid: string;
  /** The embedded broker, unless it is given. */
  readonly mqttUrl?: string;
  /** More options of `mup device`. */
  readonly extra?: readonly string[];
}

/** A bridge and a device that trust one vendor, each as a process of its own, on a directory of their own. */
export class OneDevice {
  readonly directory: string;
  readonly vendorKey: string;
  readonly device: Program;
  #bridge: BridgeProcess;

  private constructor(directory: string, vendorKey: string, bridge: BridgeProcess, device: Program) {
    this.directory = directory;
    this.vendorKey = vendorKey;
    this.device = device;
    this.#bridge = bridge;
  }

  /** Resolves when the device has registered. */
  static async start({ uuid, mqttUrl = '', extra = [] }: OneDeviceOptions): Promise<OneDevice> {
    const directory = await temporaryDirectory();
    const vendorKey = join(directory, 'vendor.pem');
    const stateDir = join(directory, 'bridge');
    await prepareTrust(stateDir, vendorKey);
    const bridge = await startBridgeProcess(stateDir, { mqttUrl });
    const device = await startDeviceProcess({
      ...{ uuid, mqttUrl: bridge.mqttUrl, stateDir: join(directory, 'device'), vendorKey, extra },
    });
    return new OneDevice(directory, vendorKey, bridge, device);
  }

  get bridge(): BridgeProcess {
    return this.#bridge;
  }

  get stateDir(): string {
    return this.#bridge.stateDir;
  }

  /** Starts the bridge again, once it has ended. */
  async restartBridge(): Promise<void> {
    this.#bridge = await startBridgeProcess(this.stateDir);
  }

  /** @returns the file of a signed image */
  image(version: number, size: number): Promise<string> {
    return makeImage(this.directory, { size, version, vendorKey: this.vendorKey });
  }

  /** Puts an image into the bridge's repository. @returns its file */
  async addImage(version: number, size: number): Promise<string> {
    const file = await this.image(version, size);
    await run(['image', 'add', file, '--state-dir', this.stateDir]);
    return file;
  }

  async stop(): Promise<void> {
    await this.device.stop();
    await this.#bridge.program.stop();
  }
}
