import type { Operation } from '../base/description.ts';
import { leaves } from '../base/leaves.ts';
import type { RandomBytes } from '../base/random.ts';
import { stateOf } from './fields.ts';
import type { Answer } from './rpc-server.ts';
import { sampleValue } from './sample-value.ts';

/**
 * What a generic operation does: its answer, or the parts of it that are not the default. The default
 * state is the operation's way to say 10_OK, the default outputs are plausible values.
 */
export type Behaviour = (operation: Operation, inputs: readonly string[]) => Partial<Answer> | undefined;

/** The complete answer of a generic operation. @param now milliseconds since the epoch */
export function answerOf(
  operation: Operation,
  chosen: Partial<Answer> | undefined,
  random: RandomBytes,
  now: number,
): Answer {
  return {
    state: chosen?.state ?? stateOf(operation, '10_OK'),
    outputs:
      chosen?.outputs ??
      leaves(operation.outputs).map((leaf) => sampleValue(leaf, (random(1)[0] ?? 0) / 256, now)),
  };
}
