import { retvalName, telemetryName } from './identifiers.ts';
import { type Statement, substatement, substatements } from './statement.ts';
import { type PartChange, typeChanges } from './type-changes.ts';

/** One difference between two modules, as a client sees it. */
export interface ModuleChange extends PartChange {
  /** Where: `heat/input/target`, or the module's name. */
  readonly place: string;
}

/** What has an own place among its siblings (RFC 7950 §11: “data definition statements”). */
const dataDefinitions = new Set(['leaf', 'leaf-list', 'container', 'list']);

/** Within the input of an RPC. */
const inputPlace = /^[^/]+\/input\//;
const dataPointsPlace = `${telemetryName}/device/`;

/**
 * What a client sees change from one generated module to another, by the rules for new revisions (RFC 7950
 * §11). The notification of a module repeats its data points, so that only its coming and going counts.
 */
export function moduleChanges(before: Statement, after: Statement): ModuleChange[] {
  const name = after.argument ?? '';
  if (before.argument !== name)
    return [{ place: name, what: `module ${before.argument} becomes ${name}`, allowed: false }];
  return [
    ...textChanges(before, after, name),
    ...['container', 'rpc', 'notification'].flatMap((keyword) => topLevelChanges(keyword, before, after)),
  ];
}

function topLevelChanges(keyword: string, before: Statement, after: Statement): ModuleChange[] {
  const [old, now] = [substatements(before, keyword), substatements(after, keyword)];
  return [
    ...old.filter((one) => named(now, one) === undefined).map((one) => removed(one, '')),
    ...now.flatMap((one) => {
      const earlier = named(old, one);
      if (earlier === undefined) return [added(one, '')];
      return keyword === 'notification' ? [] : nodeChanges(earlier, one, '');
    }),
  ];
}

function nodeChanges(before: Statement, after: Statement, above: string): ModuleChange[] {
  const place = `${above}${after.argument}`;
  if (before.keyword !== after.keyword)
    return [{ place, what: `the ${before.keyword} becomes a ${after.keyword}`, allowed: false }];
  const below = after.keyword === 'rpc' ? ['input', 'output'] : [];
  return [
    ...propertyChanges(before, after).map((change) => ({ place, ...change })),
    ...textChanges(before, after, place),
    ...childChanges(before, after, `${place}/`),
    ...below.flatMap((keyword) => {
      const [old, now] = [substatement(before, keyword), substatement(after, keyword)];
      if (old === undefined || now === undefined) return [];
      return childChanges(old, now, `${place}/${keyword}/`);
    }),
  ];
}

function childChanges(before: Statement, after: Statement, above: string): ModuleChange[] {
  const [old, now] = [children(before), children(after)];
  const kept = old.filter((one) => named(now, one) !== undefined);
  const order = now.filter((one) => named(old, one) !== undefined);
  const moved = kept.find((one, i) => one.argument !== order[i]?.argument);
  return [
    ...old.filter((one) => named(now, one) === undefined).map((one) => removed(one, above)),
    ...now.flatMap((one) => {
      const earlier = named(old, one);
      return earlier === undefined ? [added(one, above)] : nodeChanges(earlier, one, above);
    }),
    // Data points are in the order of their names, and the bridge keeps the order it has.
    ...(moved === undefined || above === dataPointsPlace
      ? []
      : [{ place: `${above}${moved.argument}`, what: 'stands at another place', allowed: false }]),
  ];
}

function children(parent: Statement): Statement[] {
  return parent.substatements.filter(({ keyword }) => dataDefinitions.has(keyword));
}

function named(nodes: readonly Statement[], { argument }: Statement): Statement | undefined {
  return nodes.find((one) => one.argument === argument);
}

function removed({ keyword, argument }: Statement, above: string): ModuleChange {
  return { place: `${above}${argument}`, what: `this ${keyword} is no longer there`, allowed: false };
}

/** New definitions are allowed, but for what a client would have to send (RFC 7950 §3: mandatory node). */
function added(node: Statement, above: string): ModuleChange {
  const isDemanded = inputPlace.test(above) && isMandatory(node);
  const what = `new ${isDemanded ? 'and mandatory ' : ''}${node.keyword}`;
  return { place: `${above}${node.argument}`, what, allowed: !isDemanded };
}

function isMandatory(node: Statement): boolean {
  if (substatement(node, 'mandatory')?.argument === 'true') return true;
  return (
    node.keyword === 'container' &&
    substatement(node, 'presence') === undefined &&
    children(node).some(isMandatory)
  );
}

/** `type`, `units`, `default`, `mandatory` and `presence`. */
function propertyChanges(before: Statement, after: Statement): PartChange[] {
  const [oldType, newType] = [substatement(before, 'type'), substatement(after, 'type')];
  // The bridge puts new states behind those that its module has, so that all keep their numbers.
  const isNumbered = after.argument !== retvalName;
  return [
    ...(oldType === undefined || newType === undefined ? [] : typeChanges(oldType, newType, isNumbered)),
    ...growing('units', before, after),
    ...growing('default', before, after),
    ...optionality(before, after),
  ];
}

/** What may be added and not change. */
function growing(keyword: string, before: Statement, after: Statement): PartChange[] {
  const [old, now] = [before, after].map((node) => substatement(node, keyword)?.argument);
  if (old === now) return [];
  if (old === undefined) return [{ what: `new ${keyword} ${now}`, allowed: true }];
  if (now === undefined) return [{ what: `no longer ${keyword} ${old}`, allowed: false }];
  return [{ what: `${keyword} ${old} becomes ${now}`, allowed: false }];
}

function optionality(before: Statement, after: Statement): PartChange[] {
  if (after.keyword === 'container') {
    const [old, now] = [before, after].map((node) => substatement(node, 'presence') === undefined);
    if (old === now) return [];
    return [{ what: now ? 'can no longer be left out' : 'can be left out', allowed: false }];
  }
  const [old, now] = [before, after].map((node) => isMandatory(node));
  if (old === now) return [];
  return [{ what: now ? 'becomes mandatory' : 'is no longer mandatory', allowed: now === false }];
}

/** A description may be made clearer; what it means may not change, which no program can tell. */
function textChanges(before: Statement, after: Statement, place: string): ModuleChange[] {
  const [old, now] = [before, after].map((node) => substatement(node, 'description')?.argument);
  return old === now ? [] : [{ place, what: 'has another description', allowed: true }];
}
