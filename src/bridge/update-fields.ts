import type { DeviceDescription, Field, FieldRole, Operation, OperationRole } from '../base/description.ts';
import { type Leaf, leaves } from '../base/leaves.ts';
import type { ExtendedManifest } from '../mup/manifest.ts';
import { manifestValues } from '../mup/manifest-values.ts';

/**
 * Where the values of the update protocol stand in the operations of a device: its description says so
 * by roles, so that an ontology author may name them freely.
 */

/** The operation with that role, or `undefined` when the device has none. */
export function operationOf(description: DeviceDescription, role: OperationRole): Operation | undefined {
  return description.operations.find((operation) => operation.role === role);
}

/** The field with that role, sub-structures included. */
export function fieldWithRole(fields: readonly Field[], role: FieldRole): Leaf | undefined {
  return leaves(fields).find((field) => field.role === role);
}

/** Values in wire order, by the role of their field; fields without a role are left out. */
export function valuesByRole(fields: readonly Field[], values: readonly string[]): Map<FieldRole, string> {
  const byRole = new Map<FieldRole, string>();
  leaves(fields).forEach((field, i) => {
    const value = values[i];
    if (field.role !== undefined && value !== undefined && value !== '') byRole.set(field.role, value);
  });
  return byRole;
}

/** The inputs of a manifest operation for a manifest, in wire order. */
export function manifestInputs(operation: Operation, manifest: ExtendedManifest): string[] {
  const values = manifestValues(manifest);
  return leaves(operation.inputs).map((field) =>
    field.role === undefined ? (field.default ?? '') : (values[field.role] ?? ''),
  );
}
