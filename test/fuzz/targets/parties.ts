import { startSha256 } from '../../../src/base/adapters/node-runtime.ts';
import { allSuites } from '../../../src/mup/adapters/noble-curves.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { BenchBridge, newWorld } from '../../bridge/bench-bridge.ts';
import {
  BenchDevice,
  countingRandom,
  description,
  endorsed,
  extended,
  image,
  manifestInputs,
  server,
  stranger,
  topics,
  uuid,
} from '../../device/bench-device.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { hold, same } from '../oracle.ts';
import type { Target } from '../target.ts';

/** Messages of an input: `topic payload`, with this between them. */
const between = Buffer.from('~~', 'latin1');

interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
}

function messagesOf(input: Uint8Array): Message[] {
  const messages: Message[] = [];
  for (let rest = Buffer.from(input); rest.length > 0; ) {
    const end = rest.indexOf(between);
    const one = end < 0 ? rest : rest.subarray(0, end);
    rest = end < 0 ? Buffer.alloc(0) : rest.subarray(end + between.length);
    const space = one.indexOf(0x20);
    if (space > 0)
      messages.push({ topic: one.subarray(0, space).toString('utf8'), payload: one.subarray(space + 1) });
  }
  // A run is to be short; what a hundred messages do, twelve do.
  return messages.slice(0, 12);
}

function inputOf(
  ...messages: readonly (readonly [topic: string, payload: string | Uint8Array])[]
): Uint8Array {
  return Buffer.concat(
    messages.flatMap(([topic, payload], i) => [
      i === 0 ? Buffer.alloc(0) : between,
      Buffer.from(`${topic} `),
      Buffer.from(payload),
    ]),
  );
}

const slice = (offset: number, octets: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from([0, 0, offset >> 8, offset & 255]), octets]);

const someManifest = manifestInputs(extended({ uuid, nonce: '0'.repeat(32), version: 1 })).join(';');

const device: Target = {
  name: 'device-agent',
  seeds: () => [
    inputOf(
      [topics.firmware, '1;GET-DEVICE-TOKEN'],
      [topics.firmware, `2;SEND-EXTENDED-MANIFEST;${someManifest}`],
    ),
    inputOf(
      [topics.image, slice(0, image.subarray(0, 300))],
      [topics.image, slice(300, image.subarray(300, 600))],
    ),
    inputOf([topics.firmware, '3;SEND-FIRMWARE-IMAGE;FIN'], [topics.firmware, '4;ABORT']),
    inputOf(
      [topics.lamp, '5;SET-COLOR;1;2;255;steady'],
      [topics.lamp, '6;SET-COLOR;1;2;256'],
      [topics.lamp, ';'],
    ),
    inputOf(
      [topics.descriptionStatus, endorsed(server, 2)],
      [topics.descriptionStatus, endorsed(stranger, 9, stranger)],
    ),
    inputOf(
      [topics.descriptionStatus, 'ERROR;unknown-digest;x'],
      [topics.firmware, '7;ROTATE-VENDOR-KEY;ab;1;cd'],
    ),
  ],
  words: [
    '~~',
    ';',
    topics.firmware,
    topics.image,
    topics.lamp,
    topics.descriptionStatus,
    'ABORT',
    'FIN',
    '%3B',
  ],
  maxBytes: 4096,
  run: async (input) => {
    const logger = new RecordingLogger();
    const deps = {
      clock: new ManualClock(),
      random: countingRandom(),
      logger,
      scheme: allSuites,
      startSha256,
    };
    const bench = await new BenchDevice({ deps }).startRegistered();
    for (const { topic, payload } of messagesOf(input)) bench.broker.inject(topic, payload, { qos: 0 });
    await bench.settled();
    same(logger.messages('error'), [], 'nothing fails inside');
    same(bench.seen('restarting'), [], 'nothing boots that a stranger sent');
    same((await bench.token()).version, 1, 'the device answers as before');
    await bench.agent.close();
  },
};

