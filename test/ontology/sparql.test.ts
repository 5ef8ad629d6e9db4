import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PreparedConstruct } from '../../src/ontology/adapters/comunica.ts';
import { storeOf, turtleTriples } from '../../src/ontology/adapters/n3.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { namedTerms } from '../../src/ontology/queries.ts';
import { rdfNamespace, type Triple, termKey, xsdNamespace } from '../../src/ontology/rdf.ts';
import { TripleIndex } from '../../src/ontology/sparql/triple-index.ts';

const folder = join(defaultOntologiesDir, 'mappings');
const mappings = readdirSync(folder)
  .filter((name) => name.endsWith('.rq'))
  .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);

const made = 'made-';

/** Triples as texts in order, with what is said of a node in place of the label that was made up for it. */
function canonical(triples: readonly Triple[]): string[] {
  const said = new Map<string, string[]>();
  for (const { subject, predicate, object } of triples)
    if (subject.value.startsWith(made))
      said.set(subject.value, [...(said.get(subject.value) ?? []), `${predicate.value} ${termKey(object)}`]);
  const texts = triples.map(({ subject, predicate, object }) => {
    const node = said.get(subject.value)?.toSorted().join(', ') ?? termKey(subject);
    return `${node} ${predicate.value} ${termKey(object)}`;
  });
  return [...new Set(texts)].sort();
}

function engineMustNotBeAsked(): never {
  throw new Error('the engine was asked');
}

/** What a query makes of a graph without the engine. */
async function ours(query: PreparedConstruct, graph: readonly Triple[]): Promise<string[]> {
  return canonical(await query.triples(new TripleIndex(graph), engineMustNotBeAsked, made));
}

async function engines(query: PreparedConstruct, graph: readonly Triple[]): Promise<string[]> {
  return canonical(await query.fromEngine(storeOf(graph), made));
}

/** Small graphs of a mapping's own terms, in which much fits. */
function graphsOf(text: string): fc.Arbitrary<Triple[]> {
  const terms = [...namedTerms(text)];
  const iri = fc
    .constantFrom('urn:x:/a', 'urn:x:/b', 'urn:x:/c')
    .map((value) => ({ termType: 'NamedNode', value }) as const);
  const node = fc.oneof(iri, fc.constant({ termType: 'BlankNode', value: 'n1' } as const));
  const term = fc.constantFrom(...terms).map((value) => ({ termType: 'NamedNode', value }) as const);
  const words = fc.constantFrom(
    '',
    'state',
    'mqtt://broker/t',
    'a/b',
    '^x|y$',
    'application/json',
    'publish',
  );
  const literal = fc.oneof(
    words.map((value) => [value, 'string']),
    fc.constantFrom(['true', 'boolean'], ['false', 'boolean'], ['7', 'integer'], ['0.1', 'decimal']),
    fc.constantFrom(['1.0E-1', 'double'], ['1.5E0', 'double'], ['2.0E0', 'double'], ['-3', 'integer']),
  );
  const value = literal.map(
    ([text = '', type = '']) =>
      ({ termType: 'Literal', value: text, datatype: `${xsdNamespace}${type}`, language: '' }) as const,
  );
  const type = { termType: 'NamedNode', value: `${rdfNamespace}type` } as const;
  const triple = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ subject: node, predicate: term, object: fc.oneof(node, value, term) }),
    },
    { weight: 1, arbitrary: fc.record({ subject: node, predicate: fc.constant(type), object: term }) },
  );
  return fc.array(triple, { minLength: 5, maxLength: 40 });
}

