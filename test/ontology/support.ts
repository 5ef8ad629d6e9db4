import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid, digest } from '../../src/base/ids.ts';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { createRdfTools } from '../../src/ontology/adapters/rdf-tools.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { instantiate, uuidPlaceholder } from '../../src/ontology/description-template.ts';
import type { Term } from '../../src/ontology/rdf.ts';
import { type RdfTools, type ReadingLimits, readDescription } from '../../src/ontology/reading.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { newModule } from '../../src/yang/module-model.ts';
import { printModule } from '../../src/yang/printer.ts';

export type Node = Record<string, unknown>;

let tools: Promise<RdfTools> | undefined;

/** Reads a description in this process, with the limits of the default configuration unless others are given. */
export async function read(
  document: unknown,
  limits: Partial<ReadingLimits> = {},
): Promise<DeviceDescription> {
  tools ??= createRdfTools(defaultOntologiesDir);
  const bytes =
    document instanceof Uint8Array
      ? document
      : utf8(typeof document === 'string' ? document : JSON.stringify(document));
  return readDescription(bytes, await tools, { ...defaultConfig.registration, ...limits });
}

/** The error that a description is refused with. */
export async function refusal(
  document: unknown,
  limits: Partial<ReadingLimits> = {},
): Promise<DescriptionError> {
  try {
    await read(document, limits);
  } catch (error) {
    if (error instanceof DescriptionError) return error;
    throw error;
  }
  throw new TypeError('the description was accepted');
}

export function example(name: string): string {
  return readFileSync(join(defaultOntologiesDir, 'examples', `${name}.jsonld`), 'utf8');
}

export const context = {
  myno: 'https://www.cs.uni-potsdam.de/bs/research/myno#',
  mup: 'urn:mup:ontology#',
  onem2m: 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#',
  'om-2': 'http://www.ontology-of-units-of-measure.org/resource/om-2/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
};

export const id = (name: string): Node => ({ '@id': name.includes(':') ? name : `myno:${name}` });

/** An operation with the functionality and command that name it. */
export function operation(name: string, more: Node = {}): Node[] {
  return [
    { ...id(name), '@type': 'onem2m:ControllingFunctionality', 'onem2m:hasCommand': id(`cmd-${name}`) },
    {
      ...id(`op-${name}`),
      '@type': 'onem2m:Operation',
      'onem2m:exposesCommand': id(`cmd-${name}`),
      'myno:mqttMethod': name,
      'myno:mqttTopic': `t/${name}`,
      ...more,
    },
  ];
}

/** A device with one service that offers all operations and data points among the nodes. */
export function describeDevice(nodes: readonly Node[], device: Node = {}): Node {
  const having = (type: string): Node[] =>
    nodes.filter((node) => [node['@type']].flat().includes(type)).map((node) => ({ '@id': node['@id'] }));
  return {
    '@context': context,
    '@graph': [
      {
        ...id('myDevice'),
        '@type': 'onem2m:Device',
        'onem2m:hasThingProperty': [id('deviceUuid'), id('deviceCategory')],
        'onem2m:hasService': id('service'),
        ...device,
      },
      { ...id('deviceUuid'), 'onem2m:hasValue': '%s' },
      { ...id('deviceCategory'), 'onem2m:hasValue': 'TEST' },
      {
        ...id('service'),
        '@type': 'onem2m:Service',
        'onem2m:hasOperation': having('onem2m:Operation'),
        'onem2m:hasOutputDataPoint': having('onem2m:OutputDataPoint'),
      },
      ...nodes,
    ],
  };
}

/** A device with one operation `call`, whose inputs are the nodes. */
export function withInputs(inputs: readonly Node[], more: readonly Node[] = []): Node {
  const references = inputs.map((input) => ({ '@id': input['@id'] }));
  return describeDevice([...operation('call', { 'onem2m:hasInput': references }), ...inputs, ...more]);
}

/** The module of a description, for the device that it names or any. */
export function moduleTextOf(description: DeviceDescription): string {
  const template = { digest: digest('0'.repeat(64)), description };
  const uuid = description.uuid === uuidPlaceholder ? deviceUuid('GOLDEN-1') : description.uuid;
  return printModule(moduleStatement(newModule(instantiate(template, uuid))));
}

/** Reads a description whose triples come in another order, with other labels of blank nodes. */
export async function readShuffled(document: Uint8Array, next: () => number): Promise<DeviceDescription> {
  tools ??= createRdfTools(defaultOntologiesDir);
  const known = await tools;
  const labels = new Map<string, string>();
  const relabelled = <T extends Term>(term: T): T => {
    if (term.termType !== 'BlankNode') return term;
    if (!labels.has(term.value)) labels.set(term.value, `n${next()}x${labels.size}`);
    return { ...term, value: labels.get(term.value) ?? '' };
  };
  const shuffling: RdfTools = {
    ...known,
    toTriples: async (...args) =>
      (await known.toTriples(...args))
        .map((triple) => ({ triple, key: next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ triple: { subject, predicate, object } }) => ({
          subject: relabelled(subject),
          predicate,
          object: relabelled(object),
        })),
  };
  return readDescription(document, shuffling, defaultConfig.registration);
}
