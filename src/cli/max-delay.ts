/** The longest delay that Node's timers take, milliseconds: 24.8 days. */
export const maxDelayMs = 2 ** 31 - 1;
