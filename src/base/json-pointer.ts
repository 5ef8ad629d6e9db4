import { isJsonArray, isJsonObject, type JsonValue } from './json-value.ts';

/** The reference tokens of a JSON Pointer (RFC 6901 §3), or `undefined` when the text is none. */
export function pointerTokens(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of a member of the whole value. */
export function memberPointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The value that a pointer names (RFC 6901 §4), or `undefined` when there is none. */
export function valueAt(root: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const token of pointerTokens(pointer) ?? []) {
    if (isJsonObject(value)) value = value.get(token);
    else if (isJsonArray(value) && arrayIndex.test(token)) value = value[Number(token)];
    else return undefined;
  }
  return value;
}

/**
 * A value with another one put where a pointer names. What is missing on the way becomes objects; of an array
 * that is there, an element is replaced, or one added at its end.
 */
export function withValueAt(root: JsonValue | undefined, pointer: string, value: JsonValue): JsonValue {
  return placed(root, pointerTokens(pointer) ?? [], value);
}

/** RFC 6901 §4: no leading zeros. */
const arrayIndex = /^(?:0|[1-9][0-9]{0,5})$/;

function placed(
  root: JsonValue | undefined,
  [token, ...rest]: readonly string[],
  value: JsonValue,
): JsonValue {
  if (token === undefined) return value;
  if (isJsonArray(root)) {
    const index = arrayIndex.test(token) ? Math.min(Number(token), root.length) : root.length;
    return root.toSpliced(index, 1, placed(root[index], rest, value));
  }
  const members = isJsonObject(root) ? root : new Map<string, JsonValue>();
  return new Map([...members, [token, placed(members.get(token), rest, value)]]);
}
