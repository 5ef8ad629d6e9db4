#include "descriptions.h"

#include <stdio.h>
#include <string.h>

#include "mup-checks.h"

static const char magic[] = "MUP-SIGNED;";

enum { counter_digits = 10, field_room = 2 * key_octets + 2 };

/* Copies a field up to its semicolon; 0 where none comes in time. */
static int read_field(const uint8_t **at, const uint8_t *end, char field[field_room]) {
  for (size_t length = 0; *at < end && length + 1 < field_room; length += 1) {
    uint8_t octet = *(*at)++;
    field[length] = '\0';
    if (octet == ';') return 1;
    if (octet == '\0') return 0;
    field[length] = (char)octet;
  }
  return 0;
}

static int is_lower_hex(const char *text, size_t octets) {
  return strlen(text) == 2 * octets && strspn(text, "0123456789abcdef") == 2 * octets;
}

const char *receive_description(const char *uuid, const char *vendor_key, const struct signer *before,
                                const uint8_t *octets, size_t length, const char **speaker) {
  const uint8_t *at = octets + sizeof magic - 1, *end = octets + length;
  char decimal[field_room], key[field_room], signature[field_room], digest[2 * digest_octets + 1], text[512];
  uint32_t counter;
  int was_signed = before->by[0] != '\0';

  *speaker = "";
  if (length < sizeof magic - 1 || memcmp(octets, magic, sizeof magic - 1) != 0)
    return was_signed ? "signature-required" : "taken";
  if (!read_field(&at, end, decimal) || !read_field(&at, end, key) || !read_field(&at, end, signature) ||
      strlen(decimal) > counter_digits || !read_uint32(decimal, &counter) ||
      !(is_lower_hex(key, key_octets) || is_lower_hex(key, key_octets / 2)) ||
      !is_lower_hex(signature, signature_octets))
    return "bad-signature";

  const char *by = vendor_key[0] != '\0' && strcmp(key, vendor_key) == 0 ? "vendor" : "device";
  int is_vendor = strcmp(by, "vendor") == 0;
  if (was_signed) {
    int is_same = strcmp(by, before->by) == 0 && (is_vendor || strcmp(key, before->key) == 0);
    if (!is_same && !(is_vendor && !before->accepted)) return "wrong-key";
    if (is_same && counter < before->counter) return "old-description";
  }
  sha256_hex(at, (size_t)(end - at), digest);
  (void)snprintf(text, sizeof text, "MUP-DESCRIPTION;%s;%s;%s;%s", uuid, decimal, key, digest);
  if (!es256_verify_hex(key, text, signature)) return "bad-signature";
  *speaker = by;
  return "taken";
}

int presence_holds(const char *uuid, const char *device_key, const char *message) {
  static const char word[] = "online;";
  char version[counter_digits + 1], text[512];
  uint32_t number;
  const char *signature = strrchr(message, ';');
  size_t digits;

  if (strcmp(message, "offline") == 0) return 1;
  if (strncmp(message, word, sizeof word - 1) != 0 || signature == NULL) return 0;
  const char *at = message + sizeof word - 1;
  digits = strcspn(at, ";");
  if (digits > counter_digits || at + digits > signature) return 0;
  memcpy(version, at, digits);
  version[digits] = '\0';
  if (!read_uint32(version, &number) || !is_lower_hex(signature + 1, signature_octets)) return 0;
  /* Between the two nothing, or the id of the key that the device keeps. */
  at += digits;
  if (at != signature && (signature - at != 17 || strspn(at + 1, "0123456789abcdef") != 16)) return 0;
  (void)snprintf(text, sizeof text, "MUP-PRESENCE;%s;%.*s", uuid, (int)(signature - message), message);
  return es256_verify_hex(device_key, text, signature + 1);
}
