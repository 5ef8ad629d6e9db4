import { type Datatype, datatypes, type ScalarType } from '../base/description.ts';
import { compareDecimals, type Decimal, formatDecimal, parseDecimal } from './decimal.ts';
import { uuidPlaceholder } from './description-template.ts';
import { familyOf, integerRange, isInteger, isSafePattern, knownDatatype } from './facets.ts';
import { localName, show, type Term, xsdNamespace } from './rdf.ts';
import type { Report } from './report.ts';

/** The values of a restriction or data type, wherever the description holds them. */
export type Facet = (name: string) => readonly Term[];

const bounds = ['minInclusive', 'maxInclusive', 'minExclusive', 'maxExclusive'] as const;
type Bound = (typeof bounds)[number];

/**
 * The type of a field that is neither an enumeration nor a structure. Without a data type, bounds say
 * which number it is (their own XSD type, else `int`, `long` or `decimal` by their values), and without
 * those it is a string.
 */
export function scalarType(node: Term, facet: Facet, report: Report): ScalarType {
  const limits = readBounds(node, facet, report);
  const datatype = declared(node, facet, report) ?? inferred(facet, limits);
  const family = familyOf(datatype);
  if (family !== 'number') remarkUseless(node, facet, bounds, datatype, report);
  if (family !== 'string' && family !== 'binary')
    remarkUseless(node, facet, ['length', 'minLength', 'maxLength'], datatype, report);
  if (family !== 'string') remarkUseless(node, facet, ['pattern'], datatype, report);
  if (datatype !== 'decimal') remarkUseless(node, facet, ['fractionDigits'], datatype, report);
  return {
    kind: 'scalar',
    datatype,
    ...(family === 'number' ? numberFacets(node, datatype, limits, facet, report) : {}),
    ...(family === 'string' || family === 'binary' ? lengthFacets(node, facet, report) : {}),
    ...(family === 'string' ? patternFacet(node, facet, report) : {}),
  };
}

function declared(node: Term, facet: Facet, report: Report): Datatype | undefined {
  const [given, second] = facet('datatype');
  if (given === undefined) return undefined;
  const iri = given.value;
  if (second !== undefined)
    report.fault(
      node,
      'onem2m:hasDataType',
      `${show(given)} and ${show(second)}`,
      'one of them',
      'A value has one data type, wherever its thing properties say it.',
    );
  const known = iri.startsWith(xsdNamespace) ? knownDatatype(localName(iri), datatypes) : undefined;
  if (known !== undefined) return known;
  report.fault(
    node,
    'onem2m:hasDataType',
    show(given),
    datatypes.map((one) => `xsd:${one}`).join(', '),
    'The data type is not one that the bridge knows.',
  );
  return 'string';
}

function inferred(facet: Facet, limits: ReadonlyMap<Bound, Decimal>): Datatype {
  if (limits.size === 0) return 'string';
  for (const term of bounds.flatMap((bound) => facet(bound))) {
    const own = term.termType === 'Literal' ? localName(term.datatype) : '';
    const datatype = datatypes.find((one) => one === own);
    if (datatype !== undefined && familyOf(datatype) === 'number' && datatype !== 'double') return datatype;
  }
  const values = [...limits.values()];
  if (values.some(({ scale }) => scale > 0)) return 'decimal';
  return values.every((value) => within(value, 'int')) ? 'int' : 'long';
}

function within(value: Decimal, datatype: Datatype): boolean {
  const range = integerRange(datatype);
  if (range === undefined) return true;
  return compareDecimals(value, range[0]) >= 0 && compareDecimals(value, range[1]) <= 0;
}

function readBounds(node: Term, facet: Facet, report: Report): ReadonlyMap<Bound, Decimal> {
  const limits = new Map<Bound, Decimal>();
  for (const bound of bounds) {
    const [term, second] = facet(bound);
    if (term === undefined) continue;
    const value = parseDecimal(term.value);
    if (value === undefined || second !== undefined)
      report.fault(
        node,
        restriction(bound),
        JSON.stringify(term.value),
        'one number',
        'A bound is one number.',
      );
    else limits.set(bound, value);
  }
  return limits;
}

