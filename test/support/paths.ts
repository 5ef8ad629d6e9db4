import { join } from 'node:path';

/** The repository's root. */
export const root = join(import.meta.dirname, '..', '..');

/** The folder of real descriptions and vectors beside the project; not part of it. */
export const sharedData = join(root, '..', 'shared', 'data');