/** Runs that share a bridge: what one leaves behind is there for the next. */
const runsPerBridge = 100;

let bench: Promise<BenchBridge> | undefined;
let runs = 0;

async function openBridge(): Promise<BenchBridge> {
  const opened = await BenchBridge.start(newWorld());
  await opened.register(description, 'lamp', uuid);
  return opened;
}

const bridgeTopics = {
  description: `mup/description/${uuid}`,
  status: `mup/status/${uuid}`,
  answer: `mup/response/${uuid}`,
  acknowledgement: topics.ack,
  telemetry: topics.temperature,
};

const bridge: Target = {
  name: 'bridge',
  seeds: () => [
    inputOf(
      [bridgeTopics.answer, '@;OK;15'],
      [bridgeTopics.answer, '@;ERROR'],
      [bridgeTopics.answer, '@;OK;999'],
    ),
    inputOf(
      [bridgeTopics.status, 'online;1'],
      [bridgeTopics.status, 'offline'],
      [bridgeTopics.telemetry, '21.5'],
    ),
    inputOf(
      [bridgeTopics.description, '1/2;lam'],
      [bridgeTopics.description, '2/2;p'],
      ['mup/description/x', '1/1;no'],
    ),
    inputOf(
      [bridgeTopics.description, `1/1;sha256:${'ab'.repeat(32)}`],
      [bridgeTopics.acknowledgement, '\0\0\0\u0001'],
    ),
    inputOf(
      ['yang/config/create', 'dev-9;lamp'],
      ['yang/config/create', 'dev-9;END'],
      ['yang/config/delete', uuid],
    ),
    inputOf(
      ['yang/config', `${uuid};lamp`],
      ['yang/config', `${uuid};END`],
      ['yang/config/retrieve', 'dev-9'],
    ),
    inputOf(['response/dev-9', '1;OK'], ['mup/response/x', '@;OK;15'], ['yang/config/update', 'dev-9;lamp']),
  ],
  words: [
    '~~',
    ' ',
    ';',
    '@;',
    'OK',
    'END',
    '1/1;',
    ...Object.values(bridgeTopics),
    'yang/config/create ',
    'online;',
  ],
  maxBytes: 4096,
  run: async (input) => {
    if (runs % runsPerBridge === 0) await closeBridge();
    runs += 1;
    bench ??= openBridge();
    const opened = await bench;
    const asked = opened.broker.connect();
    let id = '';
    await asked.subscribe(topics.lamp, 1, ({ payload }) => {
      id = Buffer.from(payload).toString('utf8').split(';')[0] ?? '';
    });
    const call = opened
      .call('mqtt-lamp', 'setColor', { uuidInput: uuid, color: { red: '1', green: '2', blue: '3' } })
      .then(
        () => 'answered',
        (error: unknown) => (error instanceof RpcError ? 'refused' : error),
      );
    await opened.settled();
    for (const { topic, payload } of messagesOf(input)) {
      const text = Buffer.from(payload).toString('latin1').replaceAll('@', id);
      opened.broker.inject(topic, Buffer.from(text, 'latin1'), { qos: 0 });
    }
    await opened.settled();
    opened.clock.advance(60_000);
    const outcome = await call;
    hold(outcome === 'answered' || outcome === 'refused', `a call ends with ${String(outcome)}`);
    const failures = opened.world.logger.lines.filter(({ level }) => level === 'error');
    same(failures, [], 'nothing fails inside');
    hold(opened.registry.get(uuid) !== undefined, 'the device is still registered');
    opened.broker.published.length = 0;
    opened.world.logger.lines.length = 0;
    await asked.close();
  },
  close: () => closeBridge(),
};

async function closeBridge(): Promise<void> {
  const opened = await bench;
  bench = undefined;
  await opened?.close();
}

/** All parties of the protocol, with whatever is said to them at the broker. */
export const partyTargets: readonly Target[] = [device, bridge];
