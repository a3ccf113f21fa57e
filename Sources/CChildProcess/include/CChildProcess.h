#ifndef CCHILDPROCESS_H
#define CCHILDPROCESS_H

#include <sys/types.h>

// What Swift cannot do: fork (only calls that are safe after it may follow), and the calls that the
// platform's Swift module leaves out.

/// How a program is to be started.
struct child_request {
  /// Program and arguments, ended by NULL. A program without a slash is looked for in PATH.
  char *const *arguments;
  /// NAME=value, ended by NULL.
  char *const *environment;
  /// The folder it starts in; NULL for the present one.
  const char *folder;
  /// Whether it writes to this process's standard error; a pipe otherwise.
  int inherits_error;
  /// Bytes of address space, for it and each of its children; 0 for no limit.
  unsigned long long memory;
};

/// A program that was started, as the leader of a session and process group of its own.
struct child_started {
  pid_t process;
  /// Our ends of the pipes, non-blocking, closed when anything is executed.
  int input, output, error;
};

/// What kept a program from being started.
enum child_failure { child_failed_pipe = 1, child_failed_fork, child_failed_folder, child_failed_program };

/// Starts a program. Returns 0, or the errno of what `failure` names.
int child_start(const struct child_request *request, struct child_started *started, int *failure);

/// As write(2), with EPIPE where the reader is gone, and never a signal.
ssize_t child_write(int descriptor, const void *bytes, size_t count);

/// From now on processes whose parents end become children of this process, not of init, so that they
/// can be found. Returns 0 where that can be had.
int child_adopt_orphans(void);

/// From now on no other process with the same rights may read or change this one's memory, where the
/// system knows that. Programs that are started are not concerned.
void child_forbid_inspection(void);

/// Whether that is in force.
int child_forbids_inspection(void);

#endif
