/* Checks the vectors of fixtures/mup with code that shares nothing with src/: verify-vectors DIRECTORY
 * Prints what it expected otherwise, and how many vectors each file has. Ends with 0 when it agrees with all,
 * with 1 when it does not, with 2 when a file is not as it has to be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptions.h"
#include "mup-checks.h"
#include "vector-file.h"

static const char *file;
static int disagreements;

static void compare(const struct vector *vector, const char *what, const char *found, const char *wanted) {
  if (strcmp(found, wanted) == 0) return;
  printf("%s: %s: %s is %s, not %s\n", file, text_of(vector, "name"), what, found, wanted);
  disagreements += 1;
}

static const char *truth(int value) {
  return value ? "true" : "false";
}

static void copy_text(char *to, size_t room, const char *text) {
  if (strlen(text) >= room) {
    fprintf(stderr, "%s: %s is too long\n", file, text);
    exit(2);
  }
  strcpy(to, text);
}

static uint32_t number_of(const struct vector *vector, const char *name) {
  uint32_t value;
  if (read_uint32(text_of(vector, name), &value)) return value;
  fprintf(stderr, "%s: %s is no number\n", file, name);
  exit(2);
}

static void check_signature(const struct vector *vector) {
  int valid = verify_hex(text_of(vector, "publicKey"), text_of(vector, "text"), text_of(vector, "signature"));
  compare(vector, "valid", truth(valid), text_of(vector, "valid"));
}

static void check_token(const struct vector *vector) {
  int valid = token_is_valid(text_of(vector, "profile"), text_of(vector, "uuid"), text_of(vector, "nonce"),
                             text_of(vector, "version"));
  compare(vector, "valid", truth(valid), text_of(vector, "valid"));
}

static void check_endorsement(const struct vector *vector) {
  struct device device = {.epoch = number_of(vector, "keptEpoch"), .trust_first_key = is_true(vector, "trustFirstKey")};
  char epoch[16];
  copy_text(device.server_key, sizeof device.server_key, text_of(vector, "keptKey"));
  copy_text(device.vendor_key, sizeof device.vendor_key, text_of(vector, "vendorKey"));
  compare(vector, "decision", receive_key(&device, text_of(vector, "message")), text_of(vector, "decision"));
  (void)snprintf(epoch, sizeof epoch, "%lu", (unsigned long)device.epoch);
  compare(vector, "epochAfter", epoch, text_of(vector, "epochAfter"));
}

static void check_manifest(const struct vector *vector) {
  struct device device = {
      .version = number_of(vector, "version"),
      .slot_octets = number_of(vector, "slotBytes"),
      .slot_free = is_true(vector, "slotFree"),
  };
  copy_text(device.uuid, sizeof device.uuid, text_of(vector, "uuid"));
  copy_text(device.app_id, sizeof device.app_id, text_of(vector, "appId"));
  copy_text(device.nonce, sizeof device.nonce, text_of(vector, "outstandingNonce"));
  copy_text(device.server_key, sizeof device.server_key, text_of(vector, "serverKey"));
  copy_text(device.vendor_key, sizeof device.vendor_key, text_of(vector, "vendorKey"));
  compare(vector, "state", receive_manifest(&device, text_of(vector, "message")), text_of(vector, "state"));
  const char *next = text_of(vector, "nextMessage");
  if (next[0] != '\0') compare(vector, "nextState", receive_manifest(&device, next), text_of(vector, "nextState"));
}

enum { slice_room = 256, list_room = 4096 };

/* @param expected of slices that are authenticated, else NULL */
static void check_slices(const struct vector *vector, char *expected) {
  struct transfer transfer = {.size = number_of(vector, "size"), .digest = text_of(vector, "digest")};
  char slices[list_room], acknowledged[list_room] = "";
  transfer.slot = calloc(1, transfer.size);
  copy_text(slices, sizeof slices, text_of(vector, "slices"));
  for (char *one = strtok(slices, " "); one != NULL; one = strtok(NULL, " ")) {
    uint8_t payload[slice_room];
    char offset[16];
    long length = from_hex(one, payload, sizeof payload);
    if (transfer.slot == NULL || length < 0) exit(2);
    int is_slice = expected == NULL ? receive_slice(&transfer, payload, (size_t)length)
                                    : receive_authenticated_slice(&transfer, expected, payload, (size_t)length);
    if (!is_slice) continue;
    (void)snprintf(offset, sizeof offset, "%s%08lx", acknowledged[0] == '\0' ? "" : " ", (unsigned long)transfer.received);
    strncat(acknowledged, offset, sizeof acknowledged - strlen(acknowledged) - 1);
  }
  compare(vector, "acknowledgements", acknowledged, text_of(vector, "acknowledgements"));
  compare(vector, "state", receive_fin(&transfer), text_of(vector, "state"));
  free(transfer.slot);
}

static void check_image(const struct vector *vector) {
  check_slices(vector, NULL);
}

