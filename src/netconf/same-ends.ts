/**
 * Two lists of siblings without what is the same element at both ends: what an edit did not touch, which may be
 * thousands of entries. What is the same in between stays.
 */
export function withoutSameEnds<T>(
  before: readonly T[],
  after: readonly T[],
): readonly [before: readonly T[], after: readonly T[]] {
  const length = Math.min(before.length, after.length);
  let start = 0;
  while (start < length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)];
}
