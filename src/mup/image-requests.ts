/**
 * The one input of the request that ends a transfer (profile `mup`): the last slice has been sent, verify the image
 * (mup-protocol §3, step 6).
 */
export const finishImage = 'FIN';

/**
 * The one input of the request that gives a transfer up (profile `mup`, ADR 20): drop what has arrived, also if it is all
 * of the image, and free the slot. Answered 10_OK, or 11_NOOP where there was nothing to drop. A device that does not
 * know it answers an error, and frees its slot at its own deadline.
 */
export const abortImage = 'ABORT';
