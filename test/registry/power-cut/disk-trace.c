/*
 * LD_PRELOAD library that writes down what a process asks of the files under DISK_TRACE_ROOT, in the order in
 * which it happened, into the file DISK_TRACE_FILE. Each operation is a line of words; a write's bytes follow it.
 *
 *   open FD FLAGS PATH      close FD       write FD OFFSET LENGTH     truncate FD SIZE
 *   sync FD                 rename A B     link A B                   unlink PATH
 *   mkdir PATH              rmdir PATH
 *
 * Paths are relative to the root and hold no blanks. Only what libuv calls is here; what it might call besides
 * ends the process, so that nothing escapes the trace.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FD 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static int trace = -1;
static char traced[MAX_FD];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("DISK_TRACE_FILE");
  root = getenv("DISK_TRACE_ROOT");
  if (file == NULL || root == NULL) return;
  root_length = strlen(root);
  trace = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

/* The part of a path behind the root, or NULL when it is elsewhere. */
static const char *inside(const char *path) {
  if (trace < 0 || strncmp(path, root, root_length) != 0) return NULL;
  if (path[root_length] == '\0') return ".";
  return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static int is_traced(int fd) { return fd >= 0 && fd < MAX_FD && traced[fd]; }

static void put(const void *bytes, size_t length) {
  if (REAL(write)(trace, bytes, length) != (ssize_t)length) abort();
}

static void note(const char *format, ...) {
  char line[8192];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  put(line, (size_t)length);
}

static int opened(int fd, const char *path, int flags) {
  const char *name = inside(path);
  if (fd >= MAX_FD) abort();
  if (fd >= 0 && name != NULL) {
    traced[fd] = 1;
    note("open %d %d %s\n", fd, flags, name);
  }
  return fd;
}

#define OPEN(name)                                                                                             \
  int name(const char *path, int flags, ...) {                                                                 \
    va_list arguments;                                                                                         \
    va_start(arguments, flags);                                                                                \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;                             \
    va_end(arguments);                                                                                         \
    pthread_mutex_lock(&lock);                                                                                 \
    int fd = opened(REAL(name)(path, flags, mode), path, flags);                                               \
    pthread_mutex_unlock(&lock);                                                                               \
    return fd;                                                                                                 \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (is_traced(fd)) {
    traced[fd] = 0;
    note("close %d\n", fd);
  }
  int result = REAL(close)(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

static ssize_t written(int fd, const void *bytes, ssize_t length, off64_t at) {
  if (length > 0) {
    note("write %d %lld %zd\n", fd, (long long)at, length);
    put(bytes, (size_t)length);
  }
  return length;
}

/* Where a write without an offset begins. */
static off64_t position(int fd) {
  struct stat64 status;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat64(fd, &status) == 0 ? status.st_size : 0;
  return lseek64(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!is_traced(fd)) return REAL(write)(fd, bytes, length);
  pthread_mutex_lock(&lock);
  off64_t at = position(fd);
  ssize_t result = written(fd, bytes, REAL(write)(fd, bytes, length), at);
  pthread_mutex_unlock(&lock);
  return result;
}

#define PWRITE(name, offset)                                                                                   \
  ssize_t name(int fd, const void *bytes, size_t length, offset at) {                                          \
    if (!is_traced(fd)) return REAL(name)(fd, bytes, length, at);                                              \
    pthread_mutex_lock(&lock);                                                                                 \
    ssize_t result = written(fd, bytes, REAL(name)(fd, bytes, length, at), at);                                \
    pthread_mutex_unlock(&lock);                                                                               \
    return result;                                                                                             \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* In parts: the trace need not know of them. */
static ssize_t write_parts(int fd, const struct iovec *parts, int count, off64_t at) {
  ssize_t sum = 0;
  for (int i = 0; i < count; i += 1) {
    ssize_t done = at < 0 ? write(fd, parts[i].iov_base, parts[i].iov_len)
                          : pwrite64(fd, parts[i].iov_base, parts[i].iov_len, at + sum);
    if (done < 0) return sum > 0 ? sum : done;
    sum += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return sum;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return is_traced(fd) ? write_parts(fd, parts, count, -1) : REAL(writev)(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  return is_traced(fd) ? write_parts(fd, parts, count, at) : REAL(pwritev)(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  return is_traced(fd) ? write_parts(fd, parts, count, at) : REAL(pwritev64)(fd, parts, count, at);
}

#define ON_FD(name, parameters, call, ...)                                                                     \
  int name parameters {                                                                                        \
    pthread_mutex_lock(&lock);                                                                                 \
    int result = REAL(name) call;                                                                              \
    if (result == 0 && is_traced(fd)) note(__VA_ARGS__);                                                       \
    pthread_mutex_unlock(&lock);                                                                               \
    return result;                                                                                             \
  }
ON_FD(fsync, (int fd), (fd), "sync %d\n", fd)
ON_FD(fdatasync, (int fd), (fd), "sync %d\n", fd)
ON_FD(ftruncate, (int fd, off_t size), (fd, size), "truncate %d %lld\n", fd, (long long)size)
ON_FD(ftruncate64, (int fd, off64_t size), (fd, size), "truncate %d %lld\n", fd, (long long)size)

#define ON_PATH(name, parameters, call, ...)                                                                   \
  int name parameters {                                                                                        \
    pthread_mutex_lock(&lock);                                                                                 \
    int result = REAL(name) call;                                                                              \
    if (result == 0 && inside(path) != NULL) note(__VA_ARGS__);                                                \
    pthread_mutex_unlock(&lock);                                                                               \
    return result;                                                                                             \
  }
ON_PATH(rename, (const char *path, const char *to), (path, to), "rename %s %s\n", inside(path), inside(to))
ON_PATH(link, (const char *path, const char *to), (path, to), "link %s %s\n", inside(path), inside(to))
ON_PATH(unlink, (const char *path), (path), "unlink %s\n", inside(path))
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode), "mkdir %s\n", inside(path))
ON_PATH(rmdir, (const char *path), (path), "rmdir %s\n", inside(path))

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *place, size_t length, unsigned flags) {
  if (is_traced(to)) abort();
  return REAL(copy_file_range)(from, at, to, place, length, flags);
}
