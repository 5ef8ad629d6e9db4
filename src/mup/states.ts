/** One state that a device answers a step of an update with. */
interface StateEntry {
  readonly code: number;
  /** As it goes over the wire. */
  readonly name: string;
  /** What it means, for people. */
  readonly text: string;
}

/** The states of mup-protocol §3 (paper Table 3), in the order of their codes. */
export const deviceStates = [
  { code: 10, name: '10_OK', text: 'done' },
  { code: 11, name: '11_NOOP', text: 'there was nothing to do' },
  { code: 12, name: '12_ERROR', text: 'the device failed for a reason of its own' },
  { code: 20, name: '20_MANIFEST-NOT-VALID', text: 'the manifest is malformed or not complete' },
  { code: 21, name: '21_WRONG-APP-ID', text: 'the manifest is for another application' },
  { code: 22, name: '22_INVALID-NONCE', text: 'no token is outstanding with the manifest’s nonce' },
  { code: 23, name: '23_OUTER-SIGN-INVALID', text: 'the update server’s signature does not hold' },
  { code: 24, name: '24_INNER-SIGN-INVALID', text: 'the vendor’s signature does not hold' },
  {
    code: 25,
    name: '25_INVALID-VERSIONNR',
    text: 'the new version is not higher, or the old version is not the one that runs',
  },
  { code: 26, name: '26_SAVESLOT-IN-USE', text: 'the slot for a new image is in use' },
  { code: 27, name: '27_IMAGE-TOO-BIG', text: 'the image does not fit into its slot' },
  { code: 28, name: '28_IMAGE-INVALID', text: 'what arrived is not the image that was signed' },
  { code: 29, name: '29_WRONG-UUID', text: 'the manifest is for another device' },
] as const satisfies readonly StateEntry[];

/** One row of {@link deviceStates}. */
export type DeviceState = (typeof deviceStates)[number];

/** States of a roll-over of the vendor's key (ADR 27) that an update does not have. */
export const vendorKeyStates = ['30_KEY-NOT-VALID', '31_COUNTER-NOT-HIGHER'] as const;

/** Name of a state, as it goes over the wire. */
export type DeviceStateName = DeviceState['name'] | (typeof vendorKeyStates)[number];

const byName: ReadonlyMap<string, DeviceState> = new Map(deviceStates.map((state) => [state.name, state]));

/** The state with the code that a text begins with: descriptions spell the rest as they like (`28 invalid`). */
export function deviceStateOf(text: string): DeviceStateName | undefined {
  const code = Number(codeIn(text));
  return deviceStates.find((state) => state.code === code)?.name;
}

/** The same for the answer to a roll-over of the vendor's key (ADR 27). */
export function vendorKeyStateOf(text: string): DeviceStateName | undefined {
  const code = codeIn(text);
  return deviceStateOf(text) ?? vendorKeyStates.find((name) => codeIn(name) === code);
}

function codeIn(text: string): string | undefined {
  return /^([0-9]{2})(?:[_ ]|$)/.exec(text)?.[1];
}

/** What a state means, for people. */
export function deviceStateText(state: DeviceStateName): string {
  return byName.get(state)?.text ?? state;
}
