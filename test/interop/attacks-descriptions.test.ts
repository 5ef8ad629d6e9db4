import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { parseModule } from '../../src/yang/parser.ts';
import type { Statement } from '../../src/yang/statement.ts';
import {
  type DescriptionNode,
  describeAs,
  describeMallory,
  evilDescription,
} from '../support/attack-descriptions.ts';
import { type AttackStage, alpha, mallory } from '../support/attack-stage.ts';
import { type Attack, type AttackIds, describeAttacks, notAuthorized } from '../support/attacks.ts';

const monitoring = 'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring';
const endless: AttackIds = { tuf: ['Endless data attacks'], uptane: ['Endless data attack'] };
const onPath: AttackIds = { rfc9124: ['NET.ONPATH'] };
const redirect: AttackIds = { rfc9124: ['NET.REDIRECT'] };

/** Counts who comes to fetch a context. */
let contexts: Server;
let fetched = 0;

beforeAll(async () => {
  contexts = createServer((_, response) => {
    fetched += 1;
    response.end('{"@context":{}}');
  }).listen(0, '127.0.0.1');
  await once(contexts, 'listening');
});

afterAll(() => {
  contexts.close();
});

function contextUrl(): string {
  const address = contexts.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/context.jsonld`;
}

/** An attack by the attacker's own device, on its own topic: access lists do not help. */
function described(
  name: string,
  how: string,
  ids: AttackIds,
  bytes: () => string | Uint8Array,
  outcome: string,
): Attack {
  return {
    name,
    how,
    ids,
    mount: (stage) => describeMallory(stage, bytes()),
    outcome: { open: outcome, acl: outcome },
  };
}

/** A description that names a topic. */
function withTopic(name: string, topic: string, outcome: string): Attack {
  const bytes = (): string =>
    evilDescription((nodeOf) => {
      nodeOf('myno:opRelayOn')['myno:mqttTopic'] = topic;
    });
  return described(
    name,
    `an operation of the attacker's device has the topic \`${topic}\``,
    onPath,
    bytes,
    outcome,
  );
}

/** A description that has the bridge fetch a context. */
function withContext(name: string, how: string, context: (url: string) => unknown): Attack {
  return {
    name,
    how,
    ids: redirect,
    mount: async (stage) => {
      const document = Object(JSON.parse(evilDescription()));
      const said = await describeMallory(
        stage,
        JSON.stringify({ ...document, '@context': context(contextUrl()) }),
      );
      expect(fetched).toBe(0);
      return `${said}, nothing is fetched`;
    },
    outcome: {
      open: 'bridge: ERROR;description-malformed, nothing is fetched',
      acl: 'bridge: ERROR;description-malformed, nothing is fetched',
    },
  };
}

/** The statements of the module that the bridge serves for a category of the attacker. */
async function moduleOf(stage: AttackStage, category: string): Promise<readonly Statement[]> {
  const identifier = element(monitoring, 'identifier', `mqtt-${category.toLowerCase()}`);
  const reply: XmlElement = await stage.session.rpc(element(monitoring, 'get-schema', [identifier]));
  const [data] = childElements(reply);
  return data === undefined ? [] : parseModule(textOf(data)).substatements;
}

/** A description whose names or texts would break out of wherever they are shown. */
function injected(
  name: string,
  how: string,
  description: (category: string) => string,
  seen: (module: readonly Statement[]) => string,
  outcome: string,
): Attack {
  const category = name.replaceAll(' ', '-');
  return {
    name,
    how,
    ids: onPath,
    mount: async (stage) => {
      const from = stage.bridge.program.stderr.length;
      const said = await describeMallory(stage, description(category));
      await stage.call(alpha);
      // One entry a line, without a control character: the last line may still be on its way.
      const lines = stage.bridge.program.stderr.slice(from).split('\n').slice(0, -1);
      for (const line of lines) {
        expect(JSON.parse(line)).toHaveProperty('level');
        expect(line).not.toMatch(/\p{Cc}/u);
      }
      if (said !== 'bridge: OK') return said;
      const module = await moduleOf(stage, category);
      expect(module.filter(({ keyword, argument }) => keyword === 'rpc' && argument === 'evil')).toEqual([]);
      return `${said}, ${seen(module)}`;
    },
    outcome: { open: outcome, acl: outcome },
  };
}

/** A text that would break out: of what is no character of a text, a space is left. */
function withText(name: string, how: string, text: string): Attack {
  const words = (one: string): string => one.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return injected(
    name,
    how,
    (category) =>
      evilDescription((nodeOf) => {
        nodeOf('myno:deviceCategory')['onem2m:hasValue'] = category;
        const [, , description] = nodeOf('myno:myDevice')['onem2m:hasThingProperty'] as DescriptionNode[];
        if (description !== undefined) description['onem2m:hasValue'] = text;
      }),
    (module) => {
      const shown = module.find(({ keyword }) => keyword === 'description')?.argument ?? '';
      expect(words(shown)).toBe(words(text));
      expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      return 'it is the text of one statement, without control characters';
    },
    'bridge: OK, it is the text of one statement, without control characters',
  );
}

