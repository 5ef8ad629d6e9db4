import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PeerError } from '../../src/base/errors.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { moduleSchema } from '../../src/yang/module-schema.ts';
import { parseModule } from '../../src/yang/parser.ts';
import type { SchemaNode } from '../../src/yang/schema.ts';
import { checkValue, ValueError } from '../../src/yang/value-check.ts';
import { type ArbitraryDocument, arbitraryDocument } from '../support/arbitrary-document.ts';
import { describeWith } from '../support/peers.ts';
import { yanglint } from '../support/yang-tools.ts';
import { moduleTextOf, read } from './support.ts';

/** The module of a document, or `undefined` where it is refused, with a reason. */
async function moduleOf({ document }: ArbitraryDocument): Promise<string | undefined> {
  try {
    return moduleTextOf(await read(document));
  } catch (error) {
    expect(error).toBeInstanceOf(PeerError);
    if (error instanceof DescriptionError && error.code === 'description-invalid')
      expect(error.findings.every(({ message, found, expected }) => message && found && expected)).toBe(true);
    return undefined;
  }
}

function accepts(node: SchemaNode | undefined, text: string): boolean {
  if (node?.kind !== 'leaf') throw new TypeError('no leaf');
  try {
    checkValue(node.type, text);
    return true;
  } catch (error) {
    if (error instanceof ValueError) return false;
    throw error;
  }
}

describeWith(['yanglint'], 'any description drawn at random from the vocabulary', () => {
  test('is refused with a reason, or gives a module that yanglint accepts and that allows what it says', async () => {
    const modules: Record<string, string> = {};
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryDocument, async (drawn) => {
        const text = await moduleOf(drawn);
        if (text === undefined) {
          refused += 1;
          return;
        }
        // All of them go into one run of yanglint, so each has a name of its own.
        const name = `drawn-${Object.keys(modules).length}`;
        modules[name] = text.replaceAll(/(?<=^module |urn:mup:yang:|^ {2}prefix )[a-z0-9.-]+/gm, name);
        const { rpcs } = moduleSchema(parseModule(text), () => undefined);
        if (!drawn.isRight) return;
        for (const { name: rpc, inputs } of drawn.calls)
          for (const input of inputs) {
            const node = rpcs.get(rpc)?.input.find((one) => one.name === input.name);
            for (const [value, isAllowed] of input.probes)
              expect([rpc, input.name, value, accepts(node, value)]).toEqual([
                rpc,
                input.name,
                value,
                isAllowed,
              ]);
          }
      }),
      { numRuns: 150 },
    );
    expect(Object.keys(modules).length).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(0);
    expect(yanglint(modules)).toBe('');
  });
});
