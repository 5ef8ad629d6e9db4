/* The signature suites, 1 (ES256) and 2 (Ed25519, by OpenSSL's libcrypto). A key shows its suite by its length. */
#ifndef SUITES_H
#define SUITES_H

#include "es256.h"

enum { ed25519_key_octets = 32 };

/* The code of the suite of a key in hex, "1" or "2"; empty where no suite has keys of that length. */
const char *suite_of_key(const char *key);

/* Whether a signature in hex is that of a key in hex over a text, in the suite of the key. */
int verify_hex(const char *key, const char *text, const char *signature);

#endif
