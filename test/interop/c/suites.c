#include "suites.h"

#include <openssl/evp.h>
#include <string.h>

const char *suite_of_key(const char *key) {
  switch (strlen(key)) {
    case 2 * key_octets: return "1";
    case 2 * ed25519_key_octets: return "2";
    default: return "";
  }
}

/* RFC 8032 section 5.1.7. libcrypto refuses an S that is not below the order, and what is no point of the curve. */
static int ed25519_verify_hex(const char *key, const char *text, const char *signature) {
  uint8_t key_bytes[ed25519_key_octets];
  uint8_t signature_bytes[signature_octets];
  int valid = 0;
  if (from_hex(key, key_bytes, sizeof key_bytes) != sizeof key_bytes) return 0;
  if (from_hex(signature, signature_bytes, sizeof signature_bytes) != sizeof signature_bytes) return 0;
  EVP_PKEY *point = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_bytes, sizeof key_bytes);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (point != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, point) == 1)
    valid = EVP_DigestVerify(context, signature_bytes, sizeof signature_bytes, (const unsigned char *)text,
                             strlen(text)) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(point);
  return valid;
}

int verify_hex(const char *key, const char *text, const char *signature) {
  return strcmp(suite_of_key(key), "2") == 0 ? ed25519_verify_hex(key, text, signature)
                                             : es256_verify_hex(key, text, signature);
}
