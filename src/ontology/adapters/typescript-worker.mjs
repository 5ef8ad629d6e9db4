// Entry of the worker where the project runs from its TypeScript sources (tests, `npm run bench`): a worker
// has no loader for them of its own. Not part of the build.
import { register } from 'tsx/esm/api';

register();
await import('./description-worker.ts');
