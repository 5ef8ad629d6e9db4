import { InternalError } from '../../base/errors.ts';
import type { XmlAttribute, XmlElement } from '../element.ts';
import type { Budget } from './budget.ts';
import type { TreeNode } from './tree-node.ts';
import {
  charactersPerStep,
  isNodeSet,
  type NodeSet,
  parseNumber,
  spendText,
  stringValue,
  toBoolean,
  toNumber,
  toText,
  type Value,
} from './values.ts';

/** Where an expression is evaluated (XPath 1.0 §1). */
export interface EvaluationContext {
  readonly node: TreeNode;
  readonly position: number;
  readonly size: number;
}

/**
 * Calls a function of the core library (XPath 1.0 §4); the parser has checked the number of its arguments,
 * and that a function of the context node has it as its argument.
 */
export function callFunction(
  name: string,
  args: readonly Value[],
  context: EvaluationContext,
  budget: Budget,
): Value {
  budget.spend(1);
  const [first = '', second = '', third] = args;
  const text = (value: Value): string => spendText(toText(value, budget), budget);
  const number = (value: Value): number => toNumber(value, budget);
  const characters = (value: Value): string[] => charactersOf(text(value), budget);
  switch (name) {
    case 'last':
      return context.size;
    case 'position':
      return context.position;
    case 'count':
      return nodes(first).length;
    case 'id':
      return [];
    case 'local-name':
    case 'name':
      return nameOf(nodes(first)[0])?.name ?? '';
    case 'namespace-uri':
      return nameOf(nodes(first)[0])?.namespace ?? '';
    case 'string':
      return text(first);
    case 'concat':
      return args.map(text).join('');
    case 'starts-with':
      return text(first).startsWith(text(second));
    case 'contains':
      return indexOf(text(first), text(second), budget) >= 0;
    case 'substring-before':
      return substringBefore(text(first), text(second), budget);
    case 'substring-after':
      return substringAfter(text(first), text(second), budget);
    case 'substring':
      return substring(characters(first), number(second), third === undefined ? undefined : number(third));
    case 'string-length':
      return characters(first).length;
    case 'normalize-space':
      return text(first)
        .split(/[ \t\r\n]+/)
        .filter((word) => word !== '')
        .join(' ');
    case 'translate':
      return translate(characters(first), characters(second), characters(third ?? ''));
    case 'boolean':
      return toBoolean(first);
    case 'not':
      return !toBoolean(first);
    case 'true':
      return true;
    case 'false':
      return false;
    case 'lang':
      return isOfLanguage(context.node, text(first));
    case 'number':
      return number(first);
    case 'sum':
      return nodes(first).reduce((sum, node) => sum + parseNumber(stringValue(node, budget)), 0);
    case 'floor':
      return Math.floor(number(first));
    case 'ceiling':
      return Math.ceil(number(first));
    case 'round':
      return Math.round(number(first));
    default:
      throw new InternalError(`the function ${name}() is in the table and does nothing`);
  }
}

function nodes(value: Value): NodeSet {
  if (isNodeSet(value)) return value;
  throw new InternalError('a value came where the parser asked for a node-set');
}

/** §5: elements and attributes have names. Prefixes are not kept, so that `name()` is the local name. */
function nameOf(node: TreeNode | undefined): XmlElement | XmlAttribute | undefined {
  return node?.element ?? node?.attribute;
}

/** Characters up to which V8 finds a text in linear time, whatever it and the other are; it does so up to 250. */
const shortMark = 128;

/** Where `mark` is in a text: for a long one that can take as much as the product of their lengths. */
function indexOf(text: string, mark: string, budget: Budget): number {
  if (mark.length > shortMark) budget.spend((text.length * mark.length) / charactersPerStep);
  return text.indexOf(mark);
}

/** The characters of a text, each of which costs half as much as the look at a node. */
function charactersOf(text: string, budget: Budget): string[] {
  budget.spend(text.length / 2);
  return [...text];
}

function substringBefore(text: string, mark: string, budget: Budget): string {
  const at = indexOf(text, mark, budget);
  return at < 0 ? '' : text.slice(0, at);
}

function substringAfter(text: string, mark: string, budget: Budget): string {
  const at = indexOf(text, mark, budget);
  return at < 0 ? '' : text.slice(at + mark.length);
}

/** §4.2: positions count characters from 1, and are rounded. */
function substring(text: readonly string[], from: number, length = Number.POSITIVE_INFINITY): string {
  const first = Math.round(from);
  const end = first + Math.round(length);
  return text.filter((_, index) => index + 1 >= first && index + 1 < end).join('');
}

function translate(text: readonly string[], from: readonly string[], to: readonly string[]): string {
  const map = new Map<string, string>();
  for (const [index, character] of from.entries())
    if (!map.has(character)) map.set(character, to[index] ?? '');
  return text.map((character) => map.get(character) ?? character).join('');
}

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/** §4.3: by the nearest `xml:lang`. */
function isOfLanguage(node: TreeNode, language: string): boolean {
  for (let at: TreeNode | undefined = node; at !== undefined; at = at.parent) {
    const given = at.element?.attributes.find(
      (attribute) => attribute.name === 'lang' && attribute.namespace === xmlNamespace,
    );
    if (given === undefined) continue;
    const value = given.value.toLowerCase();
    const wanted = language.toLowerCase();
    return value === wanted || value.startsWith(`${wanted}-`);
  }
  return false;
}
