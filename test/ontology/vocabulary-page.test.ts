import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { namedTerms } from '../../src/ontology/queries.ts';
import { show } from '../../src/ontology/rdf.ts';
import { root } from '../support/paths.ts';
import { vocabularyFile, vocabularyPage } from '../support/vocabulary-page.ts';

const ontologies = join(root, 'ontologies');

test('docs/vocabulary.md is what the ontologies say (npx tsx test/support/vocabulary-page.ts writes it)', () => {
  expect(readFileSync(vocabularyFile, 'utf8')).toBe(vocabularyPage());
});

test('every term that queries and shapes name is explained', () => {
  const queries = readdirSync(join(ontologies, 'queries')).map((name) => join('queries', name));
  const named = [...queries, 'shapes.ttl'].flatMap((name) => [
    ...namedTerms(readFileSync(join(ontologies, name), 'utf8')),
  ]);
  const names = named.map((value) => show({ termType: 'NamedNode', value }));
  const page = vocabularyPage();
  const missing = names.filter(
    (name) => /^(onem2m|myno|om-2|mup):/.test(name) && !page.includes(`### \`${name}\`\n`),
  );
  expect([...new Set(missing)]).toEqual([]);
});
