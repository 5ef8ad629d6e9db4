import { damaged, otherS, server, signText, stranger, vendor } from './keys.ts';

/** The signed texts of profile myno (mup-protocol §3), and whether the signatures hold. */
export interface MynoVector {
  readonly name: string;
  readonly vendorKey: string;
  readonly serverKey: string;
  /** `<i>,<value>`, i from 0, as the device takes them one by one; parted by spaces. */
  readonly parts: string;
  readonly innerText: string;
  readonly outerText: string;
  readonly innerValid: boolean;
  readonly outerValid: boolean;
}

const digest = '17c36f0ade2e54c614c2c5aef5e39cbc24d228c954222bf985026bf4fe18540d';
const innerText = `APP;0;${digest};100719;2;1`;
const nonce = '123456';
const innerSignature = signText(innerText, vendor);
const outerText = `${innerText};${innerSignature};${nonce}`;
const outerSignature = signText(outerText, server);

interface Signatures {
  readonly inner?: string;
  readonly outer?: string;
  readonly number?: string;
  readonly innerValid?: boolean;
  readonly outerValid?: boolean;
}

/** The texts are those of what is sent, so that a signature over others does not hold. */
function row(
  name: string,
  {
    inner = innerSignature,
    outer = outerSignature,
    number = nonce,
    innerValid = true,
    outerValid = true,
  }: Signatures = {},
): MynoVector {
  const values = ['APP', '0', digest, '100719', '2', '1', inner, number, outer, 'START-UPDATE'];
  return {
    name,
    vendorKey: vendor.publicKey,
    serverKey: server.publicKey,
    parts: values.map((value, i) => `${i},${value}`).join(' '),
    innerText,
    outerText: `${innerText};${inner};${number}`,
    innerValid,
    outerValid,
  };
}

const mupText = `1;${innerText}`;
const high = otherS(innerSignature);

export const mynoVectors: readonly MynoVector[] = [
  row('sound'),
  row('both with the higher s', {
    inner: high,
    outer: otherS(signText(`${innerText};${high};${nonce}`, server)),
  }),
  row("a stranger's outer signature", { outer: signText(outerText, stranger), outerValid: false }),
  row('a damaged outer signature', { outer: damaged(outerSignature), outerValid: false }),
  row('another nonce', { number: '123457', outerValid: false }),
  row("a stranger's inner signature", {
    inner: signText(innerText, stranger),
    outer: signText(`${innerText};${signText(innerText, stranger)};${nonce}`, server),
    innerValid: false,
  }),
  row('the inner signature is over the text of profile mup', {
    inner: signText(mupText, vendor),
    outer: signText(`${innerText};${signText(mupText, vendor)};${nonce}`, server),
    innerValid: false,
  }),
];
