import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { createRdfTools, type LoadedTools } from '../../src/ontology/adapters/rdf-tools.ts';
import { applyMappings, type Mapping, parseMapping } from '../../src/ontology/mapping.ts';
import { nameNodes } from '../../src/ontology/node-names.ts';
import type { BlankNode, NamedNode, Term, Triple } from '../../src/ontology/rdf.ts';
import { readDescription } from '../../src/ontology/reading.ts';
import { describeWithSharedData, sharedData } from '../support/peers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { describeDevice, type Node, operation, read, refusal } from './support.ts';

const node = (value: string): NamedNode => ({ termType: 'NamedNode', value });
const blank = (value: string): BlankNode => ({ termType: 'BlankNode', value });
const text = (value: string): Term => ({ termType: 'Literal', value, datatype: 'd', language: '' });
const triple = (subject: NamedNode | BlankNode, predicate: string, object: Term): Triple => ({
  subject,
  predicate: node(predicate),
  object,
});

describe('the header of a mapping', () => {
  const body = 'PREFIX ex: <urn:ex#>\nCONSTRUCT { ?a ex:b ?c } WHERE { ?a ex:d ?c }';

  test('says when it runs, how it names nodes, and what it passes over', () => {
    const header =
      '# Maps.\n# applies to: ex:d, "GET"\n# names nodes by: ex:name\n# passes over: <urn:other>\n';
    const mapping = parseMapping('m.rq', header + body);
    expect(mapping).toMatchObject({
      name: 'm.rq',
      appliesTo: ['urn:ex#d', 'GET'],
      namesNodesBy: ['urn:ex#name'],
    });
    expect([...mapping.terms].sort()).toEqual(['urn:ex#b', 'urn:ex#d', 'urn:other']);
  });

  test.each([
    ['without it', body],
    ['with a prefix that nobody declares', `# applies to: other:d\n${body}`],
  ])('%s the file is refused', (_, given) => {
    expect(() => parseMapping('m.rq', given)).toThrow(/m\.rq/);
  });

  test('each mapping of ontologies/ has one, and says in a sentence what it maps', async () => {
    const tools = await createRdfTools(defaultOntologiesDir);
    expect(tools.problems).toEqual([]);
    expect(tools.mappings.length).toBeGreaterThan(10);
    for (const { name } of tools.mappings)
      expect(readFileSync(name, 'utf8')).toMatch(/^# [^:\n]{10,}[\s\S]*?\n# applies to: /);
  });
});

describe('running mappings', () => {
  const mapping = (name: string, appliesTo: string): Mapping => ({
    name,
    appliesTo: [appliesTo],
    namesNodesBy: [],
    terms: new Set(),
  });
  const asked: string[] = [];
  const run = (
    triples: readonly Triple[],
    mappings: readonly Mapping[],
    adds: Record<string, Triple[]> = {},
  ) => {
    asked.length = 0;
    return applyMappings(triples, mappings, () => ({
      async construct({ name }) {
        asked.push(name);
        return adds[name] ?? [];
      },
      add() {},
    }));
  };

  test('none runs, and no store is made, where their terms are not used', async () => {
    const said = [triple(node('x'), 'other', text('t'))];
    expect(await run(said, [mapping('a', 'p')])).toEqual({ triples: said, applied: [] });
    expect(asked).toEqual([]);
  });

  test('a property, a class or a text is what it applies to', async () => {
    const type = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
    const said = [triple(node('x'), 'p', text('GET')), triple(node('x'), type, node('C'))];
    await run(said, [mapping('a', 'p'), mapping('b', 'GET'), mapping('c', 'C'), mapping('d', 'x')]);
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  test('each runs once, after what it builds on', async () => {
    const mappings = [mapping('1', 'q'), mapping('2', 'p'), mapping('3', 'r')];
    const adds = {
      '1': [triple(node('x'), 'r', text('t'))],
      '2': [triple(node('x'), 'q', text('t'))],
      '3': [triple(node('x'), 'p', text('u'))],
    };
    await run([triple(node('x'), 'p', text('t'))], mappings, adds);
    expect(asked).toEqual(['2', '1', '3']);
  });

  test('a mapping that multiplies is stopped', async () => {
    const many = Array.from({ length: 100_001 }, (_, i) => triple(node(`x${i}`), 'p', text('t')));
    await expect(run([triple(node('x'), 'p', text('t'))], [mapping('a', 'p')], { a: many })).rejects.toThrow(
      /more than 100000 triples/,
    );
  });
});

describe('names of nodes without @id', () => {
  const named = (triples: readonly Triple[]): string[] =>
    nameNodes(triples, ['name']).map(({ subject }) => subject.value);

  test('say where a node hangs, and what it is called', () => {
    expect(
      named([
        triple(node('urn:t'), 'x:has', blank('b0')),
        triple(blank('b0'), 'name', text('a b')),
        triple(blank('b0'), 'x:form', blank('b1')),
        triple(blank('b1'), 'x:href', text('t')),
      ]),
    ).toEqual(['urn:t', 'urn:t/has/a-b', 'urn:t/has/a-b', 'urn:t/has/a-b/form']);
  });

  test('differ, and end where nodes hang on each other', () => {
    const both = [triple(blank('a'), 'x:p', blank('b')), triple(blank('b'), 'x:p', blank('a'))];
    expect(new Set(named(both)).size).toBe(2);
    const twins = ['a b', 'a-b'].flatMap((name, i) => [
      triple(node('urn:t'), 'x:has', blank(`b${i}`)),
      triple(blank(`b${i}`), 'name', text(name)),
    ]);
    expect(named(twins)).toContain('urn:t/has/a-b-2');
  });

  test('begin as YANG has it (RFC 6020 §6.2)', () => {
    expect(named([triple(blank('b'), 'name', text('2nd'))])).toEqual(['urn:thing/_2nd']);
    expect(named([triple(blank('b'), 'name', text('xmlThing'))])).toEqual(['urn:thing/_xmlThing']);
  });
});

describe('contexts', () => {
  const document = describeDevice(operation('call'));
  const own = document['@context'] as Node;
  const known = 'https://www.w3.org/2022/wot/td/v1.1';

  test('one of the web stands in ontologies/contexts, and may be listed with own terms', async () => {
    expect((await read({ ...document, '@context': [known, own] })).operations).toHaveLength(1);
  });

  test.each([
    ['another URL', 'https://example.org/context'],
    ['another URL in a list', [known, 'https://example.org/context']],
    ['a list in a list', [[known], own]],
    ['too many', Array.from({ length: 9 }, () => own)],
    ['an import', [known, { '@import': known }]],
    ['a context of a term', [known, { x: { '@id': 'urn:x', '@context': known } }]],
  ])('%s is refused', async (_, context) => {
    expect((await refusal({ ...document, '@context': context })).code).toBe('description-malformed');
  });

  test('the finding names those that are at hand', async () => {
    const { findings } = await refusal({ ...document, '@context': 'https://example.org/context' });
    expect(findings[0]?.expected).toContain(known);
  });
});

describe('namespaces that got another name', () => {
  test('the prototype’s older name is read as the newer (ontologies/mappings/namespaces.ttl)', async () => {
    const document = JSON.parse(
      JSON.stringify(describeDevice(operation('call'))).replaceAll(
        'https://www.cs.uni-potsdam.de/bs/research/myno#',
        'http://yang-netconf-mqtt#',
      ),
    );
    expect((await read(document)).operations[0]?.topic).toBe('t/call/%s');
  });
});

describeWithSharedData('the prototype’s update operations (ontologies/mappings/myno-update.rq)', () => {
  test('have the roles of ours, and the token has its outputs (mup-protocol §3)', async () => {
    const file = join(sharedData, 'myno', 'update-compacted.jsonld');
    const { operations, remarks } = await read(new Uint8Array(readFileSync(file)));
    const byRole = (role: string) => operations.find((one) => one.role === role);
    expect(byRole('token')?.outputs.map(({ role }) => role)).toEqual(['nonce', 'firmwareVersion']);
    expect(byRole('manifest')?.inputs.map(({ role }) => role)).toEqual([
      ...['appId', 'linkOffset', 'imageDigest', 'imageSize', 'newVersion', 'oldVersion'],
      ...['innerSignature', 'nonce', 'outerSignature'],
    ]);
    expect(byRole('firmware')?.mqttMethod).toBe('PUB-UPDATE-IMAGE');
    expect(byRole('firmware')?.inputs.map(({ role }) => role)).toEqual(['image']);
    // Whatever their description says of it, and it says so of two.
    const topics = ['token', 'manifest', 'firmware'].map((role) => byRole(role)?.topic);
    expect(topics).toEqual(['yang/update/%s', 'yang/update/%s', 'yang/update/%s']);
    expect(remarks.filter((remark) => remark.includes('are updated on yang/update/<uuid>'))).toHaveLength(2);
  });
});

describe('the folder of an operator', () => {
  let tools: LoadedTools;
  beforeAll(async () => {
    const directory = join(await temporaryDirectory(), 'ontologies');
    await mkdir(join(directory, 'mappings'), { recursive: true });
    await mkdir(join(directory, 'contexts'));
    await writeFile(
      join(directory, 'acme.ttl'),
      '<https://acme.example/#topic> <http://www.w3.org/2002/07/owl#equivalentProperty> <https://www.cs.uni-potsdam.de/bs/research/myno#mqttTopic> .',
    );
    await writeFile(
      join(directory, 'mappings', 'acme.rq'),
      `# What ACME calls a command is a method.
# applies to: acme:command
PREFIX acme: <https://acme.example/#>
PREFIX myno: <https://www.cs.uni-potsdam.de/bs/research/myno#>
CONSTRUCT { ?operation myno:mqttMethod ?name } WHERE { ?operation acme:command ?name }`,
    );
    await writeFile(
      join(directory, 'contexts', 'acme.jsonld'),
      '{ "servedFor": ["https://acme.example/context"], "@context": { "command": "https://acme.example/#command" } }',
    );
    await writeFile(join(directory, 'broken.ttl'), '<a> <b> ');
    await writeFile(join(directory, 'mappings', 'broken.rq'), '# applies to: "x"\nSELECT * { ?a ?b ?c }');
    await writeFile(join(directory, 'contexts', 'broken.jsonld'), '{ "servedFor": [');
    await writeFile(join(directory, 'contexts', 'unserved.jsonld'), '{ "@context": {} }');
    await mkdir(join(directory, 'folder.ttl'));
    await symlink('/nowhere/at/all', join(directory, 'mappings', 'gone.rq'));
    tools = await createRdfTools(defaultOntologiesDir, directory);
  });

  test('its axioms, mappings and contexts hold beside ours', async () => {
    const [functionality, call] = operation('call') as [Node, Node];
    const { 'myno:mqttMethod': _, 'myno:mqttTopic': __, ...rest } = call;
    const acme = { ...rest, command: 'CALL', 'https://acme.example/#topic': 'acme/call' };
    const document = describeDevice([functionality, acme]);
    const context = ['https://acme.example/context', document['@context']];
    const bytes = utf8(JSON.stringify({ ...document, '@context': context }));
    const { operations, remarks } = await readDescription(bytes, tools, defaultConfig.registration);
    expect(operations).toMatchObject([{ mqttMethod: 'CALL', topic: 'acme/call/%s' }]);
    expect(remarks).toEqual([]);
  });

  test('what is broken is named, and the rest works without it', () => {
    const named = tools.problems.map((problem) => basename(problem.slice(0, problem.indexOf(': '))));
    expect(named.sort()).toEqual([
      ...['broken.jsonld', 'broken.rq', 'broken.ttl', 'folder.ttl', 'gone.rq', 'unserved.jsonld'],
    ]);
  });

  test('whose shapes are those of a vocabulary is read all the same', async () => {
    const directory = await temporaryDirectory();
    const axiom = '<https://acme.example/#T> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <urn:x> .';
    await writeFile(join(directory, 'pump-shapes.ttl'), axiom);
    const { axioms } = await createRdfTools(defaultOntologiesDir, directory);
    expect(axioms.classesAbove('https://acme.example/#T')).toEqual(['urn:x']);
  });

  test('it need not be there', async () => {
    expect((await createRdfTools(defaultOntologiesDir, '/nowhere/at/all')).problems).toEqual([]);
  });
});
