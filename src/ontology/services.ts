import type { Assembly } from './assembly.ts';
import { type Term, termKey } from './rdf.ts';

/** What the services of a device offer of one kind. */
export interface Offers {
  /** Each once, in no order that means anything. */
  readonly nodes: readonly Term[];
  /** The place that a service's `@list` gives it among all of them; infinite where none lists it. */
  place(node: Term): number;
}

/**
 * Services and sub-services at any depth, in their order, each before its sub-services; one that contains
 * itself is met once.
 */
export function servicesOf(device: Term, assembly: Assembly): readonly Term[] {
  const { device: devices, services } = assembly.facts;
  const reached = new Map<string, Term>();
  const waiting = assembly.inOrder(device, devices.all(device, 'service')).reverse();
  for (let service = waiting.pop(); service !== undefined; service = waiting.pop()) {
    if (reached.has(termKey(service))) continue;
    reached.set(termKey(service), service);
    waiting.push(...assembly.inOrder(service, services.all(service, 'subService')).reverse());
  }
  return [...reached.values()];
}

/** What all services offer of one kind, each once. */
export function offersOf(
  services: readonly Term[],
  kind: 'operation' | 'dataPoint',
  most: number,
  { facts, report }: Assembly,
): Offers {
  const offered = services.flatMap((service) => facts.services.all(service, kind));
  const distinct = [...new Map(offered.map((term) => [termKey(term), term])).values()];
  if (distinct.length > most)
    report.fault(
      'the document',
      `onem2m:has${kind === 'operation' ? 'Operation' : 'OutputDataPoint'}`,
      String(distinct.length),
      `at most ${most}`,
      'The device offers too much.',
    );
  const places = new Map<string, number>();
  for (const service of services)
    for (const node of listedBy(service, kind, facts))
      if (!places.has(termKey(node))) places.set(termKey(node), places.size);
  return {
    nodes: distinct.slice(0, most),
    place: (node) => places.get(termKey(node)) ?? Number.POSITIVE_INFINITY,
  };
}

/** What a service offers in a `@list`, in its order. */
function listedBy(
  service: Term,
  kind: 'operation' | 'dataPoint',
  { services, position }: Assembly['facts'],
): readonly Term[] {
  const placed = services
    .all(service, kind)
    .flatMap((node) => [{ node, at: position(service, node) }])
    .filter((one): one is { node: Term; at: number } => one.at !== undefined);
  return placed.sort((a, b) => a.at - b.at).map(({ node }) => node);
}
