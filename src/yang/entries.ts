import { type Statement, substatement } from './statement.ts';
import { wrongStatement } from './wrong-statement.ts';

/** Names of a list's keys, in order (RFC 6020 §7.8.2). */
export function keysOf(list: Statement): string[] {
  const keys = substatement(list, 'key')?.argument?.split(/\s+/) ?? [];
  return keys.filter((key) => key !== '');
}

/** How many entries of a list or leaf-list there may be, and who orders them. @throws PeerError `bad-yang` */
export function entryProperties(statement: Statement) {
  const count = (keyword: string): number | undefined => {
    const argument = substatement(statement, keyword)?.argument;
    return argument === undefined || argument === 'unbounded' ? undefined : elementCount(statement, argument);
  };
  const [minElements, maxElements] = [count('min-elements'), count('max-elements')];
  return {
    ...(minElements === undefined || minElements === 0 ? {} : { minElements }),
    ...(maxElements === undefined ? {} : { maxElements }),
    ...(substatement(statement, 'ordered-by')?.argument === 'user' ? ({ orderedBy: 'user' } as const) : {}),
  };
}

function elementCount(statement: Statement, argument: string): number {
  if (!/^[0-9]{1,9}$/.test(argument))
    throw wrongStatement(statement, 'min-elements and max-elements are numbers');
  return Number(argument);
}
