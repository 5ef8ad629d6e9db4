import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { element } from '../../src/xml/element.ts';
import { login as loginTo } from '../support/netconf-login.ts';
import { mup } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { operator, run } from '../support/system.ts';

const patience = 180_000;
type Entry = Readonly<Record<string, unknown>>;

describe('the audit log of a bridge that runs', () => {
  const uuid = 'AUDIT-1';
  let site: Site;
  let image: string;

  const entries = async (...more: string[]): Promise<Entry[]> => {
    const output = await run(['audit', '--state-dir', site.stateDir, '--json', ...more]);
    return output.split('\n').map((line) => JSON.parse(line));
  };
  const login = (username: string, password: string) => loginTo(site.bridge.port, username, password);

  beforeAll(async () => {
    site = await Site.start();
    await site.startDevice(uuid);
    image = await site.image(2, 20_000);
  }, patience);
  afterAll(() => site?.stop());

  test(
    'has an update whole: files, order, end, with user, address and digests',
    async () => {
      await run(['update', '--device', uuid, '--image', image, '--state-dir', site.stateDir]);
      const found = (await entries('--user', 'local')).filter(
        ({ operation }) => operation !== 'config-change',
      );
      const names = found.map(({ operation }) => operation);
      expect(names).toEqual(expect.arrayContaining(['login', 'put-file', 'update-firmware', 'update-ended']));
      const ordered = found.find(({ operation }) => operation === 'update-firmware');
      const { manifest, image: digest } = ordered ?? {};
      expect(ordered).toMatchObject({ device: uuid, from: '127.0.0.1', outcome: 'ok' });
      const files = found.filter(({ operation }) => operation === 'put-file');
      expect(files.map((file) => file['manifest'] ?? file['image'])).toEqual([manifest, digest]);
      const [ended] = (await entries('--device', uuid)).slice(-1);
      expect(ended).toMatchObject({
        operation: 'update-ended',
        outcome: 'succeeded',
        image: digest,
        manifest,
      });
    },
    patience,
  );

  test(
    'has logins, failed ones, what access control denied and sessions that were killed, and no password',
    async () => {
      await run(
        ['user', 'add', 'bert', '--password-stdin', '--state-dir', site.stateDir],
        'password of bert\n',
      );
      await expect(login('bert', 'not-the-password')).rejects.toMatchObject({ code: 'login-refused' });
      await expect(login('typed-secret', 'x')).rejects.toMatchObject({ code: 'login-refused' });
      const bert = await login('bert', 'password of bert');
      const lock = element(baseNamespace, 'delete-config', [
        element(baseNamespace, 'target', [element(baseNamespace, 'startup', [])]),
      ]);
      await expect(bert.rpc(lock)).rejects.toMatchObject({ code: 'access-denied' });
      const admin = await login(operator.username, operator.password);
      const id = element(baseNamespace, 'session-id', String(bert.sessionId));
      await admin.rpc(element(baseNamespace, 'kill-session', [id]));
      const short = (list: readonly Entry[]): string[] =>
        list.map(({ operation, outcome, code = '' }) => `${operation} ${outcome} ${code}`.trim());
      expect(short(await entries('--user', 'bert'))).toEqual([
        ...['login refused login-refused', 'login ok', 'delete-config refused access-denied'],
      ]);
      const [killed] = (await entries('--user', operator.username)).slice(-1);
      expect(killed).toMatchObject({
        operation: 'kill-session',
        target: String(bert.sessionId),
        outcome: 'ok',
      });
      const all = await entries();
      expect(all.some(({ changes }) => JSON.stringify(changes ?? '').includes("'bert'"))).toBe(true);
      const directory = join(site.stateDir, 'audit');
      for (const name of await readdir(directory)) {
        expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
        const text = await readFile(join(directory, name), 'utf8');
        for (const secret of ['password of bert', 'not-the-password', 'typed-secret', '$scrypt$'])
          expect(text).not.toContain(secret);
      }
      await admin.close();
    },
    patience,
  );

  test(
    'survives kill -9 right after a reply: what was answered is written',
    async () => {
      const admin = await login(operator.username, operator.password);
      await expect(
        admin.rpc(element(baseNamespace, 'kill-session', [element(baseNamespace, 'session-id', '999')])),
      ).rejects.toMatchObject({ code: 'invalid-value' });
      await site.bridge.program.kill();
      const offline = await entries('--user', operator.username);
      expect(offline.at(-1)).toMatchObject({
        operation: 'kill-session',
        target: '999',
        code: 'invalid-value',
      });
      const before = (await entries()).length;
      await site.serve();
      await (await login(operator.username, operator.password)).close();
      expect((await entries()).length).toBeGreaterThan(before);
      const table = mup(['audit', '--state-dir', site.stateDir, '--since', '1h']);
      expect([await table.exited, table.stderr]).toEqual([0, '']);
    },
    patience,
  );
});
