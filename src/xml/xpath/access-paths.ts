import type { Chain, Expression, FunctionCall, NodeTest, Predicate, Step } from './expression.ts';
import { functionTable } from './function-table.ts';

/** One step down to what an expression looks at. */
export interface AccessStep {
  /** Absent: of any namespace. */
  readonly namespace?: string;
  /** Absent: of any name. */
  readonly name?: string;
  /**
   * Where the expression looks only at nodes that have a child of some name with one of some texts: those
   * texts, by that name.
   */
  readonly texts: ReadonlyMap<string, ReadonlySet<string>>;
}

/** From the root down to a node that an expression looks at, with all that is below it. */
export type AccessPath = readonly AccessStep[];

/**
 * What of a tree an expression looks at: the rest may be left out and its value is the same. Errs on the
 * side of too much. `undefined`: it may look at anything.
 */
export function accessPaths(expression: Expression): readonly AccessPath[] | undefined {
  const collector = new Collector();
  collector.use(expression, [root]);
  return collector.anything ? undefined : collector.paths;
}

/** A path on which a walk stands; `open` when it has gone down to an unknown depth. */
interface Place {
  readonly path: AccessPath;
  readonly open: boolean;
}

const root: Place = { path: [], open: false };

class Collector {
  readonly paths: AccessPath[] = [];
  anything = false;

  /** Notes all that the value of an expression depends on. */
  use(expression: Expression, context: readonly Place[]): void {
    for (const { path } of this.#visit(expression, context)) this.paths.push(path);
  }

  /** Where the nodes are that an expression selects, noting what else it looks at. */
  #visit(expression: Expression, context: readonly Place[]): readonly Place[] {
    switch (expression.kind) {
      case 'union':
        return expression.parts.flatMap((part) => this.#visit(part, context));
      case 'path': {
        const { start } = expression;
        const from = typeof start === 'string' ? startOf(start, context) : this.#visit(start, context);
        return expression.steps.reduce((places, step) => this.#step(step, places), from);
      }
      case 'filter':
        return this.#filtered(this.#visit(expression.primary, context), expression.predicates);
      case 'call':
        return this.#call(expression, context);
      case 'chain':
        for (const operand of operands(expression)) this.use(operand, context);
        return [];
      case 'negation':
        this.use(expression.operand, context);
        return [];
      default:
        return [];
    }
  }

  #call({ name, args }: FunctionCall, context: readonly Place[]): readonly Place[] {
    if (name === 'current') return [root];
    for (const arg of args) this.use(arg, context);
    if (args.length === 0 && functionTable.get(name)?.ofContext === true)
      for (const { path } of context) this.paths.push(path);
    return [];
  }

  #step({ axis, test, predicates }: Step, from: readonly Place[]): readonly Place[] {
    switch (axis) {
      case 'self':
        return this.#filtered(from, predicates);
      case 'child':
        return this.#filtered(
          from.map((place) => down(place, test, textsOf(predicates))),
          predicates,
        );
      case 'descendant':
      case 'descendant-or-self':
      case 'attribute':
        return this.#filtered(
          from.map(({ path }) => ({ path, open: true })),
          predicates,
        );
      default:
        this.anything = true;
        return [];
    }
  }

  #filtered(places: readonly Place[], predicates: readonly Predicate[]): readonly Place[] {
    for (const { expression } of predicates) this.use(expression, places);
    return places;
  }
}

function startOf(start: 'root' | 'context', context: readonly Place[]): readonly Place[] {
  return start === 'root' ? [root] : context;
}

function down(place: Place, test: NodeTest, texts: AccessStep['texts']): Place {
  if (place.open) return place;
  const namespace = test.kind === 'type' ? undefined : test.namespace;
  const step = {
    texts,
    ...(test.kind === 'name' ? { name: test.name } : {}),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return { path: [...place.path, step], open: false };
}

function operands({ first, rest }: Chain): readonly Expression[] {
  return [first, ...rest.map(({ operand }) => operand)];
}

type Texts = ReadonlyMap<string, ReadonlySet<string>>;
const noTexts: Texts = new Map();

/** What the predicates ask of children, up to the first that asks for a position among all nodes. */
function textsOf(predicates: readonly Predicate[]): Texts {
  const positional = predicates.findIndex((predicate) => predicate.positional);
  const plain = positional < 0 ? predicates : predicates.slice(0, positional);
  return allOf(plain.map(({ expression }) => textsAsked(expression)));
}

function textsAsked(expression: Expression): Texts {
  if (expression.kind !== 'chain') return noTexts;
  switch (expression.rest[0]?.operator) {
    case '=':
      return equality(expression);
    case 'and':
      return allOf(operands(expression).map(textsAsked));
    case 'or':
      return oneOf(operands(expression).map(textsAsked));
    default:
      return noTexts;
  }
}

/** `name = 'text'`, either way round. */
function equality(chain: Chain): Texts {
  const [left, right, third] = operands(chain);
  if (left === undefined || right === undefined || third !== undefined) return noTexts;
  const [path, literal] = right.kind === 'string' ? [left, right] : [right, left];
  if (path.kind !== 'path' || path.start !== 'context' || literal.kind !== 'string') return noTexts;
  const [step, second] = path.steps;
  if (
    step?.axis !== 'child' ||
    step.test.kind !== 'name' ||
    step.predicates.length > 0 ||
    second !== undefined
  )
    return noTexts;
  return new Map([[step.test.name, new Set([literal.value])]]);
}

/** For each name one of the demands on it: enough, as each has to be met. */
function allOf(demands: readonly Texts[]): Texts {
  return demands.length === 0 ? noTexts : new Map(demands.flatMap((texts) => [...texts]));
}

/** For the names on which all demands are, the texts of any. */
function oneOf([first = noTexts, ...others]: readonly Texts[]): Texts {
  const texts = new Map<string, ReadonlySet<string>>();
  for (const [name, some] of first) {
    const more = others.map((other) => other.get(name));
    if (more.every((set) => set !== undefined))
      texts.set(name, new Set([...some, ...more.flatMap((set) => [...set])]));
  }
  return texts;
}
