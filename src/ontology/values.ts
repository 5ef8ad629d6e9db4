import { datatypes, type EnumerationType, type EnumValue } from '../base/description.ts';
import { type Assembly, leadingNumber } from './assembly.ts';
import { acceptsDefault } from './default-value.ts';
import { familyOf, knownDatatype } from './facets.ts';
import { localName, show, type Term, xsdNamespace } from './rdf.ts';
import { writtenValue } from './written-value.ts';

/**
 * The closed set of values that a node's patterns make: of an operation's state always, of a field when
 * there are several or they stand in a `@list`. Their texts stand as patterns on its YangDescription.
 */
export function enumValues(node: Term, assembly: Assembly): readonly EnumValue[] {
  const holder = assembly.holder(node, 'pattern');
  const names = assembly.valuesInOrder(holder, assembly.facet(node)('pattern'));
  for (const term of names) checkValue(node, writtenValue(term), assembly);
  const texts = valueTexts(node, holder, names, assembly);
  return names.map((term, i) => {
    const text = texts[i];
    return text === undefined || text === ''
      ? { name: writtenValue(term) }
      : { name: writtenValue(term), text };
  });
}

/** The data type of an enumeration whose values are numbers or booleans, not texts. */
export function enumDatatype(
  declared: Term | undefined,
  values: readonly EnumValue[],
): Pick<EnumerationType, 'datatype'> {
  const datatype = declared?.value.startsWith(xsdNamespace)
    ? knownDatatype(localName(declared.value), datatypes)
    : undefined;
  if (datatype === undefined || ['string', 'binary'].includes(familyOf(datatype))) return {};
  const fits = values.every(({ name }) => acceptsDefault({ kind: 'scalar', datatype }, name));
  return fits ? { datatype } : {};
}

/**
 * What the values mean. RDF has no order, so a text finds its value by the number both begin with
 * (`10_OK` and `10 successful`), or by its place when both stand in a `@list`; else nobody can tell and
 * there is none.
 */
function valueTexts(
  node: Term,
  holder: Term,
  names: readonly Term[],
  assembly: Assembly,
): readonly (string | undefined)[] {
  const { texts, types } = assembly.facts;
  const explained = [node, holder].flatMap((one) => texts.all(one, 'property'));
  const owner = explained.find((property) => types.all(property, 'pattern').length > 0);
  if (owner === undefined) return [];
  const explanations = assembly.valuesInOrder(owner, types.all(owner, 'pattern'));
  if (assembly.isListed(holder, names) && assembly.isListed(owner, explanations)) {
    if (names.length === explanations.length) return explanations.map(({ value }) => value.trim());
    assembly.report.remark(
      `${show(owner)}: ${explanations.length} texts for ${names.length} values are not used.`,
    );
    return [];
  }
  const byNumber = new Map(explanations.map(({ value }) => [leadingNumber(value), value]));
  const found = names.map(({ value }) => textOf(byNumber, leadingNumber(value)));
  if (found.every((text) => text === undefined))
    assembly.report.remark(
      `${show(owner)}: which value these texts belong to cannot be told; put both into a @list or number them.`,
    );
  return found;
}

function textOf(
  byNumber: ReadonlyMap<string | undefined, string>,
  number: string | undefined,
): string | undefined {
  if (number === undefined) return undefined;
  return byNumber
    .get(number)
    ?.slice(number.length)
    .replace(/^[\s_:.-]+/, '')
    .trim();
}

/** An enumeration's names: RFC 6020 §9.6.4 wants them not empty and without white space around them. */
function checkValue(node: Term, value: string, { report }: Assembly): void {
  const isName = value !== '' && value.length <= 128 && value === value.trim();
  if (isName && !/[\p{C}\p{Zl}\p{Zp}]|%s/u.test(value)) return;
  report.fault(
    node,
    'onem2m:hasDataRestriction_pattern',
    JSON.stringify(value),
    '1 to 128 characters without white space around them, control characters and the UUID',
    'One of the values cannot be a name in the YANG module.',
  );
}
