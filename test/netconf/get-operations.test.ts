import { beforeEach, describe, expect, test } from '@jest/globals';
import { unrestricted } from '../../src/netconf/access/user-access.ts';
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

const homeNamespace = 'urn:mup:yang:home';
const defaults = 'urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults';

/** A module whose one container holds configuration and state. */
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
        leaf('visitors', undefined, { config: false }),
        {
          kind: 'container',
          name: 'garden',
          children: [leaf('hedge'), leaf('moles', undefined, { config: false })],
        },
      ],
    },
  ],
};

const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
  element(homeNamespace, name, content);
const tagOf = (reply: string): string | undefined => /<error-tag>([a-z-]+)</.exec(reply)?.[1];
const dataOf = (reply: string): string => /<data>(.*)<\/data>/.exec(reply)?.[1] ?? reply;

let fixture: ServerFixture;
let client: ScriptedClient;

beforeEach(async () => {
  fixture = startServer({}, { schemas: [homeSchema] });
  const { backend, datastores } = fixture;
  backend.served = [lampModule, { ...lampModule, schema: homeSchema }];
  const config = node('home', [node('street', 'Elm'), node('garden', [node('hedge', 'box')])]);
  await datastores.edit({ target: 'running', config: element(baseNamespace, 'config', [config]) });
  backend.data = [
    ...backend.data,
    node('home', [node('visitors', '3'), node('garden', [node('moles', '2')])]),
  ];
  client = connect(fixture.server);
});

const home = (content: string): string => `<home xmlns="${homeNamespace}">${content}</home>`;
const running = '<source><running/></source>';
const subtree = (content: string): string => `<filter type="subtree">${content}</filter>`;
const xpath = (select: string): string =>
  `<filter type="xpath" xmlns:h="${homeNamespace}" xmlns:l="${lampNamespace}" select="${select}"/>`;

describe('get (RFC 6241 §7.7)', () => {
  test('answers the data that the filter selects, keys included', async () => {
    const filter = subtree(`<lamps xmlns="${lampNamespace}"><lamp><room/></lamp></lamps>`);
    expect(await client.call(`<get>${filter}</get>`)).toBe(
      `<rpc-reply xmlns="${baseNamespace}" message-id="1"><data><lamps xmlns="${lampNamespace}">` +
        '<lamp><id>1</id><room>hall</room></lamp><lamp><id>2</id><room>attic</room></lamp>' +
        '</lamps></data></rpc-reply>',
    );
  });

  test('the same by XPath (§8.9)', async () => {
    expect(dataOf(await client.call(`<get>${xpath("//l:lamp[l:id='2']/l:room")}</get>`))).toBe(
      `<lamps xmlns="${lampNamespace}"><lamp><id>2</id><room>attic</room></lamp></lamps>`,
    );
  });

  test('configuration and state of one node are one element', async () => {
    const whole = home(
      '<street>Elm</street><garden><hedge>box</hedge><moles>2</moles></garden><visitors>3</visitors>',
    );
    expect(dataOf(await client.call(`<get>${xpath('/h:home')}</get>`))).toBe(whole);
    expect(dataOf(await client.call(`<get>${subtree(home(''))}</get>`))).toBe(whole);
  });

  test('an empty filter selects nothing, no filter all, the monitoring data too', async () => {
    expect(await client.call('<get><filter/></get>')).toContain('<data/>');
    expect(await client.call('<get/>')).toMatch(/<home .*<lamps .*<netconf-state /);
  });

  test('the server builds only state that the filter may look at', async () => {
    let asked = 0;
    fixture.backend.get = async (filter) => {
      asked += 1;
      expect(filter?.maySelect(lampNamespace, 'lamps')).toBe(false);
      expect(filter?.maySelect(homeNamespace, 'home')).toBe(true);
      return [];
    };
    await client.call(`<get>${xpath('/h:*')}</get>`);
    await client.call(`<get>${subtree(home(''))}</get>`);
    expect(asked).toBe(2);
  });
});

