/** Exact decimal numbers: 64-bit integers and decimal64 do not fit a JavaScript number. */
export interface Decimal {
  /** The value without its point. */
  readonly digits: bigint;
  /** How many of the digits stand behind the point. */
  readonly scale: number;
}

/** A number as XSD writes decimals, doubles with an exponent included; bounded in length. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)([0-9]{1,40})(?:\.([0-9]{0,40}))?(?:[eE]([+-]?[0-9]{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  return normal(digits, fraction.length - Number(exponent));
}

function normal(digits: bigint, scale: number): Decimal {
  if (scale < 0) return { digits: digits * 10n ** BigInt(-scale), scale: 0 };
  let shorter = digits;
  let places = scale;
  while (places > 0 && shorter % 10n === 0n) {
    shorter /= 10n;
    places -= 1;
  }
  return { digits: shorter, scale: places };
}

/** Negative, zero or positive, as for sorting. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const left = a.digits * 10n ** BigInt(scale - a.scale);
  const right = b.digits * 10n ** BigInt(scale - b.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Plain notation without an exponent, a sign `+` or needless zeros. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const negative = digits < 0n;
  const text = String(negative ? -digits : digits).padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  const plain = scale === 0 ? whole : `${whole}.${text.slice(text.length - scale)}`;
  return negative ? `-${plain}` : plain;
}
