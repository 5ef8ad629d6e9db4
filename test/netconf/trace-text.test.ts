import { describe, expect, test } from '@jest/globals';
import { tracedText } from '../../src/netconf/trace-text.ts';

describe('the wire trace', () => {
  test.each([
    ['<password>$0$wonderland</password><a/>', '<password>********</password><a/>'],
    ['<x:password>\n $0$won$der\nland</x:password>', '<x:password>********</x:password>'],
    ['<password><![CDATA[$0$wonder<land]]></password>', '<password>********</password>'],
    ['<password a="1">wonderland</password>', '<password a="1">********</password>'],
    ['<password>&#36;0$wonderland</password>', '<password>********</password>'],
    ['<password><!-- -->wonderland</password>', '<password>********</password>'],
    ['<password><?a b?>wonder<?c?>land</password>', '<password>********</password>'],
    ['<passwords>2</passwords><password/>', '<passwords>2</passwords><password/>'],
    ['<p>$0$a</p><p>$0$b</p>', '<p>$0$********</p><p>$0$********</p>'],
    ['<password>$scrypt$ln=15,r=8,p=1$x$y</password>', '<password>$scrypt$ln=15,r=8,p=1$x$y</password>'],
  ])('%j shows no password', (message, shown) => {
    expect(tracedText(message)).toBe(shown);
  });

  test('shows the beginning of a long message, and of a password there nothing', () => {
    const begin = `<a>${'x'.repeat(4080)}</a>`;
    expect(tracedText(`${begin}$0$wonderland`)).not.toContain('w');
    expect(tracedText('x'.repeat(10_000))).toHaveLength(4096);
  });
});
