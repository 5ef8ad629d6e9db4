import { beforeEach } from '@jest/globals';
import { type UserAccess, unrestricted } from '../../src/netconf/access/user-access.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import type { ModuleSchema } from '../../src/yang/schema.ts';
import {
  connect,
  lampModule,
  lampNamespace,
  leaf,
  type ScriptedClient,
  type ServerFixture,
  startServer,
} from './protocol-fixture.ts';

export const nmda = 'urn:ietf:params:xml:ns:yang:ietf-netconf-nmda';
export const identities = 'urn:ietf:params:xml:ns:yang:ietf-datastores';
export const homeNamespace = 'urn:mup:yang:home';

const state = { config: false } as const;

/** Configuration with state in it: below containers, in list entries, beside them. */
const homeSchema: ModuleSchema = {
  name: 'home',
  namespace: homeNamespace,
  prefix: 'home',
  revision: '2026-01-01',
  rpcs: new Map(),
  data: [
    {
      kind: 'container',
      name: 'home',
      children: [
        leaf('street'),
        leaf('floors', undefined, { default: '1' }),
        leaf('doors', undefined, { default: '1' }),
        {
          kind: 'list',
          name: 'room',
          keys: ['name'],
          children: [
            leaf('name'),
            leaf('colour'),
            leaf('warmth', undefined, state),
            {
              kind: 'container',
              name: 'door',
              children: [leaf('lock'), leaf('angle', undefined, { ...state, default: '0' })],
            },
          ],
        },
      ],
    },
    {
      kind: 'container',
      name: 'weather',
      ...state,
      children: [
        { kind: 'container', name: 'wind', ...state, children: [leaf('speed', undefined, state)] },
        leaf('rain', undefined, { ...state, default: 'none' }),
      ],
    },
  ],
};

const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
  element(homeNamespace, name, content);
const room = (name: string, ...more: readonly XmlElement[]): XmlElement =>
  node('room', [node('name', name), ...more]);

export let fixture: ServerFixture;
export let client: ScriptedClient;
let access: UserAccess;

/** What the session's user may do from now on. */
export function grant(granted: Partial<UserAccess>): void {
  access = { ...unrestricted, ...granted };
}

beforeEach(async () => {
  access = unrestricted;
  const forUser = (): UserAccess => ({
    mayCall: (namespace, name) => access.mayCall(namespace, name),
    mayRead: (path) => access.mayRead(path),
    readable: (data) => access.readable(data),
    mayReceive: () => true,
    mayWrite: (path, operations) => access.mayWrite(path, operations),
    refusedWrite: (before, after) => access.refusedWrite(before, after),
  });
  fixture = startServer({}, { schemas: [homeSchema], access: { forUser } });
  const { backend, datastores } = fixture;
  backend.served = [{ ...lampModule, schema: homeSchema }];
  const configured = node('home', [
    node('street', 'Elm'),
    node('doors', '1'),
    room('hall', node('colour', 'red'), node('door', [node('lock', 'old')])),
  ]);
  await datastores.edit({ target: 'running', config: element(baseNamespace, 'config', [configured]) });
  backend.data = [
    node('home', [room('attic', node('warmth', '9'), node('door', [node('angle', '0')]))]),
    node('weather', [node('wind', [node('speed', '3')]), node('rain', 'none')]),
  ];
  client = connect(fixture.server);
});

export const tagOf = (reply: string): string | undefined => /<error-tag>([a-z-]+)</.exec(reply)?.[1];
export const badOf = (reply: string): string | undefined => /<bad-element>([a-z-]+)</.exec(reply)?.[1];
/** Data without the namespaces, for which other tests are. */
export const dataOf = (reply: string): string => {
  const data = /<data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"(?:\/>|>(.*)<\/data>)/s.exec(
    reply,
  );
  return data === null ? reply : (data[1] ?? '').replace(/ xmlns(:\w+)?="[^"]*"/g, '');
};
export const datastore = (name: string): string => `<datastore xmlns:d="${identities}">d:${name}</datastore>`;
const getData = (name: string, content = ''): Promise<string> =>
  client.call(`<get-data xmlns="${nmda}">${datastore(name)}${content}</get-data>`);
export const read = async (name: string, content = ''): Promise<string> =>
  dataOf(await getData(name, content));
export const subtree = (content: string): string => `<subtree-filter>${content}</subtree-filter>`;
export const home = (content: string): string => `<home xmlns="${homeNamespace}">${content}</home>`;
export const xpath = (text: string): string =>
  `<xpath-filter xmlns:h="${homeNamespace}" xmlns:l="${lampNamespace}">${text}</xpath-filter>`;

export const hall = '<room><name>hall</name><colour>red</colour><door><lock>old</lock></door></room>';
export const attic = '<room><name>attic</name><warmth>9</warmth><door><angle>0</angle></door></room>';
export const weather = '<weather><wind><speed>3</speed></wind><rain>none</rain></weather>';

export const configOf = (content: string): string =>
  `<config xmlns:nc="${baseNamespace}">${content}</config>`;
export const editData = (content: string): Promise<string> =>
  client.call(`<edit-data xmlns="${nmda}">${content}</edit-data>`);
