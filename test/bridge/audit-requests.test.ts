import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { PeerError } from '../../src/base/errors.ts';
import type { AuditFacts } from '../../src/bridge/audit-entry.ts';
import { configChange, loginFacts } from '../../src/bridge/audit-requests.ts';
import { AuditedDrop } from '../../src/bridge/audited-drop.ts';
import { fieldWithRole } from '../../src/bridge/update-fields.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { formatVendorManifest } from '../../src/mup/manifest-json.ts';
import { signManifest } from '../../src/mup/signing.ts';
import type { PerformedRequest, RequestAudit } from '../../src/netconf/audit.ts';
import { baseNamespace, bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { RpcError } from '../../src/netconf/rpc-error.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { unsigned, uuid, vendor } from '../device/bench-device.ts';
import { BenchUpdate } from './bench-update.ts';

const session = { id: 3, username: 'anna', sourceHost: '192.0.2.7', loginTime: 0 };
const lamp = 'urn:mup:yang:mqtt-lamp';
const leavesOf = (namespace: string, values: Readonly<Record<string, string>>): XmlElement[] =>
  Object.entries(values).map(([name, value]) => element(namespace, name, value));

describe('what of the requests of clients is in the audit log', () => {
  let both: BenchUpdate;
  let written: AuditFacts[];
  let audit: RequestAudit;

  beforeEach(async () => {
    both = await BenchUpdate.start();
    written = [];
    audit = both.bench.bridge.auditedRequests({ record: async (facts) => void written.push(facts) });
  });
  afterEach(() => both.close());

  const performed = async (
    operation: XmlElement,
    more: Partial<PerformedRequest> = {},
  ): Promise<AuditFacts | undefined> => {
    await audit.performed({ session, operation, reply: [], ...more });
    return written.pop();
  };
  const bridge = (name: string, values: Readonly<Record<string, string>>): XmlElement =>
    element(bridgeNamespace, name, leavesOf(bridgeNamespace, values));
  const base = (name: string, children: readonly XmlElement[]): XmlElement =>
    element(baseNamespace, name, children);

  test('a rotation: which key of the update server', async () => {
    const id = '00112233445566aa';
    const made = await performed(bridge('prepare-server-key', {}), {
      reply: [element(bridgeNamespace, 'key', id)],
    });
    expect(made).toMatchObject({ operation: 'prepare-server-key', target: id });
    expect(await performed(bridge('retire-server-key', { key: id }))).toMatchObject({ target: id });
  });

  test('an update: device, job, and the digests of image and manifest; its end in the same name', async () => {
    const image = await both.bench.addImage();
    const job = await both.order(image);
    await both.reaches(job, 'succeeded');
    const reply = [element(bridgeNamespace, 'job', job)];
    const entry = await performed(bridge('update-firmware', { device: uuid, digest: image }), { reply });
    expect(entry).toMatchObject({
      ...{ user: 'anna', from: '192.0.2.7', operation: 'update-firmware', outcome: 'ok' },
      ...{ device: uuid, image, job, manifest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(both.bench.world.audit).toEqual([
      {
        ...{ user: 'alice', from: '127.0.0.1', operation: 'update-ended', outcome: 'succeeded' },
        ...{ code: undefined, device: uuid, image, job, manifest: entry?.manifest },
      },
    ]);
    const cancelled = await performed(bridge('cancel-update', { job }));
    expect(cancelled).toMatchObject({ operation: 'cancel-update', device: uuid, image, job });
  });

  test('a job that failed, with its code', async () => {
    const job = await both.order(await both.bench.addImage(new Uint8Array(9), 1));
    await both.reaches(job, 'failed');
    expect(both.bench.world.audit).toMatchObject([{ outcome: 'failed', code: 'version-not-newer', job }]);
  });

  test('what was refused, with the app-tag that the client got', async () => {
    const error = new RpcError('application', 'in-use', 'no', { appTag: 'update-in-progress' });
    expect(await performed(bridge('remove-device', { device: uuid }), { error })).toMatchObject({
      ...{ operation: 'remove-device', device: uuid, outcome: 'refused', code: 'update-in-progress' },
    });
  });

  test('what was given up with its session, which is no refusal: the device may have done it', async () => {
    expect(await performed(bridge('remove-device', { device: uuid }), { unanswered: true })).toMatchObject({
      ...{ operation: 'remove-device', device: uuid, outcome: 'failed', code: 'session-ended' },
    });
  });

  test('steps of an update that a client takes; their names are those of the description', async () => {
    const image = 'ab'.repeat(32);
    const step = (name: string, more: Readonly<Record<string, string>> = {}): XmlElement =>
      element(lamp, name, leavesOf(lamp, { uuidInput: uuid, ...more }));
    const { operations = [] } = both.bench.registry.describe(uuid) ?? {};
    const manifest = operations.find(({ role }) => role === 'manifest');
    const digest = fieldWithRole(manifest?.inputs ?? [], 'imageDigest')?.name ?? '';
    expect(await performed(step('getDeviceToken'))).toMatchObject({
      operation: 'getDeviceToken',
      device: uuid,
    });
    expect(await performed(step(manifest?.name ?? '', { [digest]: image }))).toMatchObject({ image });
    expect(await performed(step('setColor'))).toBeUndefined();
    expect(await performed(element(lamp, 'getDeviceToken', []))).toBeUndefined();
    const other = element(lamp, 'getDeviceToken', leavesOf(lamp, { uuidInput: '../x' }));
    expect(await performed(other)).toBeUndefined();
  });

  test.each([
    ['edit-config', base('edit-config', [base('target', [base('running', [])])]), 'running'],
    ['copy-config', base('copy-config', [base('target', [base('startup', [])])]), 'startup'],
    ['delete-config', base('delete-config', [base('target', [base('startup', [])])]), 'startup'],
    ['kill-session', base('kill-session', [element(baseNamespace, 'session-id', '4')]), '4'],
  ])('%s, and what it was about', async (operation, request, target) => {
    expect(await performed(request)).toMatchObject({ operation, target, outcome: 'ok' });
  });

  test('nothing that only reads, unless access control denied it', async () => {
    const get = base('get', []);
    expect(await performed(get)).toBeUndefined();
    const other = new RpcError('protocol', 'invalid-value', 'no');
    expect(await performed(get, { error: other })).toBeUndefined();
    const denied = new RpcError('protocol', 'access-denied', 'no');
    expect(await performed(get, { error: denied })).toMatchObject({
      operation: 'get',
      code: 'access-denied',
    });
  });
});

test('no secret is in what is told of a configuration: paths, and no values', () => {
  const users = { namespace: bridgeNamespace, name: 'users' };
  const user = { namespace: bridgeNamespace, name: 'user', keys: { name: 'bert' } };
  const password = { namespace: bridgeNamespace, name: 'password' };
  const edits = [{ operation: 'create', target: [users, user, password] }] as const;
  const change = { datastore: 'running', edits, by: session } as const;
  expect(configChange(change, () => 'mup')).toMatchObject({
    ...{ user: 'anna', from: '192.0.2.7', operation: 'config-change', target: 'running' },
    changes: ["create /mup:users/mup:user[mup:name='bert']/mup:password"],
  });
  expect(configChange({ datastore: 'running', edits: [] }, () => 'mup').user).toBe('mup-bridge');
});

test('of a login that failed only a name that is a user’s is told: passwords are typed there too', () => {
  const users = new Map([['anna', {}]]);
  const attempt = { sourceHost: '192.0.2.7', method: 'password' };
  const ok = loginFacts({ ...attempt, username: 'anna', allowed: true }, users);
  expect(ok).toMatchObject({ user: 'anna', outcome: 'ok', target: 'password' });
  const bad = loginFacts({ ...attempt, username: 'anna', allowed: false }, users);
  expect(bad).toMatchObject({ user: 'anna', outcome: 'refused', code: 'login-refused' });
  const typed = loginFacts({ ...attempt, username: 'my_secret', allowed: false }, users);
  expect(JSON.stringify(typed)).not.toContain('my_secret');
});

test('files that are put are told by their digests, refused ones too', async () => {
  const told: AuditFacts[] = [];
  const drop = new AuditedDrop(
    {
      put: async (_, name) => {
        if (name === 'bad.bin') throw new PeerError('image-mismatch', 'no');
      },
      maxBytes: () => 7,
      list: async () => [],
    },
    { record: async (facts) => void told.push(facts) },
    sha256,
  );
  await drop.put('anna', 'a.bin', utf8('image'), '192.0.2.7');
  await drop.put('anna', 'a.json', utf8('manifest'), '192.0.2.7');
  await expect(drop.put('anna', 'bad.bin', utf8('x'), '192.0.2.7')).rejects.toThrow('no');
  expect(told).toMatchObject([
    { user: 'anna', from: '192.0.2.7', target: 'a.bin', image: sha256(utf8('image')), outcome: 'ok' },
    { target: 'a.json', manifest: sha256(utf8('manifest')), outcome: 'ok' },
    { target: 'bad.bin', outcome: 'refused', code: 'image-mismatch' },
  ]);
  expect([drop.maxBytes('a.bin'), await drop.list('anna')]).toEqual([7, []]);
});

test('a manifest is told by the digest that its jobs tell, however it was written', async () => {
  const told: AuditFacts[] = [];
  const drop = new AuditedDrop(
    { put: async () => {}, maxBytes: () => 7, list: async () => [] },
    { record: async (facts) => void told.push(facts) },
    sha256,
  );
  const kept = formatVendorManifest(signManifest(unsigned, vendor, es256));
  const written = JSON.stringify(JSON.parse(kept));
  expect(written).not.toBe(kept);
  await drop.put('anna', 'a.json', utf8(written), '192.0.2.7');
  expect(told).toMatchObject([{ target: 'a.json', manifest: sha256(utf8(kept)) }]);
});
