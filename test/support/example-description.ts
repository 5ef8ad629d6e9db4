import type {
  DataPoint,
  DeviceDescription,
  Field,
  Operation,
  ValueType,
} from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';

/** A mandatory field. */
export function field(name: string, type: ValueType, more: Partial<Field> = {}): Field {
  return { name, type, mandatory: true, ...more };
}

/** An operation without inputs, outputs and states. */
export function operation(name: string, more: Partial<Operation> = {}): Operation {
  return {
    name,
    role: 'generic',
    mqttMethod: name.toUpperCase(),
    topic: 'device/dev-1',
    answerTopic: 'mup/response/dev-1',
    inputs: [],
    outputs: [],
    states: [],
    ...more,
  };
}

export function dataPoint(name: string, more: Partial<DataPoint> = {}): DataPoint {
  return { name, type: { kind: 'scalar', datatype: 'decimal' }, topic: `telemetry/${name}/dev-1`, ...more };
}

/** A description without anything. */
export function description(more: Partial<DeviceDescription> = {}): DeviceDescription {
  return {
    uuid: deviceUuid('dev-1'),
    category: 'Lamp',
    profile: 'mup',
    operations: [],
    dataPoints: [],
    remarks: [],
    ...more,
  };
}
