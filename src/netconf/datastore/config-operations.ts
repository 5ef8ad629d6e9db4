import type { XmlElement } from '../../xml/element.ts';
import type { OperationContext, Reply } from '../operation.ts';
import { parameters, wordOf } from '../parameters.ts';
import { invalidValue, missingElement, operationNotSupported, unknownElement } from '../protocol-errors.ts';
import type { DatastoreName } from './datastore-locks.ts';
import { namedByElement, namedDatastore, namedSource } from './datastore-parameter.ts';
import type { EditRequest } from './datastores.ts';
import { takeWithDefaults } from './with-defaults-parameter.ts';

const done: Reply = [];

/** `<edit-config>` (RFC 6241 §7.2). */
export async function editConfigOperation(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const names = ['target', 'default-operation', 'test-option', 'error-option', 'config', 'url'];
  const given = parameters(operation, names);
  const target = namedDatastore(given.get('target'), 'target', operation);
  const defaultOperation = wordOf(given, 'default-operation', ['merge', 'replace', 'none']);
  const testOption = wordOf(given, 'test-option', ['test-then-set', 'set', 'test-only']);
  const errorOption = wordOf(given, 'error-option', [
    'stop-on-error',
    'continue-on-error',
    'rollback-on-error',
  ]);
  if (given.has('url')) throw operationNotSupported('<url> is not supported, only <config> is', 'url');
  const config = given.get('config');
  if (config === undefined) throw missingElement('config', operation.name);
  const request: EditRequest = {
    target,
    config,
    ...(defaultOperation === undefined ? {} : { defaultOperation }),
    ...(testOption === undefined ? {} : { testOption }),
    ...(errorOption === undefined ? {} : { errorOption }),
  };
  await context.datastores.edit(request, context);
  return done;
}

/** `<copy-config>` (RFC 6241 §7.3; RFC 6243 §4.5.1). */
export async function copyConfig(request: XmlElement, context: OperationContext): Promise<Reply> {
  const { mode, operation } = takeWithDefaults(request);
  const given = parameters(operation, ['target', 'source']);
  const target = namedDatastore(given.get('target'), 'target', operation);
  const source = namedSource(given.get('source'), operation);
  if (source === target)
    throw invalidValue('target', 'the source and the target of a copy are two different datastores');
  await context.datastores.copy(source, target, context, mode);
  return done;
}

/** `<delete-config>` (RFC 6241 §7.4): `running` is always there, and no target. */
export async function deleteConfig(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const target = namedDatastore(parameters(operation, ['target']).get('target'), 'target', operation);
  if (target === 'running') throw unknownElement({ ...operation, name: 'running' }, 'target');
  await context.datastores.deleteStartup(context);
  return done;
}

/** `<validate>` (RFC 6241 §8.6.4.1, RFC 8526 §3.2). */
export async function validate(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const given = parameters(operation, ['source']).get('source');
  const source = namedSource(namedByElement(given, operation), operation);
  await context.datastores.validate(source, context);
  return done;
}

/** `<lock>` (RFC 6241 §7.5, RFC 8526 §3.2). */
export async function lock(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const target = lockTarget(operation);
  await context.datastores.lock(target, context);
  return done;
}

/** `<unlock>` (RFC 6241 §7.6, RFC 8526 §3.2). */
export function unlock(operation: XmlElement, context: OperationContext): Reply {
  const target = lockTarget(operation);
  context.datastores.unlock(target, context.session.id);
  return done;
}

function lockTarget(operation: XmlElement): DatastoreName {
  const given = parameters(operation, ['target']).get('target');
  return namedDatastore(namedByElement(given, operation), 'target', operation);
}
