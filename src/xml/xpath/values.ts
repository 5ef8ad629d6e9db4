import type { XmlNode } from '../element.ts';
import type { Budget } from './budget.ts';
import { documentOrder, type TreeNode } from './tree-node.ts';

/** In document order, each node once. */
export type NodeSet = readonly TreeNode[];
/** The four types (XPath 1.0 §1). */
export type Value = NodeSet | string | number | boolean;

export function isNodeSet(value: Value): value is NodeSet {
  return typeof value === 'object';
}

/** Characters that cost as much as the look at one node. */
export const charactersPerStep = 16;

/** Counts the work on a text. */
export function spendText(text: string, budget: Budget): string {
  budget.spend(2 + text.length / charactersPerStep);
  return text;
}

/** The string-value of a node (§5). */
export function stringValue(node: TreeNode, budget: Budget): string {
  const text = node.text ?? node.attribute?.value;
  return text === undefined ? textIn(node.children, budget) : spendText(text, budget);
}

function textIn(children: readonly XmlNode[], budget: Budget): string {
  const [only] = children;
  if (children.length === 1 && typeof only === 'string') return spendText(only, budget);
  budget.spend(1);
  let text = '';
  for (const child of children)
    text += typeof child === 'string' ? spendText(child, budget) : textIn(child.children, budget);
  return text;
}

/** §4.2, `string()`. */
export function toText(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'boolean') return String(value);
  const [first] = value;
  return first === undefined ? '' : stringValue(first, budget);
}

/** §4.4, `number()`. */
export function toNumber(value: Value, budget: Budget): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return parseNumber(toText(value, budget));
}

/** §4.3, `boolean()`. */
export function toBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return value.length > 0;
}

const numberText = /^[ \t\r\n]*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))[ \t\r\n]*$/;

export function parseNumber(text: string): number {
  const digits = numberText.exec(text)?.[1];
  return digits === undefined ? Number.NaN : Number(digits);
}

/** §4.2: decimal, never with an exponent. */
function formatNumber(value: number): string {
  const text = String(value === 0 ? 0 : value);
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^(-?)(\d+)(?:\.(\d+))?e([-+]\d+)$/.exec(text) ?? [];
  if (exponent === '') return text;
  const shift = Number(exponent);
  return shift > 0
    ? sign + (whole + fraction).padEnd(shift + 1, '0')
    : `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
}

/** Sorts into document order and drops what is there twice. Costs little when nothing is to be done. */
export function nodeSetOf(nodes: readonly TreeNode[], budget: Budget): NodeSet {
  if (isSet(nodes)) return nodes;
  const unique = [...new Set(nodes)];
  budget.spend(unique.length * Math.ceil(Math.log2(unique.length + 1)));
  return unique.sort(documentOrder);
}

function isSet(nodes: readonly TreeNode[]): boolean {
  let before: TreeNode | undefined;
  for (const node of nodes) {
    if (before !== undefined && documentOrder(before, node) >= 0) return false;
    before = node;
  }
  return true;
}
