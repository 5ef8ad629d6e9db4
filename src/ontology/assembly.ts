import { uuidPlaceholder } from './description-template.ts';
import { orderInName, sortBy } from './names.ts';
import { compareTexts, localName, mynoNamespace, type Term, termKey } from './rdf.ts';
import type { Facts } from './reading.ts';
import type { Report } from './report.ts';
import type { Facet } from './scalar-type.ts';

const maxTextLength = 2000;

/** What is a description for people, among all that a thing property may be. */
const textClass = `${mynoNamespace}YangDescription`;

/** What the parts of the assembly share. */
export class Assembly {
  readonly facts: Facts;
  readonly report: Report;
  /** Fields that may still be made: shared structures multiply, so that a small document could explode. */
  fieldsLeft = 8192;

  constructor(facts: Facts, report: Report) {
    this.facts = facts;
    this.report = report;
  }

  /**
   * Siblings in the order of the module (design): the owner's `@list`, `mup:order`, the numeric prefix of
   * older descriptions, the name.
   */
  inOrder(owner: Term, nodes: readonly Term[]): Term[] {
    return sortBy(nodes, (node) => [
      this.facts.position(owner, node) ?? Number.POSITIVE_INFINITY,
      ...this.order(node),
    ]);
  }

  /**
   * What orders a node among its siblings where no `@list` does.
   * @param named what it has its name from, if not from itself
   */
  order(node: Term, named = node): readonly (number | string)[] {
    return [
      Number(this.facts.fields.text(node, 'order') ?? Number.POSITIVE_INFINITY),
      orderInName(localName(named.value)) ?? Number.POSITIVE_INFINITY,
      localName(named.value),
      termKey(node),
    ];
  }

  /** Values in the order of their `@list`, else by the number they begin with, else as texts. */
  valuesInOrder(owner: Term, values: readonly Term[]): Term[] {
    return sortBy(values, (value) => [
      this.facts.position(owner, value) ?? Number.POSITIVE_INFINITY,
      Number(leadingNumber(value.value) ?? Number.POSITIVE_INFINITY),
      value.value,
    ]);
  }

  /** Whether a node's values stand in a `@list`. */
  isListed(owner: Term, values: readonly Term[]): boolean {
    return values.length > 0 && values.every((value) => this.facts.position(owner, value) !== undefined);
  }

  /** Whether a thing property is a text for people. */
  isText(property: Term): boolean {
    return this.facts.texts.all(property, 'kind').some(({ value }) => value === textClass);
  }

  /**
   * The description for people of a node, or of its thing property, in English or without a language where
   * there are several. Modules are shared, so a text holds no UUID.
   */
  text(node: Term): { readonly text?: string } {
    const { texts: found, fields } = this.facts;
    const textsOf = (one: Term): Term[] =>
      found
        .all(one, 'property')
        .filter((property) => this.isText(property))
        .flatMap((property) => found.all(property, 'text'));
    const own = textsOf(node);
    const texts = own.length > 0 ? own : fields.all(node, 'property').flatMap(textsOf);
    const [best] = [...texts].sort((a, b) => compareTexts(languageRank(a), languageRank(b)));
    const text = cleanText(best?.value ?? '').replaceAll(uuidPlaceholder, '<uuid>');
    return text === '' ? {} : { text };
  }

  /** The unit's symbol, or its name where it has none; of the node, or of its thing property. */
  units(node: Term): { readonly units?: string } {
    const { units: found, fields } = this.facts;
    const [unit] = [node, ...fields.all(node, 'property')].flatMap((one) => found.all(one, 'unit'));
    if (unit === undefined) return {};
    const units = cleanText(found.text(unit, 'symbol') ?? localName(unit.value)).slice(0, 64);
    return units === '' ? {} : { units };
  }

  /** A restriction of a node: its own, else that of its thing property. */
  facet(node: Term): Facet {
    const { types, fields } = this.facts;
    return (name) => {
      const own = types.all(node, name);
      if (own.length > 0) return own;
      return fields.all(node, 'property').flatMap((property) => types.all(property, name));
    };
  }

  /** The node that holds a restriction: the node itself or its thing property. */
  holder(node: Term, name: string): Term {
    const { types, fields } = this.facts;
    if (types.all(node, name).length > 0) return node;
    return fields.all(node, 'property').find((property) => types.all(property, name).length > 0) ?? node;
  }
}

function languageRank(term: Term): string {
  const language = term.termType === 'Literal' ? term.language.toLowerCase() : '';
  const rank = language === '' ? 0 : language === 'en' || language.startsWith('en-') ? 1 : 2;
  return `${rank} ${language} ${term.value}`;
}

/** The number a value begins with (`10` of `10_OK`), as digits. */
export function leadingNumber(text: string): string | undefined {
  return /^[0-9]{1,6}(?![0-9])/.exec(text)?.[0];
}

/** A text for people: without characters that XML or a terminal cannot show, and bounded. */
export function cleanText(text: string): string {
  return text
    .slice(0, maxTextLength)
    .replace(/[^\t\n\P{Cc}]|[\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu, ' ')
    .trim();
}
