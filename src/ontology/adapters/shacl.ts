import { Validator } from 'shacl-engine';
import type { Finding } from '../description-error.ts';
import { compareTexts, localName, show, type Term } from '../rdf.ts';
import type { ShapeReport } from '../reading.ts';
import { type TripleStore, termFactory } from './n3.ts';

type Results = Awaited<ReturnType<Validator['validate']>>['results'];
type Result = Results[number];

/** What an author may copy stands on a shape as this (SKOS). */
const exampleIri = 'http://www.w3.org/2004/02/skos/core#example';
const skosExample = termFactory.namedNode(exampleIri);
const shaclPath = termFactory.namedNode('http://www.w3.org/ns/shacl#path');

/** The example of each property that the shapes have one for; the first in the order of texts. */
export function examplesOf(shapes: TripleStore): ReadonlyMap<string, string> {
  const examples = shapes
    .getQuads(null, skosExample, null, null)
    .flatMap(({ subject, object }) =>
      shapes.getObjects(subject, shaclPath, null).map((path) => [showTerm(path), object.value] as const),
    );
  return new Map(examples.sort((a, b) => compareTexts(b.join(' '), a.join(' '))));
}

/** Checks graphs against SHACL shapes, which are compiled once. */
export function createShapeCheck(shapes: TripleStore): (data: TripleStore) => Promise<ShapeReport> {
  const validator = new Validator(shapes, { factory: termFactory });
  return async (data) => {
    const { results } = await validator.validate({ dataset: data });
    const isWarning = ({ severity }: Result): boolean => localName(severity.value) === 'Warning';
    return {
      violations: results.filter((result) => !isWarning(result)).map(finding),
      warnings: results.filter(isWarning).map(finding),
    };
  };
}

function finding(result: Result): Finding {
  const { focusNode, path, value, message } = result;
  return {
    node: showTerm(focusNode.term),
    path: (path ?? []).map(({ predicates }) => predicates.map(showTerm).join('|')).join(' / '),
    found: value === undefined ? foundCount(result) : showTerm(value.term),
    expected: expectation(result),
    message: message[0]?.value ?? '',
    example: result.shape.ptr.out([skosExample]).terms[0]?.value ?? '',
  };
}

function showTerm(term: Result['focusNode']['term']): string {
  if (term === undefined) return 'nothing';
  const { termType, value } = term;
  if (termType !== 'NamedNode' && termType !== 'BlankNode') return JSON.stringify(value);
  return show({ termType, value } satisfies Term);
}

function foundCount({ constraintComponent }: Result): string {
  return localName(constraintComponent.value).startsWith('MaxCount')
    ? 'more than one value'
    : 'nothing that fits';
}

/** What the broken constraint asks for, in words. */
function expectation({ constraintComponent, args }: Result): string {
  const component = localName(constraintComponent.value).replace(/ConstraintComponent$/, '');
  switch (component) {
    case 'MinCount':
      return `at least ${args['minCount']}`;
    case 'MaxCount':
      return `at most ${args['maxCount']}`;
    case 'Pattern':
      return `text that matches ${args['pattern']}`;
    case 'MaxLength':
      return `at most ${args['maxLength']} characters`;
    case 'HasValue':
      return showTerm(args['hasValue'] as Result['focusNode']['term']);
    case 'In':
      return 'one of the values that the vocabulary knows';
    case 'NodeKind':
      return 'another kind of value (an @id, or a text)';
    default:
      return component;
  }
}