type NumberFacets = Pick<ScalarType, Bound | 'fractionDigits'>;

function numberFacets(
  node: Term,
  datatype: Datatype,
  limits: ReadonlyMap<Bound, Decimal>,
  facet: Facet,
  report: Report,
): NumberFacets {
  const digits = facet('fractionDigits')[0]?.value;
  const places = isInteger(datatype) ? 0 : digits === undefined ? 18 : Number(digits);
  for (const [bound, value] of limits)
    if (value.scale > places || !within(value, datatype))
      report.fault(
        node,
        restriction(bound),
        formatDecimal(value),
        `a value of xsd:${datatype}${places > 0 ? ` with at most ${places} fraction digits` : ''}`,
        'A bound is a value of the type that it restricts.',
      );
  if (isEmpty(limits))
    report.fault(
      node,
      restriction('minInclusive'),
      [...limits].map(([bound, value]) => `${bound} ${formatDecimal(value)}`).join(', '),
      'a smaller bound below, or a larger one above',
      'No value lies between the bounds.',
    );
  const facets = Object.fromEntries([...limits].map(([bound, value]) => [bound, formatDecimal(value)]));
  return datatype === 'decimal' && digits !== undefined ? { ...facets, fractionDigits: places } : facets;
}

function isEmpty(limits: ReadonlyMap<Bound, Decimal>): boolean {
  const pairs: readonly (readonly [Bound, Bound, number])[] = [
    ['minInclusive', 'maxInclusive', 0],
    ['minInclusive', 'maxExclusive', -1],
    ['minExclusive', 'maxInclusive', -1],
    ['minExclusive', 'maxExclusive', -1],
  ];
  return pairs.some(([low, high, most]) => {
    const [lower, upper] = [limits.get(low), limits.get(high)];
    return lower !== undefined && upper !== undefined && compareDecimals(lower, upper) > most;
  });
}

function lengthFacets(node: Term, facet: Facet, report: Report): Pick<ScalarType, 'minLength' | 'maxLength'> {
  const exact = length(node, 'length', facet, report);
  const minLength = exact ?? length(node, 'minLength', facet, report);
  const maxLength = exact ?? length(node, 'maxLength', facet, report);
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength)
    report.fault(
      node,
      restriction('minLength'),
      String(minLength),
      `at most ${maxLength}`,
      'No length is left.',
    );
  return {
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
  };
}

function length(node: Term, name: string, facet: Facet, report: Report): number | undefined {
  const [given, second] = facet(name);
  if (given === undefined) return undefined;
  if (second === undefined && /^(?:0|[1-9][0-9]{0,8})$/.test(given.value)) return Number(given.value);
  report.fault(
    node,
    restriction(name),
    JSON.stringify(given.value),
    'one whole number',
    'A length is one whole number.',
  );
  return undefined;
}

function patternFacet(node: Term, facet: Facet, report: Report): Pick<ScalarType, 'patterns'> {
  const patterns = facet('pattern').map(({ value }) => value);
  if (patterns.some((pattern) => /^\^|(?<!\\)(?:\\\\)*\$$/.test(pattern)))
    report.remark(
      `${show(node)} ${restriction('pattern')}: it matches whole values anyway, and "^" and "$" are characters like others there; leave them out.`,
    );
  for (const pattern of patterns)
    if (!isSafePattern(pattern) || pattern.includes(uuidPlaceholder))
      report.fault(
        node,
        restriction('pattern'),
        JSON.stringify(pattern),
        'a regular expression of at most 200 characters without repetitions inside a repetition and without the UUID',
        'The pattern cannot be used to check values.',
      );
  return patterns.length > 0 ? { patterns } : {};
}

function remarkUseless(
  node: Term,
  facet: Facet,
  names: readonly string[],
  datatype: Datatype,
  report: Report,
): void {
  for (const name of names)
    if (facet(name).length > 0)
      report.remark(`${localName(node.value)} ${restriction(name)}: it does not apply to xsd:${datatype}.`);
}

function restriction(name: string): string {
  return name === 'fractionDigits' ? 'mup:fractionDigits' : `onem2m:hasDataRestriction_${name}`;
}
