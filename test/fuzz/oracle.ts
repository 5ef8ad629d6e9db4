import { isDeepStrictEqual } from 'node:util';
import { errorCode, errorMessage, InternalError, MupError } from '../../src/base/errors.ts';

/** The decoder broke its contract. */
export class Broken extends Error {}

/** Fails the run unless something holds. */
export function hold(holds: boolean, rule: string): void {
  if (!holds) throw new Broken(rule);
}

/** Fails the run unless two values are the same. */
export function same(found: unknown, expected: unknown, rule: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Broken(`${rule}: ${shown(found)} is not ${shown(expected)}`);
}

function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? 'undefined'
  ).slice(0, 300);
}

/** Characters of an error's message: it goes into logs and replies, and must not carry the input along. */
const longestMessage = 2000;

/**
 * What a decoder returned; `undefined` where it refused the input with one of its own errors.
 * @param codes those of the errors that it says it throws
 * @throws Broken for any other error
 */
export function decoded<T>(codes: readonly string[], decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    checkRefusal(codes, error);
    return undefined;
  }
}

/** As {@link decoded}, for what answers later. */
export async function decodedLater<T>(
  codes: readonly string[],
  decode: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await decode();
  } catch (error) {
    checkRefusal(codes, error);
    return undefined;
  }
}

function checkRefusal(codes: readonly string[], error: unknown): void {
  const named = error instanceof MupError && !(error instanceof InternalError);
  if (!named || !codes.includes(errorCode(error) ?? ''))
    throw new Broken(`threw ${errorCode(error) ?? 'an error without code'}: ${errorMessage(error)}`, {
      cause: error,
    });
  hold(error.message.length <= longestMessage, `its message has ${error.message.length} characters`);
}

/**
 * Fails the run when a value holds much more than what it was read from.
 * @param factor octets of value for one of input
 */
export function bounded(value: unknown, input: Uint8Array, factor: number, spare = 4096): void {
  const most = factor * input.length + spare;
  const size = sizeOf(value);
  hold(size <= most, `an input of ${input.length} octets became a value of about ${size}`);
}

/** About how many octets a value holds: its texts and bytes, and eight for each thing in it. */
function sizeOf(value: unknown): number {
  let size = 0;
  const stack: unknown[] = [value];
  const seen = new Set<object>();
  while (stack.length > 0) {
    const next = stack.pop();
    size += 8;
    if (typeof next === 'string') size += next.length;
    else if (next instanceof Uint8Array) size += next.length;
    else if (typeof next === 'object' && next !== null && !seen.has(next)) {
      seen.add(next);
      if (next instanceof Map) for (const pair of next) stack.push(...pair);
      else if (Array.isArray(next)) stack.push(...next);
      else stack.push(...Object.keys(next), ...Object.values(next));
    }
  }
  return size;
}
