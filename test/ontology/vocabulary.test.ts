import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Parser, type Quad } from 'n3';
import { fieldRoles } from '../../src/base/description.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { namedTerms, querySubjects } from '../../src/ontology/queries.ts';
import { example } from './support.ts';

const namespace = 'urn:mup:ontology#';
const rdfs = 'http://www.w3.org/2000/01/rdf-schema#';
const owl = 'http://www.w3.org/2002/07/owl#';
const text = (...path: string[]): string => readFileSync(join(defaultOntologiesDir, ...path), 'utf8');
const vocabulary: readonly Quad[] = new Parser().parse(text('mup.ttl'));
const declared = [
  ...new Set(vocabulary.map(({ subject }) => subject.value).filter((iri) => iri.startsWith(namespace))),
].sort();
const valuesOf = (subject: string, predicate: string): string[] =>
  vocabulary
    .filter((quad) => quad.subject.value === subject && quad.predicate.value === predicate)
    .map(({ object }) => object.value);

describe('ontologies/mup.ttl', () => {
  test('declares each term that queries, shapes, mappings and examples use, and no other', () => {
    const queries = readdirSync(join(defaultOntologiesDir, 'queries')).map((file) => text('queries', file));
    const mappings = readdirSync(join(defaultOntologiesDir, 'mappings')).map((file) =>
      text('mappings', file),
    );
    const named = [text('shapes.ttl'), ...queries, ...mappings].flatMap((one) => [...namedTerms(one)]);
    const used = new Set(named.filter((iri) => iri.startsWith(namespace)));
    for (const name of ['updatable-device', 'relay', 'virtual-floor'])
      for (const [, local] of example(name).matchAll(/"mup:([A-Za-z]+)"/g)) used.add(`${namespace}${local}`);
    used.delete(`${namespace}FieldRole`);
    expect([...used].sort()).toEqual(declared.filter((iri) => iri !== `${namespace}FieldRole`));
  });

  test.each(declared)('%s has a label and a comment', (term) => {
    expect(valuesOf(term, `${rdfs}label`)).toHaveLength(1);
    expect(valuesOf(term, `${rdfs}comment`)).toHaveLength(1);
  });

  test('each property has a domain and a range', () => {
    const properties = vocabulary
      .filter(({ object }) => [`${owl}ObjectProperty`, `${owl}DatatypeProperty`].includes(object.value))
      .map(({ subject }) => subject.value);
    expect(properties.length).toBeGreaterThan(5);
    for (const property of properties)
      expect([
        property,
        valuesOf(property, `${rdfs}domain`).length,
        valuesOf(property, `${rdfs}range`).length,
      ]).toEqual([property, 1, 1]);
  });

  test('its field roles are those of the code', () => {
    const roles = vocabulary
      .filter(({ object }) => object.value === `${namespace}FieldRole`)
      .filter(({ predicate }) => predicate.value.endsWith('#type'))
      .map(({ subject }) => subject.value.slice(namespace.length));
    expect(roles.map((role) => role.charAt(0).toLowerCase() + role.slice(1))).toEqual([...fieldRoles]);
  });
});

describe('ontologies/queries', () => {
  test('each file is a query that is run, and each query that is run is a file', () => {
    const files = readdirSync(join(defaultOntologiesDir, 'queries')).map((file) => file.replace('.rq', ''));
    expect(files.sort()).toEqual(Object.keys(querySubjects).sort());
  });

  test.each(Object.entries(querySubjects))('the first variable of %s.rq is ?%s', (name, subject) => {
    expect(/SELECT \?(\w+)/.exec(text('queries', `${name}.rq`))?.[1]).toBe(subject);
  });
});
