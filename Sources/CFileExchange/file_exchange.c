#define _GNU_SOURCE
#include "file_exchange.h"

#include <errno.h>
#include <stdio.h>

#if defined(__APPLE__)

int file_exchange(const char *one, const char *other) {
  return renamex_np(one, other, RENAME_SWAP) == 0 ? 0 : errno;
}

#elif defined(__linux__)

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The flag of linux/fs.h, which is not installed everywhere.
static const unsigned int exchange = 1 << 1;

int file_exchange(const char *one, const char *other) {
  return syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, exchange) == 0 ? 0 : errno;
}

#else

int file_exchange(const char *one, const char *other) {
  (void)one;
  (void)other;
  return ENOSYS;
}

#endif
