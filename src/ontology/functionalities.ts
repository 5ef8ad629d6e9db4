import type { Assembly } from './assembly.ts';
import { show, type Term, termKey } from './rdf.ts';

/**
 * Functionalities say what a device is good for: one that controls, configures or automates names the RPC of
 * the operation that exposes its command, one that measures or tells events describes the data point of its
 * service. One of which neither comes is likely a mistake, which its author hears of.
 * @param realised those that name an operation or describe a data point
 */
export function remarkUnrealised(
  device: Term,
  services: readonly Term[],
  realised: readonly Term[],
  { facts, report }: Assembly,
): void {
  const named = new Map(
    [
      ...facts.device.all(device, 'functionality'),
      ...services.flatMap((service) => facts.services.all(service, 'functionality')),
    ].map((term) => [termKey(term), term]),
  );
  for (const term of realised) named.delete(termKey(term));
  for (const term of named.values())
    report.remark(
      `${show(term)}: nothing comes of this functionality; an operation exposes its command, or a service offers it beside one data point.`,
    );
}

/** The functionality a data point is for: that of its service, where the service has but one of each. */
export function measuring(point: Term, services: readonly Term[], { facts }: Assembly): readonly Term[] {
  const service = services.find((one) =>
    facts.services.all(one, 'dataPoint').some((offered) => termKey(offered) === termKey(point)),
  );
  if (service === undefined || facts.services.all(service, 'dataPoint').length !== 1) return [];
  const functionalities = facts.services.all(service, 'functionality');
  return functionalities.length === 1 ? functionalities : [];
}
