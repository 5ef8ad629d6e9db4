import type { AccessKey } from './access-path.ts';
import type { AccessOperation, AccessRule } from './access-rules.ts';

/** What the first rule that matches says, and which in the order of rules it is. */
export interface Ruling {
  readonly order: number;
  readonly permit: boolean;
}

/** A node of the data on the way down from its top-level node. */
export interface NodePlace {
  /** Of the rules met so far the first in order; below the node it holds too (RFC 8341 §3.4.5, step 6). */
  readonly ruling: Ruling | undefined;
  /** Where rules that come before that one may still be met. */
  readonly ahead: readonly Branch[];
}

/** The value of a list entry's key, or with `.` a leaf-list entry's own. */
export type KeyOf = (name: string) => string | undefined;

/** Rules with paths, as a tree of their steps. */
interface Branch {
  ruling: Ruling | undefined;
  /** The least order of the rules further down. */
  earliest: number;
  /** By namespace and name of the next step. */
  readonly next: Map<string, NextStep[]>;
}

/** Steps of one name whose predicates have the same keys: one look-up finds the one that matches. */
interface NextStep {
  readonly keys: readonly string[];
  readonly branches: Map<string, Branch>;
}

/** The rules of one user that are about one access operation on the data of one module, compiled. */
export class NodeRules {
  readonly top: NodePlace;

  /** @param user for `$USER` */
  constructor(
    rules: readonly AccessRule[],
    operation: Exclude<AccessOperation, 'exec'>,
    module: string,
    user: string,
  ) {
    const root = newBranch();
    let always: Ruling | undefined;
    for (const [order, rule] of rules.entries()) {
      if (!concerns(rule, operation, module)) continue;
      const ruling = { order, permit: rule.permit };
      if (rule.target.kind === 'any' || (rule.target.kind === 'data' && rule.target.path.length === 0)) {
        // Whatever comes later never has its turn.
        always = ruling;
        break;
      }
      if (rule.target.kind === 'data') plant(root, rule.target.path, ruling, user);
    }
    this.top = { ruling: always, ahead: root.next.size === 0 ? nothingAhead : [root] };
  }
}

/** The place of a child. */
export function placeBelow(place: NodePlace, namespace: string, name: string, keyOf: KeyOf): NodePlace {
  if (place.ahead.length === 0) return place;
  const met: Branch[] = [];
  for (const branch of place.ahead)
    for (const step of branch.next.get(stepName(namespace, name)) ?? []) {
      const next = matching(step, keyOf);
      if (next !== undefined) met.push(next);
    }
  let { ruling } = place;
  for (const branch of met) ruling = earlier(ruling, branch.ruling);
  const ahead = met.filter(({ earliest }) => ruling === undefined || earliest < ruling.order);
  return { ruling, ahead };
}

const nothingAhead: readonly Branch[] = [];

function concerns({ module, operations }: AccessRule, operation: string, of: string): boolean {
  return (module === '*' || module === of) && (operations.has('*') || operations.has(operation));
}

function plant(
  root: Branch,
  path: readonly { readonly namespace: string; readonly name: string; readonly keys: readonly AccessKey[] }[],
  ruling: Ruling,
  user: string,
): void {
  let branch = root;
  for (const { namespace, name, keys } of path) {
    branch.earliest = Math.min(branch.earliest, ruling.order);
    branch = branchFor(stepsFor(branch, stepName(namespace, name)), keys, user);
  }
  branch.ruling = earlier(branch.ruling, ruling);
}

function stepsFor({ next }: Branch, name: string): NextStep[] {
  const steps = next.get(name) ?? [];
  next.set(name, steps);
  return steps;
}

function branchFor(steps: NextStep[], keys: readonly AccessKey[], user: string): Branch {
  const sorted = [...keys].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = sorted.map(({ name }) => name);
  let step = steps.find((one) => one.keys.join('/') === names.join('/'));
  if (step === undefined) {
    step = { keys: names, branches: new Map() };
    steps.push(step);
  }
  const values = valuesText(sorted.map(({ value }) => (value === 'user' ? user : value.text)));
  const branch = step.branches.get(values) ?? newBranch();
  step.branches.set(values, branch);
  return branch;
}

/** An entry whose key is missing is none that a rule could name. */
function matching({ keys, branches }: NextStep, keyOf: KeyOf): Branch | undefined {
  const values: string[] = [];
  for (const key of keys) {
    const value = keyOf(key);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return branches.get(valuesText(values));
}

function valuesText(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
}

function earlier(one: Ruling | undefined, other: Ruling | undefined): Ruling | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.order < one.order ? other : one;
}

function newBranch(): Branch {
  return { ruling: undefined, earliest: Number.POSITIVE_INFINITY, next: new Map() };
}

/** Neither part holds a space: one is a URI, the other a name. */
function stepName(namespace: string, name: string): string {
  return `${namespace} ${name}`;
}
