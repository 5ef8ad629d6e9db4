import type { Cancel, Clock } from '../../base/clock.ts';
import { element, type XmlElement } from '../../xml/element.ts';
import type { Backend } from '../backend.ts';
import type { ModuleCatalog, ModuleIndex } from '../module-catalog.ts';
import { baseEventsNamespace, yangLibraryNamespace } from '../namespaces.ts';
import type { EventSink } from './event.ts';

export interface ModuleWatchDependencies {
  readonly backend: Pick<Backend, 'onModulesChanged'>;
  readonly catalog: ModuleCatalog;
  readonly events: EventSink;
  readonly clock: Clock;
}

/**
 * How long changes are gathered: where many devices register at once, one event tells of all of their
 * modules.
 */
const gatherMs = 100;

/** Tells subscribers when modules come, change or go (RFC 6470 §2.2, RFC 8525 §3, RFC 7895 §2.2). */
export class ModuleWatch {
  readonly #deps: ModuleWatchDependencies;
  readonly #stopListening: () => void;
  #told: ModuleIndex;
  #cancel: Cancel | undefined;

  constructor(deps: ModuleWatchDependencies) {
    this.#deps = deps;
    this.#told = deps.catalog.current();
    this.#stopListening = deps.backend.onModulesChanged(() => {
      this.#cancel ??= deps.clock.schedule(gatherMs, () => this.#tell());
    });
  }

  close(): void {
    this.#stopListening();
    this.#cancel?.();
  }

  #tell(): void {
    this.#cancel = undefined;
    const index = this.#deps.catalog.current();
    for (const content of moduleEvents(this.#told, index)) this.#deps.events.emit({ content });
    this.#told = index;
  }
}

/** The notifications for the step from one set of modules to another; none when clients see no change. */
export function moduleEvents(before: ModuleIndex, after: ModuleIndex): readonly XmlElement[] {
  if (before.contentId === after.contentId) return [];
  return [
    capabilityChange(before.capabilities, after.capabilities),
    element(yangLibraryNamespace, 'yang-library-update', [
      element(yangLibraryNamespace, 'content-id', after.contentId),
    ]),
    element(yangLibraryNamespace, 'yang-library-change', [
      element(yangLibraryNamespace, 'module-set-id', after.contentId),
    ]),
  ];
}

/** RFC 6470 §2.2: modified is what has other parameters behind the same URI. */
function capabilityChange(before: readonly string[], after: readonly string[]): XmlElement {
  const [known, now] = [new Set(before), new Set(after)];
  const [knownBases, bases] = [new Set(before.map(baseOf)), new Set(after.map(baseOf))];
  const fresh = after.filter((uri) => !known.has(uri));
  const gone = before.filter((uri) => !now.has(uri));
  return node('netconf-capability-change', [
    node('changed-by', [node('server', '')]),
    ...fresh.filter((uri) => !knownBases.has(baseOf(uri))).map((uri) => node('added-capability', uri)),
    ...gone.filter((uri) => !bases.has(baseOf(uri))).map((uri) => node('deleted-capability', uri)),
    ...fresh.filter((uri) => knownBases.has(baseOf(uri))).map((uri) => node('modified-capability', uri)),
  ]);
}

function baseOf(uri: string): string {
  return uri.split('?', 1)[0] ?? uri;
}

function node(name: string, content: readonly XmlElement[] | string): XmlElement {
  return element(baseEventsNamespace, name, content);
}
