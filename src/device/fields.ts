import type { EnumValue, Operation } from '../base/description.ts';
import type { DeviceStateName } from '../mup/states.ts';

/**
 * How an operation spells a state of mup-protocol §3: as its description lists it, by the whole name, by
 * the code in front (`10_OK`, `10 successful`) or by what follows the code (`OK`); else as the protocol.
 */
export function stateOf(operation: Operation, state: DeviceStateName): string {
  const [code = '', word = ''] = splitState(state);
  const spellings: readonly ((listed: EnumValue) => boolean)[] = [
    ({ name }) => name === state,
    ({ name }) => /^\d+/.exec(name)?.[0] === code,
    ({ name }) => name.toUpperCase() === word,
  ];
  for (const matches of spellings) {
    const listed = operation.states.find(matches);
    if (listed !== undefined) return listed.name;
  }
  return state;
}

function splitState(state: DeviceStateName): [code: string, word: string] {
  const underscore = state.indexOf('_');
  return [state.slice(0, underscore), state.slice(underscore + 1)];
}
