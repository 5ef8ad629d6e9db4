import { sha256, systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { UnavailableError } from '../../base/errors.ts';
import type { DeviceUuid } from '../../base/ids.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { givenImages } from '../../kit/images.ts';
import type { OpenBenchOptions } from '../../kit/open-bench.ts';
import { connectMqtt } from '../../mqtt/adapters/mqtt-js.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import { suiteSchemes } from '../../mup/adapters/noble-curves.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import { schemeOf } from '../../mup/signature-scheme.ts';
import { createDescriptionReader } from '../../ontology/adapters/worker-reader.ts';
import { instantiate } from '../../ontology/description-template.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { shownUrl } from '../shown-url.ts';
import type { Cleanup } from './cleanup.ts';
import type { RunFiles } from './device-test-files.ts';

/** What one run of `mup device-test` works with. */
export interface Run {
  readonly args: CommandArguments;
  readonly io: CliIo;
  readonly config: Config;
  readonly uuid: DeviceUuid;
  readonly logger: Logger;
  readonly files: RunFiles;
}

/** Connects to the maker's broker. @throws UnavailableError `mqtt-unreachable` when there is no connection in `mqtt.connectTimeoutMs` */
export async function connected({ config, logger, io }: Run, cleanup: Cleanup): Promise<MqttTransport> {
  const transport = connectMqtt(config.mqtt, mqttDeps(config, logger));
  cleanup.add(() => transport.close());
  await online(transport, config.mqtt, io.signal);
  return transport;
}

function mqttDeps(config: Config, logger: Logger): Parameters<typeof connectMqtt>[1] {
  const trace = config.log.wireTrace.includes('mqtt') ? { trace: logger } : {};
  return { clock: systemClock, random: systemRandom, logger, ...trace };
}

function online(
  transport: MqttTransport,
  { url, connectTimeoutMs }: Config['mqtt'],
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const unreachable = (why: string) =>
      new UnavailableError('mqtt-unreachable', `no connection to the broker: ${why}`, {
        where: shownUrl(url),
      });
    const cancel = systemClock.schedule(connectTimeoutMs, () =>
      end(unreachable(`none in ${connectTimeoutMs} ms`)),
    );
    const leave = transport.onState((state) => {
      if (state === 'online') end();
    });
    const abort = (): void => end(unreachable('interrupted'));
    const end = (error?: UnavailableError): void => {
      cancel();
      leave();
      signal.removeEventListener('abort', abort);
      if (error === undefined) resolve();
      else reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else if (transport.state === 'online') end();
  });
}

/** What a run tries a device with. `onWaiting` is told while the device has not described itself. */
export function benchOptions(
  run: Run,
  transport: MqttTransport,
  cleanup: Cleanup,
  onWaiting: () => void,
): OpenBenchOptions {
  const { args, io, config, uuid, files } = run;
  const { vendorKey, images, description } = files;
  const { generate } = suiteSchemes[vendorKey.suite];
  const takeOver = async (): Promise<void> => {
    const clientId = args.text('client-id') ?? `mup-device-${uuid}`;
    const other = connectMqtt({ ...config.mqtt, clientId }, mqttDeps(config, silentLogger));
    await online(other, config.mqtt, io.signal).finally(() => other.close());
  };
  return {
    uuid,
    transport,
    signer: {
      scheme: schemeOf(suiteSchemes),
      vendorKey,
      serverKey: files.serverKey ?? generate(),
      epoch: args.integer('epoch', 0, maxUint32) ?? 1,
      vendorCounter: args.integer('vendor-counter', 1, maxUint32) ?? 1,
      appId: files.appId ?? images[0]?.manifest.appId ?? 'app',
      sha256,
      generateKey: generate,
    },
    ...(images.length === 0 ? {} : { images: givenImages(images) }),
    ...(description === undefined ? {} : { description }),
    readDescription: readerOf(run, cleanup),
    takeOver,
    limits: { ...config.rpc, ...config.update },
    assembly: config.registration,
    clock: systemClock,
    random: systemRandom,
    signal: io.signal,
    onWaiting,
  };
}

function readerOf(
  { config, uuid, logger, files: { operatorDir } }: Run,
  cleanup: Cleanup,
): OpenBenchOptions['readDescription'] {
  const reader = createDescriptionReader({
    config: config.registration,
    clock: systemClock,
    logger,
    ...(operatorDir === undefined ? {} : { operatorDir }),
  });
  cleanup.add(() => reader.close());
  return async (bytes) => instantiate(await reader.read(uuid, bytes), uuid);
}