static void check_chain(const struct vector *vector) {
  char expected[slice_hash_room], promised[64];
  const char *text = text_of(vector, "outerText");
  copy_text(expected, sizeof expected, text_of(vector, "sliceHash"));
  (void)snprintf(promised, sizeof promised, ";%s;%s", text_of(vector, "sliceSize"), expected);
  if (strlen(text) < strlen(promised)) exit(2);
  compare(vector, "the end of outerText", text + strlen(text) - strlen(promised), promised);
  compare(vector, "outerSignature",
          truth(es256_verify_hex(text_of(vector, "serverKey"), text, text_of(vector, "outerSignature"))), "true");
  check_slices(vector, expected);
}

static void check_myno(const struct vector *vector) {
  char parts[list_room], inner_text[list_room] = "", outer_text[list_room + slice_room];
  const char *values[10];
  size_t count = 0;
  copy_text(parts, sizeof parts, text_of(vector, "parts"));
  for (char *part = strtok(parts, " "); part != NULL && count < 10; part = strtok(NULL, " ")) {
    if (part[0] != (char)('0' + count) || part[1] != ',') exit(2);
    values[count++] = part + 2;
  }
  if (count != 10) exit(2);
  (void)snprintf(inner_text, sizeof inner_text, "%s;%s;%s;%s;%s;%s", values[0], values[1], values[2], values[3], values[4],
                 values[5]);
  (void)snprintf(outer_text, sizeof outer_text, "%s;%s;%s", inner_text, values[6], values[7]);
  compare(vector, "innerText", inner_text, text_of(vector, "innerText"));
  compare(vector, "outerText", outer_text, text_of(vector, "outerText"));
  compare(vector, "innerValid", truth(es256_verify_hex(text_of(vector, "vendorKey"), inner_text, values[6])),
          text_of(vector, "innerValid"));
  compare(vector, "outerValid", truth(es256_verify_hex(text_of(vector, "serverKey"), outer_text, values[8])),
          text_of(vector, "outerValid"));
}

static void check_description(const struct vector *vector) {
  static uint8_t octets[list_room];
  const struct signer before = {
      .by = text_of(vector, "signedBy"),
      .key = text_of(vector, "signerKey"),
      .counter = number_of(vector, "signerCounter"),
      .accepted = is_true(vector, "accepted"),
  };
  const char *speaker;
  long length = from_hex(text_of(vector, "message"), octets, sizeof octets);
  if (length < 0) exit(2);
  const char *verdict = receive_description(text_of(vector, "uuid"), text_of(vector, "vendorKey"), &before, octets,
                                            (size_t)length, &speaker);
  compare(vector, "verdict", verdict, text_of(vector, "verdict"));
  compare(vector, "speaker", speaker, text_of(vector, "speaker"));
}

static void check_rotation(const struct vector *vector) {
  struct device device = {.epoch = number_of(vector, "keptEpoch"), .vendor_counter = number_of(vector, "counter")};
  char counter[16];
  copy_text(device.server_key, sizeof device.server_key, text_of(vector, "keptKey"));
  copy_text(device.vendor_key, sizeof device.vendor_key, text_of(vector, "vendorKey"));
  compare(vector, "state", receive_vendor_key(&device, text_of(vector, "message")), text_of(vector, "state"));
  compare(vector, "vendorKeyAfter", device.vendor_key, text_of(vector, "vendorKeyAfter"));
  (void)snprintf(counter, sizeof counter, "%lu", (unsigned long)device.vendor_counter);
  compare(vector, "counterAfter", counter, text_of(vector, "counterAfter"));
  const char *answer = text_of(vector, "answer");
  if (answer[0] != '\0') compare(vector, "decision", receive_key(&device, answer), text_of(vector, "decision"));
}

static void check_presence(const struct vector *vector) {
  int believed = presence_holds(text_of(vector, "uuid"), text_of(vector, "deviceKey"), text_of(vector, "message"));
  compare(vector, "believed", truth(believed), text_of(vector, "believed"));
}

static const struct {
  const char *name;
  void (*check)(const struct vector *vector);
} files[] = {
    {"signatures.json", check_signature}, {"tokens.json", check_token}, {"endorsements.json", check_endorsement},
    {"manifests.json", check_manifest},   {"images.json", check_image}, {"slice-chains.json", check_chain},
    {"myno.json", check_myno},           {"descriptions.json", check_description},
    {"presences.json", check_presence},
    {"rotations.json", check_rotation},
};

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return 2;
  }
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i += 1) {
    char path[4096];
    size_t count;
    file = files[i].name;
    (void)snprintf(path, sizeof path, "%s/%s", argv[1], file);
    struct vector *vectors = read_vectors(path, &count);
    for (size_t at = 0; at < count; at += 1) files[i].check(&vectors[at]);
    printf("%s: %lu vectors\n", file, (unsigned long)count);
  }
  return disagreements == 0 ? 0 : 1;
}
