import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '../../../src/base/config.ts';
import { deviceUuid, digest } from '../../../src/base/ids.ts';
import { pack, unpack } from '../../../src/ontology/adapters/inflate.ts';
import { defaultOntologiesDir } from '../../../src/ontology/adapters/ontology-files.ts';
import { createRdfTools } from '../../../src/ontology/adapters/rdf-tools.ts';
import { abstractUuid, instantiate } from '../../../src/ontology/description-template.ts';
import { parseDocument } from '../../../src/ontology/json-document.ts';
import { type RdfTools, readDescription } from '../../../src/ontology/reading.ts';
import { moduleStatement } from '../../../src/yang/module-generator.ts';
import { newModule } from '../../../src/yang/module-model.ts';
import { parseModule } from '../../../src/yang/parser.ts';
import { printModule } from '../../../src/yang/printer.ts';
import { bounded, decoded, decodedLater, hold, same } from '../oracle.ts';
import type { Target } from '../target.ts';

const example = (name: string): Uint8Array => readFileSync(join(defaultOntologiesDir, 'examples', name));

const smallOnes = [
  'relay.jsonld',
  'tasmota-plug.td.jsonld',
  'virtual-floor.jsonld',
  'zigbee2mqtt-lamp.td.jsonld',
];

const limits = { ...defaultConfig.registration, maxNodes: 2000, maxDepth: 16 };

const document: Target = {
  name: 'description-document',
  seeds: () => [
    ...smallOnes.map(example),
    Buffer.from('{"@context":{"a":"urn:a"},"@graph":[{"@id":"a:b","a:c":"%%s %s"}]}'),
  ],
  words: [
    ...[
      '"@context"',
      '"@id"',
      '"@graph"',
      '"@value"',
      '"@reverse"',
      '"@import"',
      '"@nest"',
      '"@type"',
      '{',
      '}',
      '[',
      ']',
    ],
    ...[',', ':', '"https://example.org/c"', '"__proto__":', '%%', '%s', '%%%s'],
  ],
  maxBytes: 65_536,
  run: (input) => {
    const read = decoded(['description-malformed', 'description-too-big'], () =>
      parseDocument(input, limits),
    );
    if (read !== undefined) bounded(read, input, 16);
  },
};

const inflate: Target = {
  name: 'inflate',
  seeds: () => [
    pack(example('relay.jsonld')),
    pack(Buffer.alloc(100_000)),
    pack(Buffer.from('{}')),
    Buffer.from('x'),
    Buffer.from('{}'),
  ],
  run: async (input) => {
    const bounds = { maxDescriptionBytes: 50_000, maxInflateRatio: 20 };
    const codes = ['description-malformed', 'description-too-big'];
    const read = await decodedLater(codes, () => unpack(input, bounds));
    if (read !== undefined)
      hold(read.length <= Math.max(input.length, Math.min(50_000, 20 * input.length)), 'it is bounded');
    if (input.length > 0 && input.length < 2000) {
      const back = await unpack(pack(input), { ...bounds, maxInflateRatio: 10_000 });
      same(Buffer.from(back), Buffer.from(input), 'what is packed is unpacked');
    }
  },
};

const uuid = deviceUuid('F97DF79-8A12-4F4F-8F69');

const template: Target = {
  name: 'description-template',
  seeds: () => [Buffer.from(`%${uuid}%%s %s %% ${uuid}${uuid}`), Buffer.from(`%%%${uuid}`)],
  words: [uuid, '%', '%%', '%s', '%%s'],
  run: (input) => {
    const abstracted = abstractUuid(uuid, input);
    bounded(Buffer.from(abstracted), input, 4);
    hold(
      !Buffer.from(abstracted).includes(uuid) || Buffer.from(input).toString('utf8').includes('\ufffd'),
      'no UUID is left',
    );
  },
};

let tools: Promise<RdfTools> | undefined;

const description: Target = {
  name: 'description',
  seeds: () => smallOnes.map(example),
  words: [
    ...[
      '"@id"',
      '"@type"',
      '"@list"',
      '"onem2m:hasOperation"',
      '"myno:mqttTopic"',
      '"onem2m:hasInput"',
      '%s',
      '"xsd:int"',
    ],
    ...[
      '"onem2m:hasDataRestriction_pattern"',
      '"[a-z]+"',
      '"(((a*)*)*)*"',
      'a{1000}',
      '-1',
      '1e30',
      '"; } rpc evil { "',
    ],
  ],
  maxBytes: 8192,
  run: async (input) => {
    tools ??= createRdfTools(defaultOntologiesDir);
    const known = await tools;
    const codes = ['description-malformed', 'description-too-big', 'description-invalid'];
    const read = await decodedLater(codes, () => readDescription(input, known, limits));
    if (read === undefined) return;
    const filled = decoded(['uuid-mismatch'], () =>
      instantiate({ digest: digest('0'.repeat(64)), description: read }, uuid),
    );
    if (filled === undefined) return;
    const module = moduleStatement(newModule(filled));
    same(parseModule(printModule(module)), module, 'the module that is made of it says what was meant');
  },
};

/** Descriptions of devices, from octets to what the bridge works with. */
export const ontologyTargets: readonly Target[] = [document, inflate, template, description];
