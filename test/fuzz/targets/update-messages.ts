import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../../src/base/bytes.ts';
import type { FieldRole, Operation, Profile } from '../../../src/base/description.ts';
import { deviceUuid } from '../../../src/base/ids.ts';
import { leaves } from '../../../src/base/leaves.ts';
import { inputFault } from '../../../src/device/input-check.ts';
import { manifestOf } from '../../../src/device/manifest-request.ts';
import { decodeRequest } from '../../../src/mqtt/rpc-codec.ts';
import {
  decodeAuthenticatedSlice,
  encodeAuthenticatedSlice,
  sliceHashOctets,
} from '../../../src/mup/authenticated-slices.ts';
import {
  formatRegistrationAnswer,
  formatRegistrationError,
  parseRegistrationAnswer,
} from '../../../src/mup/endorsement.ts';
import { formatEndorsementFile, parseEndorsementFile } from '../../../src/mup/endorsement-file.ts';
import { parseUint32 } from '../../../src/mup/manifest-fields.ts';
import { formatVendorManifest, parseVendorManifest } from '../../../src/mup/manifest-json.ts';
import { mynoManifestParts, parseMynoManifest } from '../../../src/mup/myno-manifest.ts';
import { decodeMynoAcknowledgement } from '../../../src/mup/myno-slices.ts';
import { isSignedDescription, parseSignedDescription } from '../../../src/mup/signed-description.ts';
import {
  decodeAcknowledgement,
  decodeSlice,
  encodeAcknowledgement,
  encodeSlice,
} from '../../../src/mup/slices.ts';
import { parseToken } from '../../../src/mup/token.ts';
import { formatVendorKeyFile, parseVendorKeyFile } from '../../../src/mup/vendor-key-file.ts';
import { field, operation } from '../../support/example-description.ts';
import { bounded, decoded, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

type Vector = Readonly<Record<string, string>>;

/** The vectors of fixtures/mup. */
function vectors(file: string): readonly Vector[] {
  const path = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'mup', `${file}.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { vectors: readonly Vector[] }).vectors;
}

const slice: Target = {
  name: 'slice',
  seeds: () =>
    vectors('images').flatMap(({ slices = '', acknowledgements = '' }) =>
      `${slices} ${acknowledgements}`.split(' ').map((hex) => Buffer.from(hex, 'hex')),
    ),
  run: (input) => {
    const read = decodeSlice(input);
    if (read !== undefined)
      same(Buffer.from(encodeSlice(read.offset, read.bytes)), Buffer.from(input), 'a slice has one form');
    const next = decodeAcknowledgement(input);
    if (next !== undefined)
      same(Buffer.from(encodeAcknowledgement(next)), Buffer.from(input), 'an acknowledgement has one form');
  },
};

const authenticatedSlice: Target = {
  name: 'authenticated-slice',
  seeds: () => [
    Buffer.alloc(21, 7),
    Buffer.concat([Buffer.from([0, 0, 1, 44]), Buffer.alloc(16), Buffer.from('octets')]),
  ],
  run: (input) => {
    const read = decodeAuthenticatedSlice(input);
    if (read === undefined) return;
    const again = encodeAuthenticatedSlice(read.offset, sliceHashOctets(read.next), read.bytes);
    same(Buffer.from(again), Buffer.from(input), 'a slice has one form');
  },
};

const mynoAcknowledgement: Target = {
  name: 'myno-acknowledgement',
  seeds: texts('0,OK', '4294967295,OK', '17,OK'),
  words: [',OK', ',', 'OK'],
  run: (input) => {
    const n = decodeMynoAcknowledgement(input);
    if (n !== undefined)
      same(Buffer.from(input).toString('utf8'), `${n},OK`, 'an acknowledgement has one text');
  },
};

const manifest = {
  suite: '1',
  appId: 'lamp.v2',
  linkOffset: 4096,
  digest: 'ab'.repeat(32),
  size: 87_800,
  newVersion: 2,
  oldVersion: 0,
  innerSignature: 'cd'.repeat(64),
};

const manifestFile: Target = {
  name: 'manifest-file',
  seeds: texts(JSON.stringify(manifest), JSON.stringify({ ...manifest, suite: '2', size: 1 }, undefined, 2)),
  words: [
    '"suite"',
    '"appId"',
    '"size"',
    '"oldVersion"',
    'null',
    '"1"',
    '"2"',
    'ab'.repeat(32),
    'cd'.repeat(64),
  ],
  run: (input) => {
    const read = decoded(['bad-manifest'], () => parseVendorManifest(input, 4096));
    if (read === undefined) return;
    hold(input.length <= 4096, 'a manifest is bounded');
    same(
      parseVendorManifest(Buffer.from(formatVendorManifest(read))),
      read,
      'a manifest survives being written',
    );
  },
};

const roles: readonly FieldRole[] = [
  ...(['suite', 'appId', 'linkOffset', 'imageDigest', 'imageSize', 'newVersion', 'oldVersion'] as const),
  ...(['innerSignature', 'deviceUuid', 'nonce', 'outerSignature'] as const),
];

const sendManifest: Operation = operation('sendExtendedManifest', {
  role: 'manifest',
  inputs: roles.map((role) => field(role, { kind: 'scalar', datatype: 'string', maxLength: 300 }, { role })),
});

const anyInput: Operation = operation('any', {
  inputs: [
    field('byte', { kind: 'scalar', datatype: 'byte', minInclusive: '-5', maxExclusive: '100' }),
    field('long', { kind: 'scalar', datatype: 'unsignedLong' }),
    field('decimal', { kind: 'scalar', datatype: 'decimal', minExclusive: '0.5' }),
    field('double', { kind: 'scalar', datatype: 'double' }),
    field('binary', { kind: 'scalar', datatype: 'base64Binary', maxLength: 8 }),
    field('hex', { kind: 'scalar', datatype: 'hexBinary', minLength: 1 }, { mandatory: false }),
    field('word', { kind: 'enumeration', values: [{ name: 'on' }] }),
    field('time', { kind: 'scalar', datatype: 'dateTime' }, { mandatory: false }),
  ],
});

const deviceRequest: Target = {
  name: 'device-request',
  seeds: () => [
    ...vectors('manifests').map(({ message = '' }) => Buffer.from(message, 'utf8')),
    ...['1;ANY;5;18446744073709551615;1.5;1e3;AAAA;ff;on;2026-01-01T00:00:00Z', '1;ANY;-5;0;.6;INF;;;on'].map(
      (text) => Buffer.from(text),
    ),
  ],
  words: [';', ';;', '1e3', 'INF', 'NaN', '=', '==', 'AAAA', '-P1Y', '2026-01-01'],
  run: (input) => {
    const request = decoded(['bad-request'], () => decodeRequest(input, 'mup'));
    if (request === undefined) return;
    for (const one of [sendManifest, anyInput]) {
      const fault = inputFault(one, request.inputs);
      hold(fault === undefined || fault.length < 200, 'what is wrong is said without the input');
      hold(
        fault !== undefined || request.inputs.length <= leaves(one.inputs).length,
        'no input too many is taken',
      );
    }
    const read = manifestOf(sendManifest, request.inputs);
    if (read === undefined) return;
    same(request.inputs[roles.indexOf('nonce')], read.nonce, 'a manifest says what was sent');
    same(request.inputs[roles.indexOf('imageSize')], String(read.size), 'a number has one text');
  },
};

const mynoRoles = roles.filter((role) => role !== 'suite' && role !== 'deviceUuid');

const mynoManifest: Target = {
  name: 'myno-manifest',
  seeds: () =>
    vectors('myno').map(({ parts = '' }) =>
      Buffer.from(
        parts
          .split(' ')
          .map((part) => part.slice(2))
          .slice(0, mynoRoles.length)
          .join('\n'),
      ),
    ),
  words: ['\n', 'APP', '123456'],
  run: (input) => {
    const values = Buffer.from(input).toString('utf8').split('\n');
    const given = new Map(mynoRoles.map((role, i) => [role, values[i] ?? '']));
    const read = decoded(['bad-manifest'], () => parseMynoManifest(given, deviceUuid('dev-1')));
    if (read === undefined) return;
    const parts = mynoManifestParts(read);
    same(parts.length, 10, 'a manifest has nine fields and its end');
    hold(
      parts.every((part) => /^[0-9],[A-Za-z0-9._-]+$/.test(part)),
      'no field can be taken for more than one',
    );
  },
};

const token: Target = {
  name: 'token',
  seeds: () =>
    vectors('tokens').map(({ uuid, nonce, version }) => Buffer.from([uuid, nonce, version].join('\n'))),
  words: ['\n', '123456'],
  run: (input) => {
    const [uuid = '', nonce = '', version = ''] = Buffer.from(input).toString('utf8').split('\n');
    for (const profile of ['mup', 'myno', 'native'] satisfies Profile[]) {
      const read = decoded(['bad-token'], () => parseToken({ uuid, nonce, version }, profile));
      if (read !== undefined) same(parseUint32(version), read.version, 'a version has one text');
    }
  },
};

const registrationAnswer: Target = {
  name: 'registration-answer',
  seeds: () => [
    ...vectors('endorsements').map(({ message = '' }) => Buffer.from(message)),
    Buffer.from('ERROR;unknown-digest;the bridge does not hold it; send it whole'),
  ],
  words: [';', 'OK;', 'ERROR;', 'ab'.repeat(64)],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const read = parseRegistrationAnswer(text);
    bounded(read, input, 8);
    if (read.kind === 'registered')
      same(formatRegistrationAnswer(read.endorsement), text, 'an answer has one text');
    if (read.kind === 'refused')
      hold(
        formatRegistrationError(read.code, read.text).startsWith(`ERROR;${read.code};`),
        'a refusal keeps its code',
      );
  },
};

const endorsementFile: Target = {
  name: 'endorsement-file',
  seeds: texts(
    JSON.stringify({ serverKey: 'ab'.repeat(64), epoch: 3, signature: 'cd'.repeat(64) }),
    JSON.stringify({ serverKey: 'ab'.repeat(64), epoch: 4294967295, signature: '' }),
  ),
  words: ['"serverKey"', '"epoch"', '"signature"', 'ab'.repeat(64)],
  run: (input) => {
    const read = decoded(['bad-endorsement'], () => parseEndorsementFile(input));
    if (read !== undefined)
      same(
        parseEndorsementFile(Buffer.from(formatEndorsementFile(read))),
        read,
        'a file survives being written',
      );
  },
};

const vendorKeyFile: Target = {
  name: 'vendor-key-file',
  seeds: texts(
    JSON.stringify({ newKey: 'ab'.repeat(64), counter: 3, signature: 'cd'.repeat(64) }),
    JSON.stringify({ newKey: 'ab'.repeat(32), counter: 4294967295, signature: 'cd'.repeat(64) }),
  ),
  words: ['"newKey"', '"counter"', '"signature"', 'ab'.repeat(32)],
  run: (input) => {
    const read = decoded(['bad-vendor-key'], () => parseVendorKeyFile(input));
    if (read !== undefined)
      same(parseVendorKeyFile(Buffer.from(formatVendorKeyFile(read))), read, 'a file survives being written');
  },
};

const header = (key: string): string => `MUP-SIGNED;7;${key};${'cd'.repeat(64)};`;

const signedDescription: Target = {
  name: 'signed-description',
  seeds: texts(`${header('ab'.repeat(64))}{"@graph":[]}`, header('ab'.repeat(32)), `{"a":"${header('x')}"}`),
  words: ['MUP-SIGNED;', ';', '4294967295', 'ab'.repeat(32)],
  run: (input) => {
    const read = decoded(['bad-signature'], () => parseSignedDescription(input));
    if (read === undefined) return;
    hold(isSignedDescription(input), 'only what begins like one is one');
    const { counter, key, signature, octets } = read;
    const text = `MUP-SIGNED;${counter};${toHex(key)};${toHex(signature)};`;
    same(Buffer.concat([Buffer.from(text), octets]), Buffer.from(input), 'a signed description has one form');
  },
};

/** What the update protocol sends, on either side, and the files it is prepared with (mup-protocol §1, §3). */
export const updateMessages: readonly Target[] = [
  slice,
  authenticatedSlice,
  mynoAcknowledgement,
  manifestFile,
  deviceRequest,
  mynoManifest,
  token,
  registrationAnswer,
  endorsementFile,
  vendorKeyFile,
  signedDescription,
];
