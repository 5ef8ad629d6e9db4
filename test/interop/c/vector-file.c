#include "vector-file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *path_read;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", path_read, what);
  exit(2);
}

static char *contents(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail("cannot be opened");
  if (fseek(file, 0, SEEK_END) != 0) fail("has no end");
  long size = ftell(file);
  rewind(file);
  char *text = size < 0 ? NULL : malloc((size_t)size + 1);
  if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) fail("cannot be read");
  text[size] = '\0';
  fclose(file);
  return text;
}

static char *skip_space(char *at) {
  return at + strspn(at, " \t\r\n");
}

static char *expect(char *at, char wanted) {
  at = skip_space(at);
  if (*at != wanted) fail("is not {\"vectors\": [ … ]} of flat objects");
  return at + 1;
}

/* Ends the text in place. Escapes are not among what the files hold. */
static char *read_string(char *at, const char **text) {
  at = expect(at, '"');
  *text = at;
  at += strcspn(at, "\"\\");
  if (*at != '"') fail("has a string with an escape, or without an end");
  *at = '\0';
  return at + 1;
}

/* A string, or what stands there up to the next comma, bracket or space, copied. */
static char *read_value(char *at, const char **text) {
  at = skip_space(at);
  if (*at == '"') return read_string(at, text);
  size_t length = strcspn(at, ",}] \t\r\n");
  if (length == 0) fail("has a member without a value");
  *text = strndup(at, length);
  if (*text == NULL) fail("does not fit into memory");
  return at + length;
}

static char *read_vector(char *at, struct vector *vector) {
  at = expect(at, '{');
  for (vector->count = 0;; vector->count += 1) {
    if (vector->count == max_members) fail("has a vector with too many members");
    at = read_string(at, &vector->members[vector->count].name);
    at = read_value(expect(at, ':'), &vector->members[vector->count].value);
    at = skip_space(at);
    if (*at != ',') break;
    at += 1;
  }
  vector->count += 1;
  return expect(at, '}');
}

struct vector *read_vectors(const char *path, size_t *count) {
  const char *key;
  struct vector *vectors = NULL;
  path_read = path;
  char *at = read_string(expect(contents(path), '{'), &key);
  if (strcmp(key, "vectors") != 0) fail("does not begin with its vectors");
  at = expect(expect(at, ':'), '[');
  for (*count = 0;;) {
    vectors = realloc(vectors, (*count + 1) * sizeof *vectors);
    if (vectors == NULL) fail("does not fit into memory");
    at = skip_space(read_vector(at, &vectors[*count]));
    *count += 1;
    if (*at != ',') break;
    at += 1;
  }
  at = skip_space(expect(expect(at, ']'), '}'));
  if (*at != '\0') fail("goes on after its end");
  return vectors;
}

const char *text_of(const struct vector *vector, const char *name) {
  for (size_t i = 0; i < vector->count; i += 1)
    if (strcmp(vector->members[i].name, name) == 0) return vector->members[i].value;
  fprintf(stderr, "%s: a vector has no %s\n", path_read, name);
  exit(2);
}

int is_true(const struct vector *vector, const char *name) {
  return strcmp(text_of(vector, name), "true") == 0;
}
