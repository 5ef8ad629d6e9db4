#include "es256.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <string.h>

static EVP_PKEY *public_key(const uint8_t raw[key_octets]) {
  /* SEC 1 section 2.3.3: 0x04 in front of x and y. libcrypto refuses what is no point of the curve. */
  uint8_t point[1 + key_octets] = {0x04};
  char group[] = "P-256";
  EVP_PKEY *key = NULL;
  memcpy(point + 1, raw, key_octets);
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
      OSSL_PARAM_construct_end(),
  };
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
    (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters);
  EVP_PKEY_CTX_free(context);
  return key;
}

/* libcrypto takes the two integers as DER (RFC 3279 section 2.2.3). */
static int der_signature(const uint8_t raw[signature_octets], unsigned char **der) {
  ECDSA_SIG *signature = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn(raw, signature_octets / 2, NULL);
  BIGNUM *s = BN_bin2bn(raw + signature_octets / 2, signature_octets / 2, NULL);
  int length = -1;
  if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1)
    length = i2d_ECDSA_SIG(signature, der);
  ECDSA_SIG_free(signature);
  return length;
}

int es256_verify(const uint8_t *key, size_t key_length, const char *text, const uint8_t *signature,
                 size_t signature_length) {
  unsigned char *der = NULL;
  int valid = 0;
  if (key_length != key_octets || signature_length != signature_octets) return 0;
  EVP_PKEY *point = public_key(key);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int length = der_signature(signature, &der);
  if (point != NULL && context != NULL && length > 0 &&
      EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, point) == 1)
    valid = EVP_DigestVerify(context, der, (size_t)length, (const unsigned char *)text, strlen(text)) == 1;
  OPENSSL_free(der);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(point);
  return valid;
}

void sha256_hex(const uint8_t *bytes, size_t length, char hex[2 * digest_octets + 1]) {
  static const char digits[] = "0123456789abcdef";
  uint8_t digest[EVP_MAX_MD_SIZE] = {0};
  unsigned int octets = 0;
  (void)EVP_Digest(bytes, length, digest, &octets, EVP_sha256(), NULL);
  for (unsigned int i = 0; i < digest_octets; i += 1) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[2 * digest_octets] = '\0';
}

static int digit(char hex) {
  if (hex >= '0' && hex <= '9') return hex - '0';
  if (hex >= 'a' && hex <= 'f') return hex - 'a' + 10;
  if (hex >= 'A' && hex <= 'F') return hex - 'A' + 10;
  return -1;
}

long from_hex(const char *hex, uint8_t *bytes, size_t room) {
  size_t length = strlen(hex);
  if (length % 2 != 0 || length / 2 > room) return -1;
  for (size_t i = 0; i < length; i += 2) {
    int high = digit(hex[i]);
    int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return -1;
    bytes[i / 2] = (uint8_t)(high << 4 | low);
  }
  return (long)(length / 2);
}

int es256_verify_hex(const char *key, const char *text, const char *signature) {
  uint8_t key_bytes[key_octets];
  uint8_t signature_bytes[signature_octets];
  long key_length = from_hex(key, key_bytes, sizeof key_bytes);
  long signature_length = from_hex(signature, signature_bytes, sizeof signature_bytes);
  if (key_length < 0 || signature_length < 0) return 0;
  return es256_verify(key_bytes, (size_t)key_length, text, signature_bytes, (size_t)signature_length);
}
