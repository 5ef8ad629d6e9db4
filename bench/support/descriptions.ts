import { readFile } from 'node:fs/promises';
import { exampleDescription } from '../../test/support/system.ts';

/** The example description with other values of the vocabulary's `mup:window` and `mup:maxSliceSize`. */
export async function exampleWith(values: {
  readonly window?: number;
  readonly maxSliceSize?: number;
}): Promise<string> {
  let text = await readFile(exampleDescription, 'utf8');
  for (const [term, value] of Object.entries(values))
    text = text.replace(new RegExp(`("mup:${term}":\\s*)\\d+`), `$1${value}`);
  return text;
}

/** Octets of the prototype's description of an updatable device, as its authors publish it. */
const prototypeBytes = 26_250;

/**
 * The example as another category, which no bridge has seen, of the size and in the layout (indented) of
 * the prototype's description; notes that nothing refers to make up for what it has less.
 */
export async function newCategory(category: string): Promise<string> {
  const document = JSON.parse(
    (await readFile(exampleDescription, 'utf8')).replaceAll('DEMO-BOARD', category),
  );
  const graph: unknown[] = document['@graph'];
  const text = (): string => JSON.stringify(document, null, 2);
  for (let i = 0; text().length < prototypeBytes; i += 1)
    graph.push({
      '@id': `myno:note${i}`,
      '@type': ['owl:NamedIndividual', 'myno:YangDescription'],
      'onem2m:hasValue': `A note that nothing refers to, number ${i} of this description`,
    });
  return text();
}
