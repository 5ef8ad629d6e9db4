import type { DefaultAccess } from './schema.ts';
import type { Scope } from './scope.ts';
import type { Statement } from './statement.ts';

/** What RFC 8341 §3.2.1 lets a definition say, whatever prefix the module gives ietf-netconf-acm. */
export function defaultAccess(statement: Statement, scope: Scope): DefaultAccess | undefined {
  const said = (name: string): boolean =>
    statement.substatements.some(({ keyword }) => {
      if (!keyword.endsWith(name)) return false;
      const [prefix = '', local] = keyword.split(':');
      return local === name && scope.moduleOf(prefix) === 'ietf-netconf-acm';
    });
  if (said('default-deny-all')) return 'deny-all';
  return said('default-deny-write') ? 'deny-write' : undefined;
}
