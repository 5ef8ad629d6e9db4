/* What a bridge checks of a signed description before it reads it (docs/adr/0029). */
#ifndef DESCRIPTIONS_H
#define DESCRIPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Who signed for a device before; `by` is "device", "vendor" or empty. */
struct signer {
  const char *by;
  const char *key;
  uint32_t counter;
  int accepted;
};

/* "taken", or the code of the answer. `speaker` becomes "device", "vendor" or empty: who signed what is taken. */
const char *receive_description(const char *uuid, const char *vendor_key, const struct signer *before,
                                const uint8_t *octets, size_t length, const char **speaker);

/* Whether a payload on the status topic is the word of the device that owns the key, or its will. */
int presence_holds(const char *uuid, const char *device_key, const char *message);

#endif
