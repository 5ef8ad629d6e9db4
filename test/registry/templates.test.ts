import { describe, expect, test } from '@jest/globals';
import { Templates } from '../../src/registry/templates.ts';
import { description } from '../support/example-description.ts';
import { templateOf } from '../support/scripted-reader.ts';

describe('the descriptions of registered devices', () => {
  test('are bounded in all, and what is dropped is free again', () => {
    const sized = (name: string) => templateOf(description({ text: name.repeat(1000) }), name);
    const [a, b, c] = [sized('a'), sized('b'), sized('c')];
    const templates = new Templates(2500);
    templates.add(a);
    templates.add(a);
    templates.add(b);
    expect(() => templates.add(c)).toThrow(expect.objectContaining({ code: 'too-many-descriptions' }));
    expect([a, b, c].map(({ digest }) => templates.has(digest))).toEqual([true, true, false]);
    expect(templates.delete(a.digest)).toBe(true);
    expect(templates.delete(a.digest)).toBe(false);
    templates.add(c);
    expect(templates.get(c.digest)).toBe(c);
  });

  test('that were kept are kept over a restart, also where the bound is lower by then', () => {
    const [kept, other] = ['a', 'b'].map((name) =>
      templateOf(description({ text: name.repeat(1000) }), name),
    );
    if (kept === undefined || other === undefined) throw new Error('two descriptions');
    const templates = new Templates(500);
    templates.restore(kept);
    expect(templates.get(kept.digest)).toBe(kept);
    expect(() => templates.add(other)).toThrow(expect.objectContaining({ code: 'too-many-descriptions' }));
  });
});
