import type { XmlElement, XmlNode } from '../../xml/element.ts';
import { RpcError } from '../rpc-error.ts';

/**
 * Steps that a filter may take on the data of one request, some 30 ms: no session may hold up the others for
 * long. What a filter costs is its size times that of the data.
 */
const maxFilterSteps = 1_000_000;

/** Steps that it may take for each element, where that is more: to make and write an element costs as much. */
const stepsPerElement = 8;

/** What a filter may spend on data. */
export function filterBudget(data: readonly XmlElement[]): WorkBudget {
  return new WorkBudget('the filter', maxFilterSteps, () => stepsPerElement * countElements(data));
}

function countElements(nodes: readonly XmlNode[]): number {
  let count = 0;
  for (const node of nodes) if (typeof node !== 'string') count += 1 + countElements(node.children);
  return count;
}

/** Counts the steps of one piece of work, and ends it when there are too many. */
export class WorkBudget {
  readonly #what: string;
  readonly #steps: number;
  #larger: (() => number) | undefined;
  #left: number;

  /**
   * @param what the work, as an error-message names it
   * @param larger the number of steps that it may take if that is more than `steps`; asked for only then
   */
  constructor(what: string, steps: number, larger?: () => number) {
    this.#what = what;
    this.#steps = steps;
    this.#larger = larger;
    this.#left = steps;
  }

  /** @throws RpcError `too-big` */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) this.#exceeded();
  }

  #exceeded(): void {
    const more = (this.#larger?.() ?? 0) - this.#steps;
    this.#larger = undefined;
    if (more > 0) this.#left += more;
    if (this.#left < 0)
      throw new RpcError('application', 'too-big', `${this.#what} takes more work than one request may`);
  }
}
