import { afterEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import { type OpenBenchOptions, openBench } from '../../src/kit/open-bench.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signDescription } from '../../src/mup/signed-description.ts';
import {
  BenchDevice,
  description,
  endorsed,
  server,
  stranger,
  topics,
  uuid,
  vendor,
} from '../device/bench-device.ts';
import { drive, kitOptions, opened } from './bench-kit.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

const text = '{"the description of": "%s"}';

/** What the kit reads of a device that is made so. */
async function readOf(changes: ConstructorParameters<typeof BenchDevice>[0]): Promise<string[]> {
  device = new BenchDevice(changes);
  const read: string[] = [];
  const options: OpenBenchOptions = {
    ...kitOptions(device),
    readDescription: async (bytes) => {
      read.push(decodeUtf8(bytes) ?? '');
      return description;
    },
  };
  const { close } = await opened(device, options);
  await drive(device, close());
  return read;
}

describe('the description comes', () => {
  test('in pieces', async () => {
    expect(await readOf({ pieceBytes: 5 })).toEqual([text]);
  });

  test('after its digest, which the kit does not know', async () => {
    expect(await readOf({ announceDigest: sha256(utf8(text)) })).toEqual([text]);
  });

  test('with a signature before it', async () => {
    const signed = signDescription(uuid, utf8(text), 1, vendor, { scheme: es256, sha256 });
    expect(await readOf({ descriptionBytes: signed })).toEqual([text]);
  });

  test('from a file, for a device that is registered', async () => {
    device = await new BenchDevice().startRegistered(endorsed(server, 1));
    const options = { ...kitOptions(device), description: utf8(text) };
    const { bench, close } = await drive(device, openBench(options));
    expect(bench.options.desk.last).toBeUndefined();
    await drive(device, close());
  });

  test('from a file, for a device that keeps another key: it is told of the kit’s', async () => {
    device = await new BenchDevice().startRegistered(endorsed(server, 1));
    const options = kitOptions(device);
    const signer = { ...options.signer, serverKey: stranger, epoch: 2 };
    const { close } = await drive(device, openBench({ ...options, signer, description: utf8(text) }));
    expect(device.seen('server-key-taken').map(({ epoch }) => epoch)).toEqual([1, 2]);
    await drive(device, close());
  });
});

describe('a device that cannot be tried is told from one that fails', () => {
  const refusal = async (
    changes: (options: OpenBenchOptions) => Partial<OpenBenchOptions>,
  ): Promise<unknown> => {
    device = new BenchDevice();
    const options = kitOptions(device);
    const opening = opened(device, { ...options, ...changes(options) });
    return opening.then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  test('none describes itself', async () => {
    device = new BenchDevice();
    const opening = openBench(kitOptions(device));
    await expect(drive(device, opening)).rejects.toMatchObject({ code: 'no-description' });
    expect(device.broker.published).toEqual([]);
  });

  test.each<[string, (options: OpenBenchOptions) => Partial<OpenBenchOptions>, object]>([
    [
      'the vendor key is not its vendor’s',
      ({ signer }) => ({ signer: { ...signer, vendorKey: stranger } }),
      { code: 'device-not-ready', hint: expect.stringContaining('--vendor-key') },
    ],
    [
      'it runs another application',
      ({ signer }) => ({ signer: { ...signer, appId: 'OTHER' } }),
      { code: 'device-not-ready', message: expect.stringContaining('21_WRONG-APP-ID') },
    ],
    [
      'it takes no updates',
      () => ({ readDescription: async () => ({ ...description, profile: 'native' }) }),
      { code: 'profile-unsupported' },
    ],
    [
      'its description names a topic of the bridge',
      () => ({
        readDescription: async () => ({
          ...description,
          operations: description.operations.map((one) => ({ ...one, topic: 'mup/description/x' })),
        }),
      }),
      { code: 'bad-topic' },
    ],
  ])('%s', async (_, changes, error) => {
    expect(await refusal(changes)).toMatchObject(error);
    expect(device.broker.published.filter(({ topic }) => topic === topics.image)).toEqual([]);
  });
});