/** A name that would break out of wherever it is used. */
function withName(name: string, how: string, id: string, outcome: string): Attack {
  return injected(
    name,
    how,
    (category) =>
      evilDescription((nodeOf) => {
        nodeOf('myno:deviceCategory')['onem2m:hasValue'] = category;
      }).replaceAll('"myno:relayOn"', JSON.stringify(id)),
    (module) => {
      const names = module.filter(({ keyword }) => keyword === 'rpc').map(({ argument = '' }) => argument);
      expect(names.filter((one) => !/^[A-Za-z_][\w-]*$/.test(one))).toEqual([]);
      return `the name is not used: ${names.filter((one) => /relayon/i.test(one))}`;
    },
    outcome,
  );
}

const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const wide = JSON.stringify({ '@graph': Array.from({ length: 60_000 }, () => 1) });

describeAttacks([
  {
    title: "Topics with wildcards, another device's topics, $SYS, the bridge's own",
    attacks: [
      withTopic('Wildcard of one level', 'actuator/+', 'bridge: ERROR;description-invalid'),
      withTopic('Wildcard of all', '#', 'bridge: ERROR;description-invalid'),
      withTopic('Topic of the broker', '$SYS/broker', 'bridge: ERROR;description-invalid'),
      {
        name: "Device called after a level of another's topics",
        how: `a device called \`image\` has the topic \`mup/firmware/${alpha}\`, which with its name is the other's`,
        ids: onPath,
        mount: (stage) =>
          describeAs(
            stage,
            'image',
            `1/1;${evilDescription((nodeOf) => {
              nodeOf('myno:opRelayOn')['myno:mqttTopic'] = `mup/firmware/${alpha}`;
            })}`,
          ),
        outcome: { open: 'bridge: ERROR;bad-topic', acl: notAuthorized('mup/description/image') },
      },
      withTopic("Another device's image", `mup/firmware/${alpha}/image`, 'bridge: ERROR;bad-topic'),
      withTopic("The bridge's bootstrap", 'mup/description', 'bridge: ERROR;bad-topic'),
      withTopic("The bridge's presence", 'mup/status', 'bridge: ERROR;bad-topic'),
      withTopic("The prototype's bootstrap", 'yang/config/create', 'bridge: ERROR;bad-topic'),
    ],
  },
  {
    title: 'JSON-LD context fetched from elsewhere; huge, deep, cyclic or endless description; zlib bomb',
    attacks: [
      withContext('Remote context', 'the context is a URL', (url) => url),
      withContext('Imported context', 'the context imports a URL', (url) => ({ '@import': url })),
      withContext('Scoped context', 'a type of the context has a context that is a URL', (url) => ({
        T: { '@id': 'urn:x', '@context': url },
      })),
      described('Deep', '100,000 nested arrays', endless, () => deep, 'bridge: ERROR;description-too-big'),
      described('Wide', '60,000 values', endless, () => wide, 'bridge: ERROR;description-too-big'),
      described(
        'Huge',
        '400,000 octets',
        endless,
        () => ' '.repeat(400_000),
        'bridge: ERROR;description-too-big',
      ),
      described(
        'zlib bomb',
        '20 MB of zeros in 20 kB',
        endless,
        () => deflateSync(Buffer.alloc(20_000_000)),
        'bridge: ERROR;description-too-big',
      ),
      described(
        'Cyclic',
        'a parameter that is a part of itself',
        endless,
        () =>
          evilDescription((nodeOf) => {
            nodeOf('manifest:suite')['hasParts'] = ['manifest:suite'];
          }),
        'bridge: ERROR;description-invalid',
      ),
      {
        name: 'Endless',
        how: 'pieces without end, each of 100,000 octets',
        ids: endless,
        mount: (stage) => {
          const piece = ' '.repeat(100_000);
          const pieces = Array.from({ length: 4 }, (_, i) => `${i + 1}/1000;${piece}`);
          return describeAs(stage, mallory, ...pieces);
        },
        outcome: { open: 'bridge: ERROR;description-too-big', acl: 'bridge: ERROR;description-too-big' },
      },
      {
        name: 'Pieces without number',
        how: 'a piece of a description of 4 billion pieces',
        ids: endless,
        mount: (stage) => describeAs(stage, mallory, '1/4294967295;{'),
        outcome: { open: 'bridge: ERROR;bad-piece', acl: 'bridge: ERROR;bad-piece' },
      },
    ],
  },
  {
    title: 'YANG, XML, SPARQL, log or terminal injection through names and texts',
    attacks: [
      withText(
        'YANG through a text',
        'the description of a device closes its string and adds an RPC',
        'x"; } rpc evil { description "',
      ),
      withText(
        'XML through a text',
        'the description of a device closes elements and sections, and names an entity',
        ']]></data></rpc-reply>]]>]]><evil/>&evil;',
      ),
      withText(
        'Log and terminal through a text',
        'the description of a device has escape sequences and line ends',
        'x\u001b[2J\u001b]0;evil\u0007\r\n{"level":"error","msg":"evil"}',
      ),
      withName(
        'YANG through a name',
        'an operation is called `x; } rpc evil {`',
        'myno:x; } rpc evil {',
        'bridge: OK, the name is not used: opRelayOn',
      ),
      withName(
        'SPARQL through a name',
        'an operation is called `x> ?p ?o } #`',
        'myno:x> ?p ?o } #',
        'bridge: OK, the name is not used: opRelayOn',
      ),
      withName(
        'XML through a name',
        'an operation is called `x/&gt;`',
        'myno:x/><evil',
        'bridge: ERROR;description-invalid',
      ),
      withName(
        'Terminal through a name',
        'an operation has an escape sequence in its name',
        'myno:x\u001b[2J',
        'bridge: ERROR;description-invalid',
      ),
    ],
  },
]);
