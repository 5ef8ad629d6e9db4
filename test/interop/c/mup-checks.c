#include "mup-checks.h"

#include <stdio.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char decimal_digits[] = "0123456789";
static const char uuid_characters[] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char app_id_characters[] = "._-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int consists_of(const char *text, const char *characters, size_t shortest, size_t longest) {
  size_t length = strlen(text);
  return length >= shortest && length <= longest && strspn(text, characters) == length;
}

static int is_hex(const char *text, size_t octets) {
  return consists_of(text, hex_digits, 2 * octets, 2 * octets);
}

static int is_uuid(const char *text) {
  return text[0] != '-' && consists_of(text, uuid_characters, 1, uuid_room - 1);
}

static int is_decimal(const char *text, size_t longest) {
  return consists_of(text, decimal_digits, 1, longest) && (text[0] != '0' || text[1] == '\0');
}

int read_uint32(const char *text, uint32_t *value) {
  uint64_t sum = 0;
  if (!is_decimal(text, 10)) return 0;
  for (const char *at = text; *at != '\0'; at += 1) sum = 10 * sum + (uint64_t)(*at - '0');
  *value = (uint32_t)sum;
  return sum <= UINT32_MAX;
}

int token_is_valid(const char *profile, const char *uuid, const char *nonce, const char *version) {
  uint32_t number;
  int is_nonce = strcmp(profile, "mup") == 0 ? is_hex(nonce, 16) : is_decimal(nonce, 20);
  return is_uuid(uuid) && is_nonce && read_uint32(version, &number);
}

/* Splits a copy of a message at its semicolons. More fields than there is room for count as one more. */
enum { message_room = 1024, max_fields = 14 };

static size_t split(const char *message, char copy[message_room], const char *fields[max_fields]) {
  size_t count = 0;
  if (strlen(message) >= message_room) return 0;
  strcpy(copy, message);
  for (char *at = copy; at != NULL && count < max_fields; count += 1) {
    fields[count] = at;
    at = strchr(at, ';');
    if (at != NULL) *at++ = '\0';
  }
  return count;
}

enum field { id, method, suite, app_id, link_offset, digest, size, new_version, old_version, inner, uuid, nonce, outer,
             field_count };

/* The vendor's key is of one suite, and nothing of another can be verified with it. */
static int is_our_suite(const struct device *device, const char *named) {
  if (device->vendor_key[0] != '\0') return strcmp(named, suite_of_key(device->vendor_key)) == 0;
  return strcmp(named, "1") == 0 || strcmp(named, "2") == 0;
}

/* The two keys may differ in their suites: the update server's is then asked nothing. */
static int is_signed(const char *key, const char *named, const char *text, const char *signature) {
  return strcmp(named, suite_of_key(key)) == 0 && verify_hex(key, text, signature);
}

const char *receive_manifest(struct device *device, const char *message) {
  char copy[message_room];
  char text[message_room];
  const char *is[max_fields];
  uint32_t offset, octets, next, previous;

  if (split(message, copy, is) != field_count || !is_our_suite(device, is[suite]) ||
      !consists_of(is[app_id], app_id_characters, 1, app_id_room - 1) || !read_uint32(is[link_offset], &offset) ||
      !is_hex(is[digest], digest_octets) || !read_uint32(is[size], &octets) || octets == 0 ||
      !read_uint32(is[new_version], &next) || !read_uint32(is[old_version], &previous) ||
      !is_hex(is[inner], signature_octets) || !is_uuid(is[uuid]) || !is_hex(is[nonce], 16) ||
      !is_hex(is[outer], signature_octets))
    return "20_MANIFEST-NOT-VALID";

  /* Spent by being compared, whatever comes of it: one guess and one signature check a token. */
  int is_outstanding = device->nonce[0] != '\0' && strcmp(is[nonce], device->nonce) == 0;
  device->nonce[0] = '\0';
  if (!is_outstanding) return "22_INVALID-NONCE";
  if (strcmp(is[uuid], device->uuid) != 0) return "29_WRONG-UUID";
  if (strcmp(is[app_id], device->app_id) != 0) return "21_WRONG-APP-ID";
  if (next <= device->version) return "25_INVALID-VERSIONNR";
  if (previous != 0 && previous != device->version) return "25_INVALID-VERSIONNR";
  if (octets > device->slot_octets) return "27_IMAGE-TOO-BIG";
  if (!device->slot_free) return "26_SAVESLOT-IN-USE";

  int inner_length = snprintf(text, sizeof text, "%s;%s;%s;%s;%s;%s;%s", is[suite], is[app_id], is[link_offset],
                              is[digest], is[size], is[new_version], is[old_version]);
  (void)snprintf(text + inner_length, sizeof text - (size_t)inner_length, ";%s;%s;%s", is[inner], is[uuid], is[nonce]);
  if (!is_signed(device->server_key, is[suite], text, is[outer])) return "23_OUTER-SIGN-INVALID";
  text[inner_length] = '\0';
  if (!is_signed(device->vendor_key, is[suite], text, is[inner])) return "24_INNER-SIGN-INVALID";
  device->slot_free = 0;
  return "10_OK";
}

