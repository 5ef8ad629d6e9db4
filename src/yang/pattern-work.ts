import type { DataPoint, Field, Operation } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { leaves } from '../base/leaves.ts';
import { compilePattern } from './pattern.ts';

/**
 * What all patterns of a module may cost when it is made: parts of each, once and for every character of a default that
 * it is matched with; some tens of milliseconds. Each by itself is bounded, but a description holds hundreds.
 */
const maxPatternWork = 1_000_000;

/**
 * Refuses a module whose patterns would hold up the bridge.
 * @throws PeerError `too-big`; `bad-pattern` is left to who knows the place of the pattern
 */
export function refuseCostlyPatterns(
  operations: readonly Pick<Operation, 'inputs' | 'outputs'>[],
  dataPoints: readonly Pick<DataPoint, 'name' | 'type'>[],
): void {
  const fields = [
    ...operations.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
    ...dataPoints.map(({ name, type }): Field => ({ name, type, mandatory: true })),
  ];
  let work = 0;
  for (const { type, default: given = '' } of leaves(fields)) {
    if (type.kind !== 'scalar') continue;
    for (const pattern of type.patterns ?? []) work += partsOf(pattern) * (1 + given.length);
    if (work > maxPatternWork)
      throw new PeerError('too-big', 'the patterns of all its values together cost too much work', {
        hint: 'Write patterns with smaller repetitions, or bound the length with xsd:maxLength.',
      });
  }
}

function partsOf(pattern: string): number {
  try {
    return compilePattern(pattern).parts;
  } catch (error) {
    if (error instanceof PeerError) return 0;
    throw error;
  }
}
