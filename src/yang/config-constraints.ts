import type { Statement } from './statement.ts';
import { wrongStatement } from './wrong-statement.ts';

/** Statements of RFC 6020 §7.5.3, §7.8.3, §7.19.5 that need what only a whole datastore can tell. */
const constraints = new Set(['must', 'when', 'unique']);

/**
 * Refuses what a definition demands of configuration and nobody here would enforce.
 * @throws PeerError `bad-yang`
 */
export function refuseConstraints(statement: Statement): void {
  const found = statement.substatements.find(({ keyword }) => constraints.has(keyword));
  if (found !== undefined)
    throw wrongStatement(statement, `"${found.keyword}" on configuration is not supported`);
}

/**
 * Refuses configuration that has no schema (RFC 6020 §7.10, RFC 7950 §7.10), unless it says that it is state.
 * @throws PeerError `bad-yang`
 */
export function refuseUnknowable(statement: Statement): void {
  const { keyword, substatements } = statement;
  if (keyword !== 'anyxml' && keyword !== 'anydata') return;
  if (substatements.some((sub) => sub.keyword === 'config' && sub.argument === 'false')) return;
  throw wrongStatement(statement, 'it is not supported as configuration');
}
