import type { YangType } from './schema.ts';
import type { Scope } from './scope.ts';
import { type Statement, substatement } from './statement.ts';
import { type ResolvedType, resolveType } from './types.ts';
import { checkValue, ValueError } from './value-check.ts';
import { wrongStatement } from './wrong-statement.ts';

/**
 * The type of a leaf or leaf-list (RFC 6020 §7.4).
 * @param isConfig then references are refused: nobody would look whether their targets are there
 * @throws PeerError `bad-yang`
 */
export function typeOf(statement: Statement, scope: Scope, isConfig: boolean): ResolvedType {
  const type = substatement(statement, 'type');
  if (type === undefined) throw wrongStatement(statement, 'it has no type');
  const resolved = resolveType(type, scope);
  if (isConfig && resolved.refers)
    throw wrongStatement(statement, 'a reference to nodes or identities is not supported as configuration');
  return resolved;
}

/** A leaf's type, default and whether it has to be there; all but its name and where it stands. */
export function leafParts(leaf: Statement, scope: Scope, isConfig: boolean) {
  const { type, default: inherited } = typeOf(leaf, scope, isConfig);
  const mandatory = isMandatory(leaf);
  const given = substatement(leaf, 'default')?.argument ?? (mandatory ? undefined : inherited);
  const parts = { kind: 'leaf', type, mandatory } as const;
  return given === undefined ? parts : { ...parts, default: canonicalDefault(leaf, type, given) };
}

/** `mandatory` of a leaf or choice (RFC 6020 §7.6.5, §7.9.4). */
export function isMandatory(statement: Statement): boolean {
  return substatement(statement, 'mandatory')?.argument === 'true';
}

function canonicalDefault(leaf: Statement, type: YangType, text: string): string {
  try {
    return checkValue(type, 'ranges' in type && type.base !== 'decimal64' ? decimalInteger(text) : text);
  } catch (error) {
    if (error instanceof ValueError) throw wrongStatement(leaf, `its default ${error.message}`);
    throw error;
  }
}

/** RFC 6020 §9.2.1: a default may be hexadecimal or octal. */
function decimalInteger(text: string): string {
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]{1,16})|0([0-7]{1,22}))$/.exec(text);
  if (match === null) return text;
  const [, sign, hex, octal] = match;
  return `${sign}${BigInt(hex === undefined ? `0o${octal}` : `0x${hex}`)}`;
}
