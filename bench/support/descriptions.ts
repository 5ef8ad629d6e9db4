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

/**
 * The example as another category of about 26 kB, which no bridge has seen: the size of the prototype's
 * descriptions (paper §5.2).
 */
export async function newCategory(category: string, bytes = 26_000): Promise<string> {
  const text = (await readFile(exampleDescription, 'utf8')).replaceAll('DEMO-BOARD', category);
  const document = JSON.parse(text);
  const minimal = JSON.stringify(document);
  const graph: unknown[] = document['@graph'];
  const note = (i: number): unknown => ({
    '@id': `myno:note${i}`,
    '@type': ['owl:NamedIndividual', 'myno:YangDescription'],
    'onem2m:hasValue': `A note that nothing refers to, number ${i} of this description`,
  });
  const noteBytes = JSON.stringify(note(1000)).length + 1;
  for (let i = 0; i < Math.floor((bytes - minimal.length) / noteBytes); i += 1) graph.push(note(i));
  return JSON.stringify(document);
}
