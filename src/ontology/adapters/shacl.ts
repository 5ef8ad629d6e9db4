import { Validator } from 'shacl-engine';
import type { Finding } from '../description-error.ts';
import { compareTexts, localName, rdfNamespace, show, type Term } from '../rdf.ts';
import type { ShapeReport } from '../reading.ts';
import { type TripleStore, termFactory } from './n3.ts';

type Results = Awaited<ReturnType<Validator['validate']>>['results'];
type Result = Results[number];

/** What an author may copy stands on a shape as this (SKOS). */
const exampleIri = 'http://www.w3.org/2004/02/skos/core#example';
const skosExample = termFactory.namedNode(exampleIri);
const shacl = 'http://www.w3.org/ns/shacl#';
const shaclPath = termFactory.namedNode(`${shacl}path`);
const rdfType = termFactory.namedNode(`${rdfNamespace}type`);

/** The example of each property that the shapes have one for; the first in the order of texts. */
export function examplesOf(shapes: TripleStore): ReadonlyMap<string, string> {
  const examples = shapes
    .getQuads(null, skosExample, null, null)
    .flatMap(({ subject, object }) =>
      shapes.getObjects(subject, shaclPath, null).map((path) => [showTerm(path), object.value] as const),
    );
  return new Map(examples.sort((a, b) => compareTexts(b.join(' '), a.join(' '))));
}

/** Checks a graph. @param predicates those that the graph has */
export type ShapeCheck = (data: TripleStore, predicates: ReadonlySet<string>) => Promise<ShapeReport>;

/**
 * Checks graphs against SHACL shapes, which are compiled once. Those whose targets a graph cannot have are
 * left out, as each costs a look at all triples.
 */
export function createShapeCheck(shapes: TripleStore): ShapeCheck {
  const validator = new Validator(shapes, { factory: termFactory });
  const targets = targetsOf(shapes);
  return async (data, predicates) => {
    const wanted = targets.filter((target) => mayApply(target, data, predicates));
    const { results } = await validator.validate(
      { dataset: data },
      wanted.map(({ shape }) => ({ terms: [shape] })),
    );
    const isWarning = ({ severity }: Result): boolean => localName(severity.value) === 'Warning';
    return {
      violations: results.filter((result) => !isWarning(result)).map(finding),
      warnings: results.filter(isWarning).map(finding),
    };
  };
}

interface Target {
  readonly shape: ReturnType<TripleStore['getSubjects']>[number];
  readonly predicates: readonly string[];
  readonly classes: readonly string[];
  /** Whether it names individuals. */
  readonly isForNodes: boolean;
}

function targetsOf(shapes: TripleStore): readonly Target[] {
  const named = (shape: Target['shape'], ...terms: string[]): string[] =>
    terms.flatMap((term) =>
      shapes.getObjects(shape, termFactory.namedNode(shacl + term), null).map(({ value }) => value),
    );
  const subjects = new Map(shapes.getSubjects(null, null, null).map((shape) => [shape.value, shape]));
  return [...subjects.values()]
    .map((shape) => ({
      shape,
      predicates: named(shape, 'targetSubjectsOf', 'targetObjectsOf'),
      classes: named(shape, 'targetClass'),
      isForNodes: named(shape, 'targetNode').length > 0,
      isDeactivated: named(shape, 'deactivated').includes('true'),
    }))
    .filter(({ isDeactivated }) => !isDeactivated);
}

function mayApply(
  { predicates, classes, isForNodes }: Target,
  data: TripleStore,
  present: ReadonlySet<string>,
): boolean {
  return (
    isForNodes ||
    predicates.some((predicate) => present.has(predicate)) ||
    classes.some((one) => data.countQuads(null, rdfType, termFactory.namedNode(one), null) > 0)
  );
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
