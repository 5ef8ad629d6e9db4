/* ES256 and SHA-256 by OpenSSL's libcrypto, and hex: what a device has from its own libraries. */
#ifndef ES256_H
#define ES256_H

#include <stddef.h>
#include <stdint.h>

enum { key_octets = 64, signature_octets = 64, digest_octets = 32 };

/* Whether a raw r‖s is the signature of a raw x‖y over a text. Lengths other than 64 are no signature and no key. */
int es256_verify(const uint8_t *key, size_t key_length, const char *text, const uint8_t *signature,
                 size_t signature_length);

/* The same of hex. What is not hex is no signature and no key. */
int es256_verify_hex(const char *key, const char *text, const char *signature);

/* SHA-256 in lower-case hex: 64 digits and the end. */
void sha256_hex(const uint8_t *bytes, size_t length, char hex[2 * digest_octets + 1]);

/* Octets of hex of either case, at most `room`; -1 where it is not hex or does not fit. */
long from_hex(const char *hex, uint8_t *bytes, size_t room);

#endif
