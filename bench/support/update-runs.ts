import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Program } from '../../test/support/program.ts';
import { makeImage, run } from '../../test/support/system.ts';
import type { BarePublisherOptions } from './bare-publisher.ts';
import { BenchError } from './bench-error.ts';
import { exampleWith } from './descriptions.ts';
import type { FleetOptions } from './fleet.ts';
import type { LoadSession } from './netconf-load.ts';
import { request } from './netconf-load.ts';
import { cpuMs } from './process-figures.ts';
import type { World } from './world.ts';

export const imageBytes = 87_800;
export const sliceBytes = 600;

/** One image that went to all devices of a fleet at once. */
export interface TransferRun {
  /** Seconds from the first slice that a device got until all devices had all. */
  readonly seconds: number;
  /** Seconds from the first request of a client until all devices ran the new version; bridge only. */
  readonly updateSeconds: number;
  /** Milliseconds of CPU that the sender used in the whole run, and all devices. */
  readonly senderMs: number;
  readonly fleetMs: number;
  /** Slices that a device did not take: lost before, or sent twice. */
  readonly strays: number;
}

/** So many devices as one process, and what updates them. */
export class Fleet {
  readonly prefix: string;
  readonly count: number;
  readonly #program: Program;
  readonly #bare: Program;

  private constructor(prefix: string, count: number, program: Program, bare: Program) {
    this.prefix = prefix;
    this.count = count;
    this.#program = program;
    this.#bare = bare;
  }

  /** Starts the devices, registered when it resolves, and the bare publisher beside the bridge. */
  static async start(world: World, count: number, window: number): Promise<Fleet> {
    const { url } = world.broker;
    const prefix = `FLEET-${count}-${window}`;
    const description = join(world.directory, `${prefix}.jsonld`);
    await writeFile(description, await exampleWith({ window, maxSliceSize: sliceBytes }));
    const fleet: FleetOptions = { url, prefix, count, description };
    const bare: BarePublisherOptions = { url, count, imageBytes, sliceBytes, window };
    const devices = start('fleet.ts', fleet);
    const publisher = start('bare-publisher.ts', bare);
    await Promise.all([devices.json({ event: 'registered' }), publisher.json({ ready: true })]);
    return new Fleet(prefix, count, devices, publisher);
  }

  /** The image from the bare publisher. */
  async bare(): Promise<TransferRun> {
    const from = this.#program.lines.length;
    this.#program.write(`arm ${imageBytes}\n`);
    await this.#program.json({ event: 'armed' }, from);
    return this.#measured(this.#bare.pid, async () => {
      this.#bare.write(`${this.prefix}\n`);
      return this.#complete(from);
    });
  }

  /** An update by the bridge, ordered over these sessions. */
  async update(bridgePid: number, digest: string, sessions: readonly LoadSession[]): Promise<TransferRun> {
    const from = this.#program.lines.length;
    return this.#measured(bridgePid, async () => {
      const begun = performance.timeOrigin + performance.now();
      await this.order(digest, sessions);
      const { at } = (await this.#program.json({ event: 'updated' }, from)) as { at: number };
      return { ...(await this.#complete(from)), updateSeconds: (at - begun) / 1000 };
    });
  }

  /** Orders an update of all devices; resolves when the bridge has taken the orders. */
  async order(digest: string, sessions: readonly LoadSession[]): Promise<void> {
    let next = 0;
    const lane = async (session: LoadSession): Promise<void> => {
      for (let n = next++; n < this.count; n = next++) {
        const reply = await session.exchange(updateFirmware(`${this.prefix}-${n}`, digest));
        if (reply?.includes('<job') !== true)
          throw new BenchError(`no update was ordered: ${reply?.toString()}`);
      }
    };
    await Promise.all(sessions.flatMap((session) => Array.from({ length: 8 }, () => lane(session))));
  }

  /** @returns what tells when the next slice comes, in milliseconds since the epoch, once all is quiet */
  async watch(): Promise<() => Promise<number>> {
    const from = this.#program.lines.length;
    this.#program.write('watch\n');
    await this.#program.json({ event: 'watching' }, from);
    return async () => Number((await this.#program.json({ event: 'slice' }, from))['at']);
  }

  /** Resolves when all devices have come back with the new version. */
  async updated(from: number): Promise<void> {
    await this.#program.json({ event: 'updated' }, from);
  }

  /** What the devices have said so far. */
  get said(): number {
    return this.#program.lines.length;
  }

  async close(): Promise<void> {
    await Promise.all([this.#program.stop(), this.#bare.stop()]);
  }

  async #complete(from: number): Promise<Pick<TransferRun, 'seconds' | 'updateSeconds' | 'strays'>> {
    const { first, last, strays } = (await this.#program.json({ event: 'complete' }, from)) as {
      first: number;
      last: number;
      strays: number;
    };
    return { seconds: (last - first) / 1000, updateSeconds: Number.NaN, strays };
  }

  async #measured(
    pid: number,
    run: () => Promise<Pick<TransferRun, 'seconds' | 'updateSeconds' | 'strays'>>,
  ): Promise<TransferRun> {
    const cpu = (): Promise<number[]> => Promise.all([cpuMs(pid), cpuMs(this.#program.pid)]);
    const before = await cpu();
    const result = await run();
    const after = await cpu();
    const [senderMs = Number.NaN, fleetMs = Number.NaN] = after.map((used, i) => used - (before[i] ?? 0));
    return { ...result, senderMs, fleetMs };
  }
}

/** Images of rising version in the bridge's repository. @returns their digests */
export async function addImages(world: World, count: number): Promise<string[]> {
  const digests: string[] = [];
  for (let version = 2; version < 2 + count; version += 1) {
    const file = await makeImage(world.directory, { size: imageBytes, version, vendorKey: world.vendorKey });
    await run(['image', 'add', file, '--state-dir', world.bridge.stateDir]);
    const manifest: { digest: string } = JSON.parse(await readFile(file.replace(/\.bin$/, '.json'), 'utf8'));
    digests.push(manifest.digest);
  }
  return digests;
}

function updateFirmware(uuid: string, digest: string): Buffer {
  return request(
    `<update-firmware xmlns="urn:mup:yang:mup-bridge"><device>${uuid}</device><digest>${digest}</digest></update-firmware>`,
  );
}

function start(name: string, options: FleetOptions | BarePublisherOptions): Program {
  const file = join(import.meta.dirname, name);
  return new Program(process.execPath, ['--import', 'tsx', file, JSON.stringify(options)]);
}
