import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../../src/base/adapters/node-runtime.ts';
import { parseAuditEntry } from '../../../src/bridge/audit-entry.ts';
import { parseBridgeFile } from '../../../src/cli/bridge-file.ts';
import {
  formatRecord as formatDevice,
  parseRecord as parseDevice,
} from '../../../src/device/device-record.ts';
import { readPrivateKey, readPublicKey } from '../../../src/mup/adapters/key-files.ts';
import { parseKey } from '../../../src/netconf/adapters/ssh2.ts';
import {
  formatRecord as formatEvent,
  parseRecord as parseEvent,
} from '../../../src/netconf/events/event-record.ts';
import { parseAuthorizedKey } from '../../../src/netconf/users/authorized-key.ts';
import { formatPassword, parsePassword } from '../../../src/netconf/users/password-text.ts';
import { headerLine, readLine, recordLine, recordsBehind } from '../../../src/registry/journal-format.ts';
import { bounded, decoded, decodedLater, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

function pems(): string[] {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const ed25519 = generateKeyPairSync('ed25519');
  return [
    ...[p256, p384, ed25519].flatMap(({ privateKey, publicKey }) => [
      privateKey.export({ format: 'pem', type: 'pkcs8' }),
      publicKey.export({ format: 'pem', type: 'spki' }),
    ]),
    p256.privateKey.export({ format: 'pem', type: 'sec1' }),
    p256.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }),
  ].map(String);
}

const keyCodes = [
  'key-malformed',
  'key-type',
  'key-encrypted',
  'key-unreadable',
  'key-passphrase',
  'bad-key',
];

let folder: string | undefined;

const keyFile: Target = {
  name: 'key-file',
  seeds: () => pems().map((pem) => Buffer.from(pem)),
  words: [
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    '-----BEGIN EC PRIVATE KEY-----',
    'ENCRYPTED',
    '\n',
    '=',
    'AAAA',
  ],
  maxBytes: 20_000,
  run: async (input) => {
    folder ??= mkdtempSync(join(tmpdir(), 'mup-fuzz-'));
    const path = join(folder, 'key.pem');
    writeFileSync(path, input, { mode: 0o600 });
    const secret = await decodedLater(keyCodes, () => readPrivateKey(path, async () => 'x'));
    const known = await decodedLater(keyCodes, () => readPublicKey(path, async () => 'x'));
    hold(secret === undefined || known !== undefined, 'a private key has a public one');
  },
  close: async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  },
};

const authorizedLine =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS somebody@somewhere';

const authorizedKey: Target = {
  name: 'authorized-key',
  seeds: texts(authorizedLine, 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ==', 'ecdsa-sha2-nistp256 AAAA x'),
  words: ['ssh-rsa ', 'ssh-ed25519 ', 'ecdsa-sha2-nistp521 ', 'AAAA', ' ', '\t', '=', 'PRIVATE KEY'],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const read = decoded(['bad-authorized-key'], () => parseAuthorizedKey(text));
    if (read === undefined) return;
    bounded(read, input, 4);
    const line = `${read.type} ${Buffer.from(read.blob).toString('base64')} ${read.comment}`;
    same(parseAuthorizedKey(line).blob, read.blob, 'a key survives being written');
    // What is accepted here is handed to ssh2 at a login.
    parseKey(line);
  },
};

const password: Target = {
  name: 'password-text',
  seeds: texts(
    `$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`,
    `$scrypt$ln=1,r=1,p=16$${'A'.repeat(11)}$${'A'.repeat(22)}`,
  ),
  words: ['$', 'ln=', 'r=', 'p=', '99', '1000000', 'AAAA'],
  run: (input) => {
    const read = parsePassword(Buffer.from(input).toString('utf8'));
    if (read === undefined) return;
    hold(128 * read.n * read.r <= 256 * 1024 * 1024, 'what a login may cost is bounded');
    same(parsePassword(formatPassword(read)), read, 'a password survives being written');
  },
};

const device = {
  format: 1,
  appId: 'APP',
  version: 1,
  activeSlot: 'a',
  vendorKey: 'ab'.repeat(64),
  serverKey: { key: 'cd'.repeat(64), epoch: 3 },
  transfer: { digest: 'ef'.repeat(32), size: 7, newVersion: 2 },
};

const deviceRecord: Target = {
  name: 'device-record',
  seeds: texts(
    JSON.stringify(device),
    JSON.stringify({ ...device, transfer: undefined, pendingBoot: device.transfer }),
  ),
  words: ['"format"', '"version"', '"activeSlot"', '"b"', 'null', '"epoch"', '"transfer"', '"pendingBoot"'],
  run: (input) => {
    const read = decoded(['device-state-damaged'], () => parseDevice(input));
    if (read !== undefined) same(parseDevice(formatDevice(read)), read, 'a record survives being written');
  },
};

const event = {
  time: 1_700_000_000_000,
  stream: 'NETCONF',
  about: [{ namespace: 'urn:a', name: 'b', keys: { c: 'd' } }],
  namespace: 'urn:a',
  name: 'e',
  xml: '<e xmlns="urn:a"/>',
};

const eventRecord: Target = {
  name: 'event-record',
  seeds: texts(JSON.stringify(event), JSON.stringify({ ...event, about: undefined, stream: undefined })),
  words: ['"about"', '"keys"', '"xml"', '"<e/>"', '"time"', '8.64e15', 'null'],
  run: (input) => {
    const read = parseEvent(Buffer.from(input).toString('utf8'));
    if (read !== undefined) same(parseEvent(formatEvent(read)), read, 'an event survives being written');
  },
};

const line = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, -1);

const journal: Target = {
  name: 'journal',
  seeds: () => [
    line(headerLine(3, sha256)),
    line(recordLine({ at: 70, synced: 0, changes: ['["devices","a",{"b":1}]', '["devices","b"]'] }, sha256)),
    Buffer.concat([Buffer.from('torn'), line(recordLine({ at: 9, synced: 9, changes: [] }, sha256))]),
  ],
  words: ['{"at":', '\n', '"format":"mup-bridge registry"'],
  run: (input) => {
    bounded(readLine(input, sha256), input, 16);
    bounded(recordsBehind(input, sha256), input, 64);
  },
};

const localFiles: Target = {
  name: 'local-files',
  seeds: texts(
    '{"netconf":{"host":"::1","port":830},"hostKeys":[{"type":"ssh-ed25519","sha256":"x"}],"pid":1,"version":"1"}',
    '{"time":"2026-01-01T00:00:00Z","user":"a","from":"b","operation":"c","outcome":"ok","changes":["x"],"unwritten":2}',
  ),
  words: ['null', '"changes":[1]', '"hostKeys":{}', '[]', '{}'],
  run: (input) => {
    decoded(['bad-bridge-file'], () => parseBridgeFile(input));
    parseAuditEntry(Buffer.from(input).toString('utf8'));
  },
};

/** Files: those that people bring, and our own after somebody or a disk has changed them. */
export const fileTargets: readonly Target[] = [
  keyFile,
  authorizedKey,
  password,
  deviceRecord,
  eventRecord,
  journal,
  localFiles,
];
