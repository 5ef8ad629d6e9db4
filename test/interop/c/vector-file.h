/* Reads a file of fixtures/mup: {"vectors": [ {flat object}, … ]}, whose values are strings, numbers and booleans. */
#ifndef VECTOR_FILE_H
#define VECTOR_FILE_H

#include <stddef.h>

enum { max_members = 16 };

struct vector {
  size_t count;
  struct {
    const char *name;
    const char *value;
  } members[max_members];
};

/* The vectors of a file, which stay until the process ends; ends the process where the file is not as described. */
struct vector *read_vectors(const char *path, size_t *count);

/* The member of a vector as its text: numbers and booleans as they are written. Ends the process where it is missing. */
const char *text_of(const struct vector *vector, const char *name);

/* Whether the member is true. */
int is_true(const struct vector *vector, const char *name);

#endif
