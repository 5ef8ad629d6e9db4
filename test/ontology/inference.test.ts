import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Axioms } from '../../src/ontology/axioms.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { infer } from '../../src/ontology/inference.ts';
import type { Term, Triple } from '../../src/ontology/rdf.ts';
import { context, describeDevice, id, type Node, operation, read } from './support.ts';

const rdfs = 'http://www.w3.org/2000/01/rdf-schema#';
const owl = 'http://www.w3.org/2002/07/owl#';
const type = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const node = (value: string): { termType: 'NamedNode'; value: string } => ({ termType: 'NamedNode', value });
const triple = (subject: string, predicate: string, object: string | Term): Triple => ({
  subject: node(subject),
  predicate: node(predicate),
  object: typeof object === 'string' ? node(object) : object,
});
const all = () => true;
const show = ({ subject, predicate, object }: Triple): string =>
  `${subject.value} ${predicate.value} ${object.value}`;
const inferred = (triples: readonly Triple[], asked: (iri: string) => boolean = all): string[] =>
  infer(triples, new Axioms([]), asked).triples.map(show).sort();

describe('what follows from axioms', () => {
  test('types of the classes above (rdfs9, rdfs11)', () => {
    const said = [
      triple('a', `${rdfs}subClassOf`, 'b'),
      triple('b', `${rdfs}subClassOf`, 'c'),
      triple('x', type, 'a'),
    ];
    expect(inferred(said)).toEqual(expect.arrayContaining([`x ${type} b`, `x ${type} c`]));
  });

  test('properties above (rdfs5, rdfs7), of literals too', () => {
    const text: Term = { termType: 'Literal', value: 't', datatype: 'd', language: '' };
    const said = [
      triple('p', `${rdfs}subPropertyOf`, 'q'),
      triple('q', `${rdfs}subPropertyOf`, 'r'),
      triple('x', 'p', text),
    ];
    expect(inferred(said)).toEqual(expect.arrayContaining(['x q t', 'x r t']));
  });

  test('equivalence holds both ways (owl:equivalentClass, owl:equivalentProperty)', () => {
    const said = [
      triple('a', `${owl}equivalentClass`, 'b'),
      triple('p', `${owl}equivalentProperty`, 'q'),
      triple('x', type, 'b'),
      triple('x', 'q', 'y'),
    ];
    expect(inferred(said)).toEqual(expect.arrayContaining([`x ${type} a`, 'x p y']));
  });

  test('what is the same has one name: one that is asked for, else the first (owl:sameAs)', () => {
    const said = [
      triple('b', `${owl}sameAs`, 'a'),
      triple('b', `${owl}sameAs`, 'c'),
      triple('b', 'p', 'x'),
      triple('y', 'p', 'c'),
    ];
    expect(inferred(said)).toEqual(expect.arrayContaining(['a p x', 'y p a']));
    expect(inferred(said, (iri) => iri === 'c' || iri === 'p')).toEqual(
      expect.arrayContaining(['c p x', 'y p c']),
    );
  });

  test('axioms that follow from others count (a property above rdfs:subClassOf)', () => {
    const said = [
      triple('kindOf', `${rdfs}subPropertyOf`, `${rdfs}subClassOf`),
      triple('a', 'kindOf', 'b'),
      triple('x', type, 'a'),
    ];
    expect(inferred(said)).toContain(`x ${type} b`);
  });

  test('nobody pays for what nobody asks for', () => {
    const said = [
      triple('a', `${rdfs}subClassOf`, 'b'),
      triple('b', `${rdfs}subClassOf`, 'c'),
      triple('x', type, 'a'),
    ];
    expect(inferred(said, (iri) => iri === 'c').filter((one) => one.startsWith('x'))).toEqual([
      `x ${type} a`,
      `x ${type} c`,
    ]);
  });

  test('cycles end, whatever the axioms, and nothing said is lost', () => {
    const names = ['a', 'b', 'c', 'd'];
    const relation = fc.constantFrom(
      `${rdfs}subClassOf`,
      `${rdfs}subPropertyOf`,
      `${owl}equivalentClass`,
      `${owl}equivalentProperty`,
      type,
      ...names,
    );
    const said = fc.array(fc.tuple(fc.constantFrom(...names), relation, fc.constantFrom(...names)));
    fc.assert(
      fc.property(said, (statements) => {
        const triples = statements.map(([s, p, o]) => triple(s, p, o));
        const result = new Set(inferred(triples));
        for (const one of triples) expect(result).toContain(show(one));
        expect(new Set(inferred([...triples].reverse()))).toEqual(result);
      }),
    );
  });

  test('a hierarchy that multiplies is refused, not followed', () => {
    const classes = Array.from({ length: 2000 }, (_, i) => `c${i}`);
    const said = [
      ...classes.slice(1).map((name, i) => triple(`c${i}`, `${rdfs}subClassOf`, name)),
      ...classes.map((name, i) => triple(`x${i}`, type, name)),
    ];
    expect(() => inferred(said)).toThrow(DescriptionError);
  });
});

describe('a maker’s ontology that specialises oneM2M', () => {
  const maker = { ...context, acme: 'https://acme.example/plugs#', rdfs, owl };
  const axioms: Node[] = [
    { '@id': 'acme:Switch', 'rdfs:subClassOf': { '@id': 'onem2m:Operation' } },
    { '@id': 'acme:offers', 'rdfs:subPropertyOf': { '@id': 'onem2m:hasOperation' } },
    { '@id': 'acme:channel', 'owl:equivalentProperty': { '@id': 'myno:mqttTopic' } },
    { '@id': 'acme:serial', 'owl:sameAs': { '@id': 'myno:deviceUuid' } },
  ];

  function plug(): Node {
    const [functionality, call] = operation('plugOn') as [Node, Node];
    const { 'myno:mqttTopic': topic, ...rest } = call;
    const document = describeDevice(
      [functionality, { ...rest, '@type': 'acme:Switch', 'acme:channel': topic }, ...axioms],
      { 'onem2m:hasThingProperty': [{ '@id': 'acme:serial' }, id('deviceCategory')] },
    );
    const graph = (document['@graph'] as Node[]).filter((one) => one['@id'] !== 'myno:deviceUuid');
    const service = graph.find((one) => one['@id'] === 'myno:service');
    if (service !== undefined) service['acme:offers'] = id('op-plugOn');
    return {
      '@context': maker,
      '@graph': [...graph, { '@id': 'acme:serial', 'onem2m:hasValue': '%s' }],
    };
  }

  test('its terms mean what they specialise, and no remark calls them unknown', async () => {
    const { operations, uuid, remarks } = await read(plug());
    expect(uuid).toBe('%s');
    expect(operations).toMatchObject([{ name: 'plugOn', topic: 't/plugOn/%s' }]);
    expect(remarks.filter((remark) => /acme:(offers|channel|Switch)/.test(remark))).toEqual([]);
  });
});
