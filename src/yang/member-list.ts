import { failureName, memberName, memberStates, retvalName } from './identifiers.ts';
import { type Statement, statement } from './statement.ts';

/** Parts of the modules of virtual devices, whose answers and measurements are those of their members. */

function described(text: string): Statement {
  return statement('description', text);
}

function text(name: string, description: string): Statement {
  return statement('leaf', name, [statement('type', 'string'), described(description)]);
}

/** A list with an entry for each member of a virtual device. */
export function memberList(description: string, nodes: readonly Statement[]): Statement {
  return statement('list', memberName, [
    statement('key', 'uuid'),
    described(description),
    statement('leaf', 'uuid', [statement('type', 'device-id'), described('The id of the member.')]),
    ...nodes,
  ]);
}

/** Whether all members did what was asked of them; if none did, there is an rpc-error instead. */
export const overallState = statement('leaf', retvalName, [
  statement('type', 'enumeration', [
    statement('enum', memberStates.all, [described('All members did it.')]),
    statement('enum', memberStates.some, [described('Some members did it, and others failed.')]),
  ]),
  described('Whether all members did it.'),
]);

/** Why a member did not do it, in the terms of the rpc-error that it would have been by itself. */
export const failure = statement('container', failureName, [
  described('Why the member did not do it; absent if it did.'),
  text('error-tag', 'The error-tag that a call of the member itself would have.'),
  text('error-app-tag', 'The error-app-tag that a call of the member itself would have.'),
  text('error-message', 'What happened, for people.'),
]);
