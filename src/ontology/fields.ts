import { type Field, type FieldRole, fieldRoles, type ValueType } from '../base/description.ts';
import type { Assembly } from './assembly.ts';
import { acceptsDefault } from './default-value.ts';
import { uuidPlaceholder } from './description-template.ts';
import { checkNames, fieldNames } from './names.ts';
import { localName, show, type Term, termKey } from './rdf.ts';
import { scalarType } from './scalar-type.ts';
import { enumDatatype, enumValues } from './values.ts';
import { writtenValue } from './written-value.ts';

const maxStructureDepth = 8;

/**
 * Inputs, outputs or parts in the order of the module.
 * @param owner what they belong to
 * @param reserved names that the module gives to leaves of its own
 */
export function assembleFields(
  owner: Term,
  nodes: readonly Term[],
  reserved: readonly string[],
  assembly: Assembly,
  ancestors: readonly string[] = [],
): readonly Field[] {
  const ordered = assembly.inOrder(owner, nodes);
  const names = fieldNames(ordered);
  checkNames(ordered, names, reserved, assembly.report);
  return ordered.flatMap((node, i) => {
    assembly.fieldsLeft -= 1;
    if (assembly.fieldsLeft >= 0) return [assembleField(node, names[i] ?? '', assembly, ancestors)];
    assembly.report.fault(
      'the document',
      '',
      'more than 8192 fields',
      'at most 8192',
      'All operations together have too many inputs, outputs and parts.',
    );
    return [];
  });
}

function assembleField(node: Term, name: string, assembly: Assembly, ancestors: readonly string[]): Field {
  const { fields } = assembly.facts;
  const type = valueType(node, assembly, ancestors);
  const given = defaultValue(node, type, assembly);
  const role = roleOf(fields.text(node, 'role'));
  const pointer = fields.text(node, 'pointer');
  return {
    name,
    ...assembly.text(node),
    type,
    mandatory: fields.text(node, 'optional') !== 'true' && given === undefined,
    ...assembly.units(node),
    ...(given === undefined ? {} : { default: given }),
    ...(role === undefined ? {} : { role }),
    ...(pointer === undefined ? {} : { pointer }),
  };
}

/** Structure, else enumeration, else scalar. One pattern outside a `@list` is a regular expression. */
export function valueType(node: Term, assembly: Assembly, ancestors: readonly string[] = []): ValueType {
  const { fields } = assembly.facts;
  const parts = [node, ...fields.all(node, 'property')].flatMap((one) => fields.all(one, 'part'));
  if (parts.length > 0) return structureType(node, parts, assembly, ancestors);
  const facet = assembly.facet(node);
  const patterns = facet('pattern');
  const listed = assembly.isListed(assembly.holder(node, 'pattern'), patterns);
  if (patterns.length > 1 || listed) {
    const values = enumValues(node, assembly);
    return { kind: 'enumeration', ...enumDatatype(facet('datatype')[0], values), values };
  }
  return scalarType(node, facet, assembly.report);
}

function structureType(
  node: Term,
  parts: readonly Term[],
  assembly: Assembly,
  ancestors: readonly string[],
): ValueType {
  const above = [...ancestors, termKey(node)];
  if (above.length <= maxStructureDepth && !parts.some((part) => above.includes(termKey(part)))) {
    const holder = assembly.facts.fields.all(node, 'part').length > 0 ? node : undefined;
    const owner = holder ?? assembly.facts.fields.one(node, 'property') ?? node;
    return { kind: 'structure', fields: assembleFields(owner, parts, [], assembly, above) };
  }
  assembly.report.fault(
    node,
    'onem2m:hasSubStructure',
    'itself among its parts, or more than 8 levels',
    'a structure that ends',
    'A structure cannot hold itself.',
  );
  return { kind: 'structure', fields: [] };
}

function defaultValue(node: Term, type: ValueType, { facts, report }: Assembly): string | undefined {
  const term = facts.fields.one(node, 'default');
  if (term === undefined) return undefined;
  const given = writtenValue(term);
  if (acceptsDefault(type, given) && !given.includes(uuidPlaceholder)) return given;
  report.fault(
    node,
    'mup:default',
    JSON.stringify(given),
    type.kind === 'structure' ? 'no default' : `a value of ${show(node)}`,
    'The default is not a value of its own type, or the type (structures, dates) takes none.',
  );
  return undefined;
}

/** `mup:AppId` is the role `appId`. */
function roleOf(iri: string | undefined): FieldRole | undefined {
  const name = iri === undefined ? '' : localName(iri);
  return fieldRoles.find((role) => role === name.charAt(0).toLowerCase() + name.slice(1));
}
