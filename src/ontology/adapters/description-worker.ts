import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../base/errors.ts';
import { DescriptionError } from '../description-error.ts';
import { readDescription } from '../reading.ts';
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from '../worker-protocol.ts';
import { createRdfTools } from './rdf-tools.ts';

/**
 * Entry of the thread that reads descriptions: what a peer sent can make the RDF packages run long or grow
 * (a JSON-LD processor is quadratic in places), so they run where they can be ended. One request at a time.
 */
const settings = workerData as WorkerSettings;
const tools = await createRdfTools(settings.ontologiesDir, settings.operatorDir);

async function answer({ bytes }: WorkerRequest): Promise<WorkerAnswer> {
  try {
    return { kind: 'description', description: await readDescription(bytes, tools, settings.limits) };
  } catch (error) {
    if (!(error instanceof DescriptionError)) return { kind: 'failed', reason: errorMessage(error) };
    return { kind: 'refused', refusal: error.toRefusal() };
  }
}

parentPort?.on('message', (request: WorkerRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
parentPort?.postMessage({ kind: 'ready', problems: tools.problems } satisfies WorkerAnswer);
