import type { Operation, OperationRole, Profile } from '../base/description.ts';
import type { Assembly } from './assembly.ts';
import { wireOf } from './encodings.ts';
import { assembleFields } from './fields.ts';
import { checkNames, sortBy } from './names.ts';
import { localName, mupNamespace, show, type Term, termKey } from './rdf.ts';
import type { Offers } from './services.ts';
import {
  defaultAcknowledgementTopic,
  defaultAnswerTopic,
  defaultInputTopic,
  describedTopic,
  deviceTopic,
  operationTopic,
  requestTopic,
} from './topics.ts';
import { enumValues } from './values.ts';

/** The classes that say what an operation is to the update protocol (ontologies/mup.ttl). */
const roles: ReadonlyMap<string, OperationRole> = new Map([
  [`${mupNamespace}TokenOperation`, 'token'],
  [`${mupNamespace}ManifestOperation`, 'manifest'],
  [`${mupNamespace}FirmwareOperation`, 'firmware'],
  [`${mupNamespace}VendorKeyOperation`, 'vendor-key'],
]);

/** Leaves that the YANG generator adds to every RPC. */
const targetInput = 'uuidInput';
const stateOutput = 'retval';

/** What the operations of one device have in common. */
export interface OperationContext {
  readonly profile: Profile;
  /** The thing property that holds the device's UUID. */
  readonly uuidProperty: Term | undefined;
}

/** An operation and what names it: its functionality, else itself. */
interface Named {
  readonly node: Term;
  readonly owner: Term;
}

/** All operations, in the order of the module, and what names them. */
export function assembleOperations(
  { nodes, place }: Offers,
  context: OperationContext,
  assembly: Assembly,
): { readonly operations: readonly Operation[]; readonly owners: readonly Term[] } {
  const named = sortBy(
    nodes.map((node) => ({ node, owner: ownerOf(node, assembly) })),
    ({ node, owner }) => [place(node), ...assembly.order(node, owner)],
  );
  const owners = named.map(({ owner }) => owner);
  const names = owners.map((owner) => localName(owner.value));
  checkNames(owners, names, [], assembly.report);
  const operations = named.map((one) => assembleOperation(one, context, assembly));
  checkRoles(operations, assembly);
  return { operations, owners };
}

/** The functionality that has the command which the operation exposes (design: RPC name). */
function ownerOf(node: Term, { facts, report }: Assembly): Term {
  const command = facts.operations.one(node, 'command');
  const functionalities = command === undefined ? [] : facts.commands.all(command, 'functionality');
  const [owner, ...others] = functionalities;
  if (owner === undefined) {
    if (node.termType === 'NamedNode')
      report.remark(
        `${show(node)}: no functionality has its command, so its own name becomes that of the RPC.`,
      );
    else
      report.fault(
        node,
        '@id',
        'nothing',
        'an @id, or a functionality that has the command of the operation',
        'The RPC of an operation is named by its functionality, else by the operation itself.',
      );
    return node;
  }
  if (others.length > 0)
    report.remark(`${show(node)}: several functionalities have its command; ${show(owner)} names the RPC.`);
  return owner;
}

function assembleOperation({ node, owner }: Named, context: OperationContext, assembly: Assembly): Operation {
  const { operations } = assembly.facts;
  const { profile } = context;
  const state = operations.one(node, 'state');
  const role = roleOf(node, profile, assembly);
  const inputs = inputsOf(node, context, assembly);
  const outputs = assembleFields(node, operations.all(node, 'output'), [stateOutput], assembly);
  return {
    name: localName(owner.value),
    ...firstText([owner, node], assembly),
    role,
    mqttMethod: methodOf(node, profile, assembly),
    topic: operationTopic(node, role, profile, assembly),
    answerTopic: answerTopic(operations.text(node, 'answerTopic'), profile),
    inputs,
    outputs,
    states: state === undefined ? [] : enumValues(state, assembly),
    ...transferTopics(node, role, profile, assembly),
    ...wireOf({ node, inputs, outputs }, profile, assembly),
  };
}

/** What stands behind the request id; a native device is sent no method, and a virtual one nothing at all. */
function methodOf(node: Term, profile: Profile, { facts, report }: Assembly): string {
  const method = facts.operations.text(node, 'method');
  if (profile === 'native' || profile === 'virtual') return '';
  if (method === undefined)
    report.fault(
      node,
      'myno:mqttMethod',
      'nothing',
      'one text, such as "RELAY-ON"',
      'An operation has one myno:mqttMethod, which tells the device what is asked of it.',
    );
  return method ?? '';
}