describe('our part of SPARQL says what the engine says', () => {
  test.each(mappings)(
    '%s is in it, and finds the same in any graph',
    async (_, text) => {
      const query = new PreparedConstruct(text);
      expect(query.isOurs).toBe(true);
      await fc.assert(
        fc.asyncProperty(graphsOf(text), async (graph) => {
          // Values that are left to the engine are its own.
          const found = canonical(await query.triples(new TripleIndex(graph), () => storeOf(graph), made));
          expect(found).toEqual(await engines(query, graph));
        }),
        { numRuns: 5 },
      );
    },
    60_000,
  );

  const graph = turtleTriples(`
    @prefix : <urn:x:> .
    :a :p :b ; :n 1 ; :t "one" ; :flag true .
    :b :p :c ; :n 2 ; :t "two" ; :q :a .
    :c :t "thr|ee" , "drei" ; :n 2.5 ; :flag false .
    :d :p :d ; :t "x\\\\y\\"" .
    [] :p :a ; :t "nobody" .`);

  test.each([
    ['one pattern', '{ ?s :p ?o }', '?s :r ?o'],
    ['a variable twice', '{ ?s :p ?s }', '?s :r ?s'],
    ['any predicate', '{ ?s ?p :a }', '?s ?p "x"'],
    ['a predicate from VALUES', '{ VALUES ?p { :p :q } ?s ?p ?o }', '?s ?p ?o'],
    ['UNDEF', '{ VALUES (?s ?o) { (:a UNDEF) (UNDEF :c) } ?s :p ?o }', '?s :r ?o'],
    [
      'a join through what is perhaps unbound',
      '{ { ?s :p ?o OPTIONAL { ?o :q ?x } } { ?y :q ?x } }',
      '?s :r ?y',
    ],
    [
      'a union of different variables',
      '{ { ?s :p ?o } UNION { ?s :q ?x } OPTIONAL { ?o :q ?x } }',
      '?s :r ?x',
    ],
    ['OPTIONAL with a condition', '{ ?s :n ?n OPTIONAL { ?s :p ?o FILTER(?n > 1) } }', '?s :r ?n ; :o ?o'],
    ['MINUS', '{ ?s :t ?t MINUS { ?s :p ?o } }', '?s :r ?t'],
    ['MINUS of other variables takes nothing', '{ ?s :t ?t MINUS { ?x :p ?y } }', '?s :r ?t'],
    ['MINUS of what is perhaps bound', '{ ?s :t ?t MINUS { ?x :p ?y OPTIONAL { ?s :q ?x } } }', '?s :r ?t'],
    ['alternatives', '{ ?s :p|:q ?o }', '?s :r ?o'],
    ['EXISTS', '{ ?s :t ?t FILTER EXISTS { ?s :p ?o . ?o :n ?n } }', '?s :r ?t'],
    ['NOT EXISTS', '{ ?s :t ?t FILTER NOT EXISTS { ?s :n ?n } }', '?s :r ?t'],
    ['an error in BIND', '{ ?s :n ?n BIND(UCASE(?n) AS ?x) }', '?s :r ?x ; :t ?n'],
    ['an error beside true', '{ ?s :t ?t FILTER(?unbound = 1 || BOUND(?t)) }', '?s :r ?t'],
    ['an error beside false', '{ ?s :t ?t FILTER(!(?unbound = 1 && BOUND(?unbound))) }', '?s :r ?t'],
    ['numbers of different types', '{ ?s :n ?n FILTER(?n >= 2 && ?n != 2.50) }', '?s :r ?n'],
    ['booleans', '{ ?s :flag ?f BIND(IF(?f, "yes", "no") AS ?x) }', '?s :r ?x'],
    ['COALESCE', '{ ?s :t ?t OPTIONAL { ?s :n ?n } BIND(COALESCE(?n, ?t) AS ?x) }', '?s :r ?x'],
    ['texts', '{ ?s :t ?t BIND(CONCAT(UCASE(SUBSTR(?t, 1, 1)), SUBSTR(?t, 2)) AS ?x) }', '?s :r ?x'],
    ['behind what is not there', '{ ?s :t ?t BIND(STRAFTER(?t, "|") AS ?x) }', '?s :r ?x'],
    [
      'patterns',
      '{ ?s :t ?t FILTER REGEX(?t, "^T", "i") BIND(REPLACE(?t, "(.)e", "$1E$0") AS ?x) }',
      '?s :r ?x',
    ],
    ['backslashes and quotes', '{ ?s :t ?t BIND(REPLACE(?t, "\\"", "\\\\\\\\") AS ?x) }', '?s :r ?x'],
    ['IRIs', '{ ?s :t ?t BIND(IRI(CONCAT("urn:x:/", ENCODE_FOR_URI(?t))) AS ?x) }', '?x :r ?t'],
    ['kinds', '{ ?s ?p ?o FILTER(isLITERAL(?o)) BIND(DATATYPE(?o) AS ?x) }', '?s ?p ?x'],
    ['terms of different kinds', '{ ?s ?p ?o FILTER(?s = ?o || ?p != ?s) }', '?s ?p ?o'],
    ['groups', '{ { SELECT ?s (MIN(?t) AS ?x) WHERE { ?s :t ?t } GROUP BY ?s } }', '?s :r ?x'],
    ['nodes made up', '{ ?s :t ?t }', '[] :r ?s ; :t ?t'],
    ['texts as subjects', '{ ?s :t ?t }', '?t :r ?s'],
  ])('%s', async (_, where, template) => {
    const query = new PreparedConstruct(`PREFIX : <urn:x:> CONSTRUCT { ${template} } WHERE ${where}`);
    const found = await ours(query, graph);
    expect(found).toEqual(await engines(query, graph));
  });

  test('more solutions than a description may have are refused, and not made first', async () => {
    const crowd = turtleTriples(
      Array.from({ length: 1000 }, (_, i) => `<urn:a${i}> <urn:x:p> <urn:b${i}> .`).join('\n'),
    );
    const query = new PreparedConstruct(
      'CONSTRUCT { ?a <urn:x:r> ?c } WHERE { ?a <urn:x:p> ?b . ?c <urn:x:p> ?d . ?e <urn:x:p> ?f }',
    );
    await expect(ours(query, crowd)).rejects.toMatchObject({ code: 'description-too-big' });
  });

  test.each([
    ['a part of the language', '{ { SELECT ?s ?t WHERE { ?s :t ?t } ORDER BY ?t LIMIT 2 } }', graph],
    ['a path', '{ ?s :p+ ?o . ?o :t ?t }', graph],
    ['a named graph', '{ { ?s :t ?t } UNION { GRAPH ?g { ?s :p ?t } } }', graph],
    ['a function', '{ ?s :t ?x BIND(STRBEFORE(?x, "|") AS ?t) }', graph],
    [
      'a text with a language',
      '{ ?s :t ?x BIND(CONCAT(?x, "!") AS ?t) }',
      turtleTriples('<urn:a> <urn:x:t> "a"@en .'),
    ],
    [
      'an IRI with dots',
      '{ ?s :t ?x BIND(IRI(?x) AS ?t) }',
      turtleTriples('<urn:a> <urn:x:t> "urn:a:/b/../c" .'),
    ],
  ])('what is not in it is asked of the engine: %s', async (_, where, triples) => {
    const query = new PreparedConstruct(`PREFIX : <urn:x:> CONSTRUCT { ?s :r ?t } WHERE ${where}`);
    await expect(ours(query, triples)).rejects.toThrow('the engine was asked');
    const found = await query.triples(new TripleIndex(triples), () => storeOf(triples), made);
    expect(canonical(found)).toEqual(await engines(query, triples));
    expect(found.length).toBeGreaterThan(0);
  });
});
