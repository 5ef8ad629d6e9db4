import { concatBytes } from '../../../src/base/bytes.ts';
import { deviceUuid } from '../../../src/base/ids.ts';
import { DescriptionAssembler, encodePieces } from '../../../src/mqtt/description-pieces.ts';
import { MynoAssembler, uuidMessage } from '../../../src/mqtt/myno-pieces.ts';
import { PacketBound } from '../../../src/mqtt/packet-bound.ts';
import { FrameDecoder, FramingError } from '../../../src/netconf/framing.ts';
import { SftpDecoder } from '../../../src/netconf/sftp/sftp-packets.ts';
import { SshReader } from '../../../src/netconf/ssh-data.ts';
import { LineSplitter } from '../../../src/registry/journal-format.ts';
import { bounded, decoded, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

/** The messages of an input: what stands between these octets, which no message of a seed holds. */
const between = Buffer.from('~~', 'latin1');

function messagesOf(input: Uint8Array): Uint8Array[] {
  const rest = Buffer.from(input);
  const messages: Uint8Array[] = [];
  let from = 0;
  for (let at = rest.indexOf(between); at >= 0; at = rest.indexOf(between, from)) {
    messages.push(input.subarray(from, at));
    from = at + between.length;
  }
  return [...messages, input.subarray(from)];
}

/** The same octets in parts whose lengths they say themselves. */
function inParts(input: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const length = 1 + ((input[at] ?? 0) % 7);
    parts.push(input.subarray(at, at + length));
    at += length;
  }
  return parts;
}

const limits = { maxDescriptionBytes: 300, maxPieces: 9, maxDevicesInAssembly: 3, assemblyIdleMs: 1000 };

const pieces: Target = {
  name: 'pieces',
  seeds: texts('1/2;{"a":1~~2/2;}', '1/1;{}', '2/3;b~~3/3;c~~1/3;a', '1/9;x~~1/3;y~~9/9;z', '3/2;no'),
  words: ['~~', '1/', '/1;', '9/9;', '10/10;', '0/1;', '1/9999999;', '1/2;x~~'],
  run: (input) => {
    const assembler = new DescriptionAssembler(limits);
    for (const [i, message] of messagesOf(input).entries()) {
      const result = assembler.push(deviceUuid(`dev-${i % 5}`), message, i);
      hold(assembler.size <= limits.maxDevicesInAssembly, 'devices in assembly are bounded');
      if (result.kind !== 'complete') continue;
      hold(result.bytes.length <= limits.maxDescriptionBytes, 'a description is bounded');
    }
    const description = input.subarray(0, limits.maxDescriptionBytes);
    const parts = encodePieces(description, Math.max(40, Math.ceil(description.length / 9)));
    const whole = new DescriptionAssembler(limits);
    const results = parts.reverse().map((part, i) => whole.push(deviceUuid('dev-1'), part, i));
    const last = results.at(-1);
    same(
      last?.kind === 'complete' ? Buffer.from(last.bytes) : last,
      Buffer.from(description),
      'pieces make the whole',
    );
  },
};

const mynoPieces: Target = {
  name: 'myno-pieces',
  seeds: texts('dev-1;{"a"~~dev-1;:1}~~dev-1;END', 'a;x~~b;y~~a;END~~b;END', 'a;END', `a;${'x'.repeat(70)}`),
  words: ['~~', 'dev-1;', ';END', 'a;', ';'],
  run: (input) => {
    const assembler = new MynoAssembler(limits);
    for (const [i, payload] of messagesOf(input).entries()) {
      const result = assembler.push({ payload, dup: i % 3 === 2 }, i);
      hold(assembler.size <= limits.maxDevicesInAssembly, 'devices in assembly are bounded');
      if (result.kind === 'complete')
        hold(result.bytes.length <= limits.maxDescriptionBytes, 'a description is bounded');
      uuidMessage(payload);
    }
  },
};

const maxMessageBytes = 2000;

/** All that a decoder says of octets that come in parts: its messages, and why it ended. */
function framed(parts: readonly Uint8Array[], framing: 'chunked' | 'end-of-message'): unknown[] {
  const decoder = new FrameDecoder({ maxMessageBytes });
  const said: unknown[] = [];
  const take = (messages: readonly Uint8Array[]): void => {
    for (const message of messages) {
      hold(message.length <= maxMessageBytes, 'a message is bounded');
      said.push(Buffer.from(message));
    }
  };
  try {
    take(decoder.push(Buffer.from('hello]]>]]>')));
    take(decoder.begin(framing));
    for (const part of parts) {
      take(decoder.push(part));
      hold(decoder.heldBytes <= maxMessageBytes + part.length + 6, 'what is held is bounded');
    }
  } catch (error) {
    if (!(error instanceof FramingError)) throw error;
    take(error.messages);
    said.push(error.code);
  }
  return said;
}

