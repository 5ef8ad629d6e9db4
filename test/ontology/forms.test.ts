import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { readContexts } from '../../src/ontology/adapters/contexts.ts';
import { pack, unpack } from '../../src/ontology/adapters/inflate.ts';
import { jsonLdForms } from '../../src/ontology/adapters/jsonld.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { usedPrefixes } from '../../src/ontology/prefixes.ts';
import { describeWithSharedData, root, sharedData } from '../support/peers.ts';
import { read } from './support.ts';

const contexts = await readContexts([defaultOntologiesDir]);

/** The description that each form of a document is read as, without remarks. */
async function meanings(file: string) {
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const forms = await jsonLdForms(document, contexts, (expanded) =>
    usedPrefixes(expanded, document['@context']),
  );
  return Promise.all(
    [document, forms.expanded, forms.compacted].map(async (form) => ({ ...(await read(form)), remarks: [] })),
  );
}

const examples = join(root, 'ontologies', 'examples');

describe('the forms in which a device may send its description', () => {
  test.each(readdirSync(examples))('%s says the same, expanded and compacted', async (name) => {
    const [written, expanded, compacted] = await meanings(join(examples, name));
    expect(expanded).toEqual(written);
    expect(compacted).toEqual(written);
  });

  describeWithSharedData('of the MYNO prototype', () => {
    test.each([
      'agriculture-units-events-compacted.jsonld',
      'led-rgb-expanded.jsonld',
      'update-compacted.jsonld',
      'v5-2-expanded.jsonld',
    ])('%s, too', async (name) => {
      const [written, expanded, compacted] = await meanings(join(sharedData, 'myno', name));
      expect(expanded).toEqual(written);
      expect(compacted).toEqual(written);
    });
  });

  test('what is packed is unpacked to the same octets, within the ratio that the bridge allows', async () => {
    const bytes = new Uint8Array(readFileSync(join(examples, 'updatable-device.jsonld')));
    const packed = pack(bytes);
    expect(packed.length).toBeLessThan(bytes.length / 4);
    expect(await unpack(packed, defaultConfig.registration)).toEqual(bytes);
  });
});
