import { PeerError } from '../base/errors.ts';
import type { Statement } from './statement.ts';

/** A statement that breaks a rule of YANG, or that needs what is not supported here. */
export function wrongStatement(statement: Statement, reason: string): PeerError {
  return new PeerError(
    'bad-yang',
    `The ${statement.keyword} "${statement.argument ?? ''}" is wrong: ${reason}`,
  );
}
