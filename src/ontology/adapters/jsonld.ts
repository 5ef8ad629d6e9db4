import jsonld from 'jsonld';
import { errorMessage } from '../../base/errors.ts';
import { clip, DescriptionError } from '../description-error.ts';
import type { JsonContext } from '../json-context.ts';
import type { JsonDocument } from '../json-document.ts';
import type { BlankNode, NamedNode, Term, Triple } from '../rdf.ts';

/** What jsonld yields: RDF/JS-like terms, blank nodes with `_:` in their value. */
interface JsonldTerm {
  readonly termType: string;
  readonly value: string;
  readonly datatype?: { readonly value: string };
  readonly language?: string;
}
interface JsonldQuad {
  readonly subject: JsonldTerm;
  readonly predicate: JsonldTerm;
  readonly object: JsonldTerm;
}

/** An event of jsonld: something it drops without an error. */
interface JsonldEvent {
  readonly event: {
    readonly code: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

/** Events that drop something an author has written, with the detail that names it. */
const losses: Readonly<Record<string, string>> = {
  'invalid property': 'property',
  'relative @id reference': 'id',
  'relative @type reference': 'type',
  'relative subject reference': 'subject',
  'relative predicate reference': 'predicate',
  'relative object reference': 'object',
  'relative property reference': 'property',
  'reserved term': 'term',
  'reserved @id value': 'id',
  'free-floating scalar': 'value',
};

type RemoteDocument = Awaited<ReturnType<NonNullable<jsonld.Options.DocLoader['documentLoader']>>>;

/** Fetches nothing: `json-document.ts` has refused what would need it, and this is the second lock. */
function loaderOf(contexts: ReadonlyMap<string, JsonContext>): (url: string) => Promise<RemoteDocument> {
  return async (url) => {
    const document = contexts.get(url);
    if (document !== undefined) return { document: document as RemoteDocument['document'], documentUrl: url };
    throw new DescriptionError('description-malformed', `the description refers to the context ${clip(url)}`);
  };
}

/**
 * A JSON-LD document as triples. What JSON-LD drops in silence (terms that the context does not define)
 * is a remark rather than a refusal: descriptions in the field have some, and mean nothing by them.
 * @param contexts what stands for contexts of the web, by URL
 * @throws DescriptionError `description-malformed`
 */
export async function toTriples(
  document: JsonDocument,
  contexts: ReadonlyMap<string, JsonContext>,
  remark: (text: string) => void,
): Promise<readonly Triple[]> {
  const options = {
    documentLoader: loaderOf(contexts),
    eventHandler: ({ event }: JsonldEvent) => {
      const detail = losses[event.code];
      if (detail !== undefined)
        remark(
          `${clip(String(event.details[detail]))}: not used (${event.code}); is it missing in the @context?`,
        );
    },
  };
  try {
    const quads: unknown = await jsonld.toRDF(document as jsonld.JsonLdDocument, options);
    return (quads as readonly JsonldQuad[]).map(triple);
  } catch (error) {
    if (error instanceof DescriptionError) throw error;
    throw new DescriptionError(
      'description-malformed',
      `the description is not JSON-LD: ${clip(errorMessage(error))}`,
    );
  }
}

/** A description in the two other forms of JSON-LD that a device may send. */
export interface JsonLdForms {
  readonly expanded: unknown;
  readonly compacted: unknown;
}

/**
 * Writes a document that was read already in its expanded and its compacted form (JSON-LD 1.1 §5.1, §5.2).
 * @param contextOf the prefixes to compact with, chosen by what the document names
 */
export async function jsonLdForms(
  document: JsonDocument,
  contexts: ReadonlyMap<string, JsonContext>,
  contextOf: (expanded: unknown) => Readonly<Record<string, string>>,
): Promise<JsonLdForms> {
  const documentLoader = loaderOf(contexts);
  const expanded = await jsonld.expand(document as jsonld.JsonLdDocument, { documentLoader });
  return { expanded, compacted: await jsonld.compact(expanded, contextOf(expanded), { documentLoader }) };
}

function triple({ subject, predicate, object }: JsonldQuad): Triple {
  return {
    subject: node(subject),
    predicate: { termType: 'NamedNode', value: predicate.value },
    object: term(object),
  };
}

function node({ termType, value }: JsonldTerm): NamedNode | BlankNode {
  if (termType === 'BlankNode') return { termType, value: value.replace(/^_:/, '') };
  return { termType: 'NamedNode', value };
}

function term(from: JsonldTerm): Term {
  if (from.termType !== 'Literal') return node(from);
  return {
    termType: 'Literal',
    value: from.value,
    datatype: from.datatype?.value ?? '',
    language: from.language ?? '',
  };
}
