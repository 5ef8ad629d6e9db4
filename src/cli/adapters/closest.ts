import { closestMatch } from 'leven';

/** The candidate that a person most likely meant, or `undefined` when none is near. */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 100) return undefined;
  const lower = candidates.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return lower ?? closestMatch(name, candidates, { maxDistance: Math.max(2, Math.floor(name.length / 2)) });
}
