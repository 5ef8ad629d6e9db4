import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PreparedQueries } from '../../src/ontology/adapters/comunica.ts';
import { storeOf, type TripleStore, turtleTriples } from '../../src/ontology/adapters/n3.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { termKey } from '../../src/ontology/rdf.ts';

const graph = turtleTriples(`
  @prefix onem2m: <http://www.onem2m.org/ontology/Base_Ontology/base_ontology#> .
  @prefix myno: <https://www.cs.uni-potsdam.de/bs/research/myno#> .
  @prefix : <urn:x#> .
  :device onem2m:hasThingProperty myno:deviceUuid, myno:deviceCategory, :other ; onem2m:hasService :one, :two .
  myno:deviceUuid onem2m:hasValue "U-1" . myno:deviceCategory onem2m:hasValue "KIND" . :other onem2m:hasValue "x" .
  :one onem2m:hasOperation :on . :two onem2m:hasOperation :off, :on .
`);
const predicates = new Set(graph.map(({ predicate }) => predicate.value));

/** Solutions as texts, in order. */
async function solve(query: string, store: () => TripleStore = engineMustNotBeAsked): Promise<string[]> {
  const solutions = await new PreparedQueries([query]).solve(graph, store, predicates);
  return solutions
    .map((solution) =>
      [...solution]
        .map(([name, term]) => `${name}=${termKey(term)}`)
        .sort()
        .join(' '),
    )
    .sort();
}

function engineMustNotBeAsked(): never {
  throw new Error('the engine was asked');
}

describe('the queries that descriptions are read with', () => {
  const folder = join(defaultOntologiesDir, 'queries');

  test.each(readdirSync(folder))('%s needs no engine', async (file) => {
    const query = readFileSync(join(folder, file), 'utf8');
    await expect(solve(query)).resolves.toBeInstanceOf(Array);
  });

  test('find what is joined, and bind what is named', async () => {
    const found = await solve(readFileSync(join(folder, 'device.rq'), 'utf8'));
    const uuid = 'https://www.cs.uni-potsdam.de/bs/research/myno#deviceUuid';
    expect(found).toContain(
      `device=urn:x#device uuid="U-1"^^http://www.w3.org/2001/XMLSchema#string@ uuidProperty=${uuid}`,
    );
    expect(found).toContain('device=urn:x#device service=urn:x#one');
    expect(found.filter((solution) => solution.includes('"x"'))).toEqual([]);
  });
});

describe('a query of an author', () => {
  const onem2m = 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#';
  const counting = `
    PREFIX onem2m: <${onem2m}>
    SELECT ?service ?operations
    WHERE { { SELECT ?service (COUNT(?operation) AS ?operations) { ?service onem2m:hasOperation ?operation } GROUP BY ?service } }`;

  test('that is more than we answer is the engine’s', async () => {
    await expect(solve(counting)).rejects.toThrow('the engine was asked');
    const integer = 'http://www.w3.org/2001/XMLSchema#integer';
    expect(await solve(counting, () => storeOf(graph))).toEqual([
      `operations="1"^^${integer}@ service=urn:x#one`,
      `operations="2"^^${integer}@ service=urn:x#two`,
    ]);
  });

  test('has the variables that it selects, and no others', async () => {
    const query = `PREFIX onem2m: <${onem2m}>
      SELECT ?device ?operation WHERE { ?device onem2m:hasService ?service . ?service onem2m:hasOperation ?operation }`;
    expect(await solve(query)).toEqual([
      'device=urn:x#device operation=urn:x#off',
      'device=urn:x#device operation=urn:x#on',
      'device=urn:x#device operation=urn:x#on',
    ]);
  });
});