const framing: Target = {
  name: 'framing',
  seeds: texts(
    '<rpc/>]]>]]><rpc/>]]>]]>',
    '\n#4\n<rpc\n#2\n/>\n##\n\n#1\nx\n##\n',
    '\n\n#6\n<rpc/>\n##\n',
    ']]]]>]]>',
    '\n#4294967295\n',
    `\n#${'1900'}\n${'x'.repeat(1900)}\n##\n`,
  ),
  words: [']]>]]>', ']]>', '\n#', '\n##\n', '\n#1\nx', '\n#0\n'],
  run: (input) => {
    for (const kind of ['chunked', 'end-of-message'] as const) {
      const whole = framed([input], kind);
      same(framed(inParts(input), kind), whole, 'it does not matter how a stream is cut');
      same(
        framed(
          [...input].map((octet) => Uint8Array.of(octet)),
          kind,
        ),
        whole,
        'nor that it is cut everywhere',
      );
    }
  },
};

function packetsOf(parts: readonly Uint8Array[]): Uint8Array[] | string {
  const decoder = new SftpDecoder();
  const packets: Uint8Array[] = [];
  const all = decoded(['bad-sftp'], () => {
    for (const part of parts) packets.push(...decoder.push(part).map((packet) => packet.slice()));
    return packets;
  });
  return all ?? 'refused';
}

const sftpStream: Target = {
  name: 'sftp-stream',
  seeds: () => [
    Uint8Array.of(0, 0, 0, 5, 1, 0, 0, 0, 3),
    Uint8Array.of(0, 0, 0, 1, 9, 0, 0, 0, 2, 7, 7),
    Uint8Array.of(0, 4, 0, 0),
  ],
  run: (input) => {
    const whole = packetsOf([input]);
    same(packetsOf(inParts(input)), whole, 'it does not matter how a stream is cut');
    bounded(whole, input, 12);
  },
};

const readers: readonly ((reader: SshReader) => unknown)[] = [
  (reader) => reader.byte(),
  (reader) => reader.uint32(),
  (reader) => reader.uint64(),
  (reader) => reader.bytes(),
  (reader) => reader.text(),
];

const sshData: Target = {
  name: 'ssh-data',
  seeds: () => [Buffer.from('00000003616263000000', 'hex'), Buffer.from('0102030405060708090a0b0c', 'hex')],
  run: (input) => {
    const reader = new SshReader(input);
    for (let step = 0; reader.remaining > 0 && step < 40; step += 1) {
      const before = reader.remaining;
      const read = readers[step % readers.length]?.(reader);
      hold(reader.remaining < before, 'reading goes on');
      if (read === undefined) same(reader.remaining, 0, 'what is cut off ends the reading');
    }
  },
};

const mqttStream: Target = {
  name: 'mqtt-stream',
  seeds: () => [
    Buffer.from([0x10, 13, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 60, 0, 1, 0x72, 0xe0, 0]),
    Buffer.from([0x32, 7, 0, 1, 0x61, 0, 9, 1, 2, 0xc0, 0]),
    Buffer.from([0x34, 0xff, 0x01, 0, 3, 0x61, 0x2f, 0x62, 0, 1, ...Buffer.alloc(260)]),
    Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
    Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]),
  ],
  run: (input) => {
    const pass = (parts: readonly Uint8Array[]): unknown => {
      const skipped: unknown[] = [];
      const bound = new PacketBound(64, (packet) => skipped.push(packet));
      const passed = decoded(['bad-packet'], () => concatBytes(parts.flatMap((part) => bound.push(part))));
      return passed === undefined ? 'refused' : [Buffer.from(passed), skipped];
    };
    const whole = pass([input]);
    bounded(whole, input, 12);
    const cut = pass(inParts(input));
    // What is refused later in the stream hides what came before it.
    hold((whole === 'refused') === (cut === 'refused'), 'cutting a stream refuses nothing');
    if (Array.isArray(whole) && Array.isArray(cut)) same(cut[1], whole[1], 'the same packets are skipped');
  },
};

const lines: Target = {
  name: 'journal-lines',
  seeds: texts('a\nbb\n\nccc\nrest', '\n', 'x'),
  words: ['\n', '\n\n', '\r\n'],
  run: (input) => {
    const split = (parts: readonly Uint8Array[]): unknown => {
      const splitter = new LineSplitter();
      const found = parts.flatMap((part) =>
        splitter.push(part).map(({ at, bytes }) => [at, Buffer.from(bytes)]),
      );
      return [found, splitter.rest];
    };
    same(split(inParts(input)), split([input]), 'it does not matter how a stream is cut');
  },
};

/** Decoders that put together what comes in parts. */
export const streams: readonly Target[] = [
  pieces,
  mynoPieces,
  framing,
  sftpStream,
  sshData,
  mqttStream,
  lines,
];
