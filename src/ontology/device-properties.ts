import type { DeviceProperty } from '../base/description.ts';
import { type Assembly, cleanText } from './assembly.ts';
import { sortBy } from './names.ts';
import { localName, mynoNamespace, show, type Term } from './rdf.ts';
import { writtenValue } from './written-value.ts';

const maxProperties = 64;

/** Thing properties of a device that have a meaning of their own. */
const ownMeaning: ReadonlySet<string> = new Set(
  ['deviceUuid', 'deviceCategory'].map((name) => mynoNamespace + name),
);

/**
 * Facts about the device that its description states: thing properties of the device with a value, but for
 * its UUID, its category and its texts for people.
 */
export function deviceProperties(device: Term, assembly: Assembly): readonly DeviceProperty[] {
  const { facts, report } = assembly;
  const properties = assembly
    .inOrder(device, facts.texts.all(device, 'property'))
    .flatMap((node) => deviceProperty(node, assembly))
    .filter(({ name }, i, all) => {
      const isFirst = all.findIndex((other) => other.name === name) === i;
      if (!isFirst) report.remark(`the document: of several device properties ${name} the first is used.`);
      return isFirst;
    });
  if (properties.length > maxProperties)
    report.remark(
      `the document: of ${properties.length} device properties the first ${maxProperties} are used.`,
    );
  return properties.slice(0, maxProperties);
}

function deviceProperty(node: Term, assembly: Assembly): readonly DeviceProperty[] {
  const { facts, report } = assembly;
  if (assembly.isText(node)) return [];
  const values = sortBy(facts.texts.all(node, 'text').map(writtenValue), (value) => [value]);
  // Of which type the value is changes nothing: it is shown as it is given.
  facts.types.all(node, 'datatype');
  if (ownMeaning.has(node.value)) return [];
  const value = cleanText(values.join(', '));
  if (value !== '' && node.termType === 'NamedNode')
    return [{ name: localName(node.value), ...assembly.text(node), value, ...assembly.units(node) }];
  report.remark(`${show(node)}: a property of the device needs an @id and a onem2m:hasValue to be shown.`);
  return [];
}