describe('get-config (RFC 6241 §7.1)', () => {
  const getConfig = async (content: string): Promise<string> =>
    dataOf(await client.call(`<get-config>${content}</get-config>`));

  test('answers running, without state', async () => {
    const config = home('<street>Elm</street><garden><hedge>box</hedge></garden>');
    expect(await getConfig(running)).toBe(config);
    expect(await getConfig(running + xpath('//h:hedge'))).toBe(home('<garden><hedge>box</hedge></garden>'));
    expect(await getConfig(running + subtree(home('<visitors/>')))).toContain('<data/>');
  });

  test('answers startup (§8.7), which is another', async () => {
    expect(await getConfig('<source><startup/></source>')).toContain('<data/>');
    await fixture.datastores.copy('running', 'startup');
    expect(await getConfig('<source><startup/></source>')).toBe(await getConfig(running));
  });

  test.each([
    ['', 'missing-element'],
    ['<source/>', 'missing-element'],
    ['<source><candidate/></source>', 'operation-not-supported'],
    ['<source><url>file:///etc/passwd</url></source>', 'operation-not-supported'],
    ['<source><other/></source>', 'unknown-element'],
    ['<source><running/><candidate/></source>', 'unknown-element'],
    ['<source><running xmlns="urn:x"/></source>', 'unknown-namespace'],
  ])('of a source that is none: %s', async (source, tag) => {
    expect(tagOf(await getConfig(source))).toBe(tag);
  });
});

describe('with-defaults (RFC 6243)', () => {
  const ask = async (mode: string, filter = subtree(home(''))): Promise<string> =>
    dataOf(
      await client.call(
        `<get-config>${running}${filter}<with-defaults xmlns="${defaults}">${mode}</with-defaults></get-config>`,
      ),
    );

  test('adds defaults before the filter, which selects among what is reported', async () => {
    expect(await ask('report-all')).toContain('<floors>1</floors>');
    expect(await ask('report-all', xpath('//h:floors'))).toBe(home('<floors>1</floors>'));
    expect(await ask('report-all', subtree(home('<street/>')))).toBe(home('<street>Elm</street>'));
    expect(await ask('explicit')).not.toContain('floors');
  });

  test('is for get too, where it leaves state as it is', async () => {
    const reply = await client.call(
      `<get>${xpath('/h:home')}<with-defaults xmlns="${defaults}">report-all</with-defaults></get>`,
    );
    expect(reply).toContain('<floors>1</floors>');
    expect(reply).toContain('<visitors>3</visitors>');
  });
});

describe('what a user may not read (RFC 8341 §3.4.5)', () => {
  test('is left out before the filter, so that no filter tells what is there', async () => {
    const readable = (data: readonly XmlElement[]): readonly XmlElement[] =>
      data.filter(({ namespace }) => namespace !== homeNamespace);
    const guarded = startServer({}, { access: { forUser: () => ({ ...unrestricted, readable }) } });
    guarded.backend.data = fixture.backend.data;
    const other = connect(guarded.server);
    const secret = "//l:lamps[/h:home/h:visitors='3']";
    expect(dataOf(await client.call(`<get>${xpath(secret)}</get>`))).toContain('<lamps');
    expect(dataOf(await other.call(`<get>${xpath(secret)}</get>`))).toContain('<data/>');
    expect(dataOf(await other.call(`<get>${subtree(home(''))}</get>`))).toContain('<data/>');
  });
});

describe('what is refused', () => {
  test.each([
    ['<filter type="x"/>', 'bad-attribute'],
    ['<filter type="xpath"/>', 'missing-attribute'],
    ['<filter type="xpath" select="1"/>', 'invalid-value'],
    ['<filter type="xpath" select="/x:y"/>', 'invalid-value'],
    ['<filter type="xpath" select="//*["/>', 'invalid-value'],
    [`<filter type="xpath" select="/a${'/a'.repeat(3000)}"/>`, 'too-big'],
    [`<filter>${'<a/>'.repeat(1001)}</filter>`, 'too-big'],
    ['<filter/><filter/>', 'bad-element'],
    ['<depth>1</depth>', 'unknown-element'],
    ['<filter xmlns="urn:x"/>', 'unknown-namespace'],
    [`<with-defaults xmlns="${defaults}">none</with-defaults>`, 'invalid-value'],
    ['<with-defaults>trim</with-defaults>', 'unknown-element'],
  ])('%.60s: %s', async (content, tag) => {
    expect(tagOf(await client.call(`<get>${content}</get>`))).toBe(tag);
  });

  test('the type of a filter may be qualified, as old clients send it', async () => {
    const filter = `<nc:filter xmlns:nc="${baseNamespace}" nc:type="subtree"/>`;
    expect(await client.call(`<get>${filter}</get>`)).toContain('<data/>');
    const select = `<nc:filter xmlns:nc="${baseNamespace}" nc:type="xpath" nc:select="/none"/>`;
    expect(await client.call(`<get>${select}</get>`)).toContain('<data/>');
  });
});
