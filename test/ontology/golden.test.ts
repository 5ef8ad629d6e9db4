import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { describeWith, describeWithSharedData, root, sharedData } from '../support/peers.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';
import { moduleTextOf, read, readShuffled } from './support.ts';

/**
 * The modules of descriptions, to the letter: what clients rely on must not change by accident. After a
 * change that is meant, run with MUP_UPDATE_GOLDEN=1 and read what git shows.
 */
const folder = join(root, 'test', 'ontology', 'golden');
const examples = readdirSync(join(defaultOntologiesDir, 'examples')).filter((file) =>
  file.endsWith('.jsonld'),
);
const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(file));
const exampleFile = (file: string): string => join(defaultOntologiesDir, 'examples', file);
const nameOf = (text: string): string => /^module (\S+)/.exec(text)?.[1] ?? '';

describe('the modules of ontologies/examples', () => {
  test.each(examples)('%s', async (file) => {
    const text = moduleTextOf(await read(bytesOf(exampleFile(file))));
    const golden = join(folder, `${basename(file, '.jsonld')}.yang`);
    if (process.env['MUP_UPDATE_GOLDEN'] === '1') writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });

  test('each golden module has an example', () => {
    const names = readdirSync(folder).map((file) => basename(file, '.yang'));
    expect(names.sort()).toEqual(examples.map((file) => basename(file, '.jsonld')).sort());
  });
});

describeWith(['yanglint', 'yangdump'], 'the modules of ontologies/examples are YANG to other tools', () => {
  test('yanglint and yangdump have nothing to say', () => {
    const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    const modules = Object.fromEntries(texts.map((text) => [nameOf(text), text]));
    expect(Object.keys(modules)).toHaveLength(texts.length);
    expect([yanglint(modules), yangdump(modules)]).toEqual(['', '']);
  });
});

/** Whatever the order of triples and the labels of blank nodes, the same bytes. */
async function expectStable(document: Uint8Array): Promise<void> {
  const text = moduleTextOf(await read(document));
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (numbers) => {
      const shuffled = await readShuffled(document, () => numbers.next().value ?? 0);
      expect(moduleTextOf(shuffled)).toBe(text);
    }),
    { numRuns: 3 },
  );
}

describe('the same description gives the same bytes of YANG, whatever the order of its triples', () => {
  test.each(examples)('%s', (file) => expectStable(bytesOf(exampleFile(file))));

  test('where nodes have no @id', async () => {
    const document = {
      '@context': { '@vocab': 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#' },
      '@id': 'urn:x:device',
      '@type': 'Device',
      hasThingProperty: [
        { '@id': 'https://www.cs.uni-potsdam.de/bs/research/myno#deviceUuid', hasValue: '%s' },
        { '@id': 'https://www.cs.uni-potsdam.de/bs/research/myno#deviceCategory', hasValue: 'BLANK' },
      ],
      hasService: ['a', 'b', 'c', 'd'].map((name) => ({
        hasOutputDataPoint: {
          '@id': `urn:x:${name}`,
          'https://www.cs.uni-potsdam.de/bs/research/myno#mqttTopic': name,
        },
      })),
    };
    await expectStable(utf8(JSON.stringify(document)));
  });
});

describeWithSharedData('the modules of the four MYNO descriptions', () => {
  const files = existsSync(sharedData) ? readdirSync(join(sharedData, 'myno')).sort() : [];
  const textOf = async (file: string): Promise<string> =>
    moduleTextOf(await read(bytesOf(join(sharedData, 'myno', file))));

  // Digests and names alone: the descriptions are their makers', and no part of this project.
  test.each<[string, string, readonly string[]]>([
    [
      'agriculture-units-events-compacted.jsonld',
      'ff15bad22028d328762ef3ddc21deb843bd2bd28a3af84af32df9d21293d7322',
      [
        'funcAutoMoisture',
        'funcConfMoisture',
        'funcConfTemperature',
        'funcLed_1Off',
        'funcLed_1On',
        'funcLed_1Rgb',
        'funcPump_1Off',
        'funcPump_1On',
      ],
    ],
    [
      'led-rgb-expanded.jsonld',
      'f040061b7fbf40e15b0207504d68ad096d5acef313fc019664c18d9db3215a5d',
      ['funcLed_1Color', 'funcLed_1Off', 'funcLed_1On', 'funcLed_1Rgb'],
    ],
    [
      'update-compacted.jsonld',
      '7491caf1d61cc1e7641a1696960158519ac085dbe30128faf8a18326746bed1b',
      ['funcGetDeviceToken', 'funcPubUpdateImage', 'funcPubUpdateManifest', 'funcRelayOff', 'funcRelayOn'],
    ],
    [
      'v5-2-expanded.jsonld',
      'abaf2eced5c8c147ee7c30aa8c6bcc6ff8a5a809e0d06a6b11451dff84b7b1b8',
      ['funcSetColor', 'funcSetGreen', 'funcSwitchOff', 'funcSwitchOn'],
    ],
  ])('%s', async (file, expected, rpcs) => {
    const text = await textOf(file);
    expect([...text.matchAll(/^ {2}rpc (\S+)/gm)].map(([, name]) => name)).toEqual(rpcs);
    expect(sha256(utf8(text))).toBe(expected);
  });

  test.each(files)('%s is the same whatever the order of its triples', (file) =>
    expectStable(bytesOf(join(sharedData, 'myno', file))),
  );

  describeWith(['yanglint', 'yangdump'], 'to other tools', () => {
    test('yanglint and yangdump have nothing to say', async () => {
      const texts = await Promise.all(files.map(textOf));
      const modules = Object.fromEntries(texts.map((text) => [nameOf(text), text]));
      expect([yanglint(modules), yangdump(modules)]).toEqual(['', '']);
    });
  });
});
