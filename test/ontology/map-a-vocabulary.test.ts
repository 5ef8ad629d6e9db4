import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { createRdfTools } from '../../src/ontology/adapters/rdf-tools.ts';
import { readDescription } from '../../src/ontology/reading.ts';
import { root } from '../support/peers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const guide = readFileSync(join(root, 'docs', 'map-a-vocabulary.md'), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);

describe('docs/map-a-vocabulary.md', () => {
  test('its ontology and mappings make of its description what it says', async () => {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, 'mappings'));
    const [ontology = ''] = blocks('turtle');
    await writeFile(join(folder, 'acme.ttl'), ontology);
    const mappings = blocks('sparql');
    expect(mappings).toHaveLength(2);
    for (const [i, mapping] of mappings.entries())
      await writeFile(join(folder, 'mappings', `acme-${i + 1}.rq`), mapping);
    const tools = await createRdfTools(defaultOntologiesDir, folder);
    expect(tools.problems).toEqual([]);
    const [document = ''] = blocks('json');
    const read = await readDescription(utf8(document), tools, defaultConfig.registration);
    expect(read.remarks).toEqual([]);
    expect(read.operations.map(({ name, mqttMethod, topic }) => [name, mqttMethod, topic])).toEqual([
      ['close', 'CLOSE', 'water/valve/%s'],
      ['open', 'OPEN', 'water/valve/%s'],
    ]);
  });

  test('the terms of its table of Thing Descriptions are those that the mappings read', () => {
    const context = readFileSync(join(defaultOntologiesDir, 'contexts', 'thing-description.jsonld'), 'utf8');
    const terms = new Set(Object.keys(JSON.parse(context)['@context']));
    const table = guide.slice(guide.indexOf('| in a Thing Description'));
    const named = [...table.matchAll(/`([a-z]+[A-Za-z]*)`/g)].map(([, term = '']) => term);
    const others = new Set(['native', 'set', 'output']);
    expect(named.filter((term) => !terms.has(term) && !others.has(term))).toEqual([]);
  });
});
