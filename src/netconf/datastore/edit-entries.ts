import type { XmlElement } from '../../xml/element.ts';

interface Link {
  element: XmlElement;
  previous: Link | undefined;
  next: Link | undefined;
}

/** Where an entry goes among the others of its list (RFC 6020 §7.7.7). */
export type Place = 'first' | 'last' | { readonly before: string } | { readonly after: string };

/**
 * The instances of one node below one parent, by identity, in their order. Every change takes the same
 * time however many there are: an edit may move each of thousands of entries.
 */
export class Entries {
  readonly #links = new Map<string, Link>();
  #first: Link | undefined;
  #last: Link | undefined;

  get(identity: string): XmlElement | undefined {
    return this.#links.get(identity)?.element;
  }

  /** Puts an entry in the place of the one of its identity, else at the end. */
  set(identity: string, element: XmlElement): void {
    const link = this.#links.get(identity);
    if (link === undefined) this.place(identity, element, 'last');
    else link.element = element;
  }

  /** Puts an entry where it is said to go; another than itself, where a neighbour is named. */
  place(identity: string, element: XmlElement, place: Place): void {
    this.delete(identity);
    const link: Link = { element, previous: undefined, next: undefined };
    this.#links.set(identity, link);
    const next = this.#successor(place, link);
    link.next = next;
    link.previous = next === undefined ? this.#last : next.previous;
    if (link.previous === undefined) this.#first = link;
    else link.previous.next = link;
    if (next === undefined) this.#last = link;
    else next.previous = link;
  }

  delete(identity: string): void {
    const link = this.#links.get(identity);
    if (link === undefined) return;
    this.#links.delete(identity);
    if (link.previous === undefined) this.#first = link.next;
    else link.previous.next = link.next;
    if (link.next === undefined) this.#last = link.previous;
    else link.next.previous = link.previous;
  }

  /** In order. */
  appendTo(elements: XmlElement[]): void {
    for (let link = this.#first; link !== undefined; link = link.next) elements.push(link.element);
  }

  #successor(place: Place, link: Link): Link | undefined {
    if (place === 'last') return undefined;
    if (place === 'first') return this.#first;
    if ('before' in place) return this.#links.get(place.before);
    const neighbour = this.#links.get(place.after);
    return neighbour === link ? undefined : neighbour?.next;
  }
}