const char *receive_key(struct device *device, const char *message) {
  char copy[message_room];
  char text[message_room];
  const char *is[max_fields];
  uint32_t epoch;
  enum { word, key, epoch_text, endorsement, count };

  if (split(message, copy, is) != count || strcmp(is[word], "OK") != 0 ||
      (!is_hex(is[key], key_octets) && !is_hex(is[key], ed25519_key_octets)) ||
      !read_uint32(is[epoch_text], &epoch) ||
      (is[endorsement][0] != '\0' && !is_hex(is[endorsement], signature_octets)))
    return "malformed";

  int endorsed = is[endorsement][0] != '\0';
  int has_key = device->server_key[0] != '\0';
  int same = has_key && strcmp(device->server_key, is[key]) == 0;
  if (same && (!endorsed || epoch == device->epoch)) return "same";
  if (device->vendor_key[0] == '\0') {
    if (has_key || !device->trust_first_key) return "refuse";
    epoch = 0; /* Nobody signed it: a forged high one would lock out all later keys. */
  } else {
    if (!endorsed || (has_key && epoch < device->epoch)) return "refuse";
    (void)snprintf(text, sizeof text, "MUP-UPDATE-SERVER;%s;%s", is[key], is[epoch_text]);
    if (!is_signed(device->vendor_key, suite_of_key(is[key]), text, is[endorsement])) return "refuse";
  }
  strcpy(device->server_key, is[key]);
  device->epoch = epoch;
  return "take";
}

static uint32_t offset_of(const uint8_t *payload) {
  return (uint32_t)payload[0] << 24 | (uint32_t)payload[1] << 16 | (uint32_t)payload[2] << 8 | payload[3];
}

const char *receive_vendor_key(struct device *device, const char *message) {
  char copy[message_room];
  char text[message_room];
  const char *is[max_fields];
  uint32_t number;
  enum { request, operation, key, counter, signature, count };

  if (split(message, copy, is) != count || suite_of_key(is[key])[0] == '\0' ||
      strspn(is[key], hex_digits) != strlen(is[key]) || !read_uint32(is[counter], &number) || number == 0 ||
      !is_hex(is[signature], signature_octets))
    return "30_KEY-NOT-VALID";
  if (device->vendor_key[0] == '\0') return "24_INNER-SIGN-INVALID";
  if (number == device->vendor_counter && strcmp(is[key], device->vendor_key) == 0) return "11_NOOP";
  if (number <= device->vendor_counter) return "31_COUNTER-NOT-HIGHER";
  (void)snprintf(text, sizeof text, "MUP-VENDOR-KEY;%s;%s", is[key], is[counter]);
  if (!verify_hex(device->vendor_key, text, is[signature])) return "24_INNER-SIGN-INVALID";
  strcpy(device->vendor_key, is[key]);
  device->vendor_counter = number;
  device->epoch = 0; /* What the key before endorsed holds no more: nothing older can come back. */
  return "10_OK";
}

int receive_slice(struct transfer *transfer, const uint8_t *payload, size_t length) {
  if (length <= 4) return 0;
  uint32_t offset = offset_of(payload);
  /* Longer than the signed size: refused before it is written. The difference cannot overflow. */
  if (offset == transfer->received && length - 4 <= transfer->size - transfer->received) {
    memcpy(transfer->slot + offset, payload + 4, length - 4);
    transfer->received += (uint32_t)(length - 4);
  }
  return 1;
}

int receive_authenticated_slice(struct transfer *transfer, char expected[slice_hash_room], const uint8_t *payload,
                                size_t length) {
  enum { header = 4 + slice_hash_octets };
  char found[2 * digest_octets + 1];
  if (length <= header) return 0;
  /* The hash comes last: a slice from another place costs none. */
  if (offset_of(payload) != transfer->received || length - header > transfer->size - transfer->received) return 1;
  sha256_hex(payload, length, found);
  if (strncmp(found, expected, 2 * slice_hash_octets) != 0) return 1;
  memcpy(transfer->slot + transfer->received, payload + header, length - header);
  transfer->received += (uint32_t)(length - header);
  for (size_t i = 0; i < slice_hash_octets; i += 1) (void)snprintf(expected + 2 * i, 3, "%02x", payload[4 + i]);
  return 1;
}

const char *receive_fin(const struct transfer *transfer) {
  char found[2 * digest_octets + 1];
  if (transfer->received != transfer->size) return "28_IMAGE-INVALID";
  sha256_hex(transfer->slot, transfer->size, found);
  return strcmp(found, transfer->digest) == 0 ? "10_OK" : "28_IMAGE-INVALID";
}