/** Inputs of the operation, else of its command, without the one that names the target device. */
function inputsOf(node: Term, context: OperationContext, assembly: Assembly): Operation['inputs'] {
  const { operations } = assembly.facts;
  const command = operations.one(node, 'command');
  const own = operations.all(node, 'input');
  const ofCommand = command === undefined ? [] : operations.all(command, 'input');
  const owner = own.length > 0 ? node : (command ?? node);
  if (own.length > 0) remarkNotTaken(node, own, ofCommand, context, assembly);
  const inputs = own.length > 0 ? own : ofCommand;
  return assembleFields(
    owner,
    inputs.filter((input) => !isTarget(input, context, assembly)),
    [targetInput],
    assembly,
  );
}

/** A command says once more what its operation takes; what it says beyond that is not sent. */
function remarkNotTaken(
  node: Term,
  own: readonly Term[],
  ofCommand: readonly Term[],
  context: OperationContext,
  assembly: Assembly,
): void {
  const taken = new Set(own.map(termKey));
  for (const input of ofCommand)
    if (!taken.has(termKey(input)) && !isTarget(input, context, assembly))
      assembly.report.remark(`${show(node)}: its command has the input ${show(input)}, and it has not.`);
}

/** The input whose thing property is the device's UUID; the bridge adds it to every RPC by itself. */
function isTarget(input: Term, { uuidProperty }: OperationContext, assembly: Assembly): boolean {
  const { fields } = assembly.facts;
  if (fields.one(input, 'role') !== undefined) return false;
  const properties = [input, ...fields.all(input, 'property')];
  const isUuid =
    uuidProperty !== undefined && properties.some((one) => termKey(one) === termKey(uuidProperty));
  if (!isUuid && localName(input.value) !== targetInput) return false;
  // The bridge has a text and a type of its own for it, so that these are nothing its author misses.
  assembly.text(input);
  assembly.facet(input)('datatype');
  return true;
}

function answerTopic(named: string | undefined, profile: Profile): string {
  if (profile === 'virtual') return '';
  return named === undefined ? defaultAnswerTopic(profile) : describedTopic(named, profile, requestTopic);
}

function transferTopics(
  node: Term,
  role: OperationRole,
  profile: Profile,
  { facts: { operations } }: Assembly,
): Pick<Operation, 'inputTopic' | 'acknowledgementTopic'> {
  if (profile === 'virtual') return {};
  const point = operations.one(node, 'inputPoint');
  const named = point === undefined ? undefined : operations.text(point, 'topic');
  const inputTopic = named === undefined ? defaultInputTopic(profile, role) : deviceTopic(named);
  if (inputTopic === undefined) return {};
  const acknowledged = operations.text(node, 'acknowledgementTopic');
  return {
    inputTopic,
    acknowledgementTopic:
      acknowledged === undefined
        ? defaultAcknowledgementTopic(profile, inputTopic)
        : deviceTopic(acknowledged),
  };
}

function roleOf(node: Term, profile: Profile, { facts, report }: Assembly): OperationRole {
  const classes = facts.operations.all(node, 'class').filter(({ value }) => roles.has(value));
  if (profile === 'virtual' && classes.length > 0)
    report.fault(
      node,
      'rdf:type',
      classes.map(show).join(', '),
      'onem2m:Operation alone',
      'A virtual device takes no firmware: each of its members is updated by itself.',
    );
  if (classes.length > 1)
    report.fault(node, 'rdf:type', classes.map(show).join(', '), 'one of them', 'An operation has one role.');
  return roles.get(classes[0]?.value ?? '') ?? 'generic';
}

/** Each role once: else the bridge could not know which operation to call. */
function checkRoles(operations: readonly Operation[], { report }: Assembly): void {
  for (const role of roles.values()) {
    const names = operations.filter((operation) => operation.role === role).map(({ name }) => name);
    if (names.length > 1)
      report.fault(
        'the document',
        'rdf:type',
        names.join(', '),
        'one of them',
        `A device has one ${role} operation.`,
      );
  }
}

/** The first text of several nodes. */
export function firstText(nodes: readonly Term[], assembly: Assembly): { readonly text?: string } {
  return nodes.map((node) => assembly.text(node)).find(({ text }) => text !== undefined) ?? {};
}
