/** A YANG statement (RFC 6020 §6.3): keyword, argument, substatements. */
export interface Statement {
  readonly keyword: string;
  readonly argument?: string;
  readonly substatements: readonly Statement[];
}

/** Builds a statement. Substatements that are `undefined` are left out. */
export function statement(
  keyword: string,
  argument?: string,
  substatements: readonly (Statement | undefined)[] = [],
): Statement {
  const kept = substatements.filter((sub) => sub !== undefined);
  return argument === undefined
    ? { keyword, substatements: kept }
    : { keyword, argument, substatements: kept };
}

/** The first substatement with that keyword. */
export function substatement(parent: Statement, keyword: string): Statement | undefined {
  return parent.substatements.find((sub) => sub.keyword === keyword);
}

/** All substatements with that keyword, in order. */
export function substatements(parent: Statement, keyword: string): Statement[] {
  return parent.substatements.filter((sub) => sub.keyword === keyword);
}
