import { expect, test } from '@jest/globals';
import type { Authenticator } from '../../../src/netconf/users/users.ts';
import { closed, connectClient, openChannel, ScriptedServer, startTestServer, until } from './ssh-fixture.ts';

const everybody: Authenticator = { checkPassword: async () => true, mayUseKey: async () => false };

test('the connections of one user end, with their sessions; those of others stay', async () => {
  const server = new ScriptedServer();
  const ssh = await startTestServer({ server, authenticator: everybody });
  const connect = (username: string) => connectClient({ port: ssh.port, username, password: 'x' });
  const [anna, annaAgain, bert] = [await connect('anna'), await connect('anna'), await connect('bert')];
  for (const client of [anna, anna, annaAgain, bert]) await openChannel(client);
  await until(() => server.open === 4);
  const gone = Promise.all([closed(anna), closed(annaAgain)]);
  ssh.disconnect('anna');
  await gone;
  await until(() => server.open === 1);
  expect(server.sessions.filter((session) => !session.closed).map(({ username }) => username)).toEqual([
    'bert',
  ]);
  await openChannel(bert);
  ssh.disconnect('nobody');
  expect(server.open).toBe(2);
  bert.end();
  await ssh.close();
});
