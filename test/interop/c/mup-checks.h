/* What a device checks (mup-protocol sections 1 and 3), by the texts that come over the wire. */
#ifndef MUP_CHECKS_H
#define MUP_CHECKS_H

#include <stddef.h>
#include <stdint.h>

#include "suites.h"

enum { uuid_room = 65, nonce_room = 33, app_id_room = 33, key_hex_room = 2 * key_octets + 1 };

enum { slice_hash_octets = 16, slice_hash_room = 2 * slice_hash_octets + 1 };

/* What a device knows. A key or a nonce that it does not have is empty. */
struct device {
  char uuid[uuid_room];
  char app_id[app_id_room];
  char nonce[nonce_room];
  char server_key[key_hex_room];
  char vendor_key[key_hex_room];
  uint32_t vendor_counter;
  uint32_t epoch;
  uint32_t version;
  uint32_t slot_octets;
  int slot_free;
  int trust_first_key;
};

/* Decimal without sign and leading zeros, 32 bits; 0 where the text is another. */
int read_uint32(const char *text, uint32_t *value);

/* Whether a token is one; `profile` is "mup" or "myno". */
int token_is_valid(const char *profile, const char *uuid, const char *nonce, const char *version);

/* Steps 3-4: the state that the message is answered with. Spends the nonce that it compares; 10_OK takes the slot. */
const char *receive_manifest(struct device *device, const char *message);

/* The answer to a description: "take", "same", "refuse" or "malformed". "take" changes key and epoch. */
const char *receive_key(struct device *device, const char *message);

/* The vendor's next key: the state that the message is answered with. 10_OK takes it, and forgets the epoch. */
const char *receive_vendor_key(struct device *device, const char *message);

/* A transfer into the slot: steps 5 and 6. */
struct transfer {
  uint32_t size;
  const char *digest;
  uint32_t received;
  uint8_t *slot;
};

/* Whether a payload is a slice, and so is acknowledged with `received`; takes it where it is the one expected. */
int receive_slice(struct transfer *transfer, const uint8_t *payload, size_t length);

/* The same of slices that are authenticated: `expected` is the hash that the next one must have, as hex; that of the
 * first one is the manifest's. A slice that is taken changes it. */
int receive_authenticated_slice(struct transfer *transfer, char expected[slice_hash_room], const uint8_t *payload,
                                size_t length);

/* The state that FIN is answered with. */
const char *receive_fin(const struct transfer *transfer);

#endif
