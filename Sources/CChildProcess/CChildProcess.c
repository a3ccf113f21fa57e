#define _GNU_SOURCE
#include "CChildProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

extern char **environ;

// Closed when anything is executed: a pipe end that another child inherited would never be closed.
static int make_pipe(int ends[2]) {
#ifdef __linux__
  return pipe2(ends, O_CLOEXEC);
#else
  if (pipe(ends) != 0) return -1;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

static void close_all(const int *descriptors, int count) {
  for (int i = 0; i < count; i++) {
    if (descriptors[i] >= 0) close(descriptors[i]);
  }
}

struct complaint {
  int failure, error;
};

static void complain(int descriptor, int failure) {
  struct complaint complaint = {failure, errno};
  ssize_t ignored = write(descriptor, &complaint, sizeof complaint);
  (void)ignored;
  _exit(127);
}

// Puts a pipe end where a program expects it. The pipe ends are all above 2, see `above_standard`.
static void become(int descriptor, int standard, int report) {
  if (dup2(descriptor, standard) < 0) complain(report, child_failed_pipe);
}

static void run(const struct child_request *request, int input, int output, int error, int report) {
  setsid();
  // Ignored and blocked signals are inherited, and a program expects neither.
  for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  become(input, STDIN_FILENO, report);
  become(output, STDOUT_FILENO, report);
  if (error >= 0) become(error, STDERR_FILENO, report);
#if defined(__linux__) && defined(SYS_close_range)
  syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
#endif
  if (request->folder && chdir(request->folder) != 0) complain(report, child_failed_folder);
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (request->memory > 0) {
    struct rlimit memory = {request->memory, request->memory};
    setrlimit(RLIMIT_AS, &memory);
  }
  environ = (char **)request->environment;
  execvp(request->arguments[0], request->arguments);
  complain(report, child_failed_program);
}

// Moves a descriptor out of the way of the three standard ones, which this process may have closed.
static int above_standard(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(descriptor);
  return moved;
}

int child_start(const struct child_request *request, struct child_started *started, int *failure) {
  // 0/1 input, 2/3 output, 4/5 error, 6/7 the report of a failed start; read end first.
  int ends[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
  *failure = child_failed_pipe;
  for (int i = 0; i < 8; i += 2) {
    if (i == 4 && request->inherits_error) continue;
    if (make_pipe(ends + i) != 0) {
      int error = errno;
      close_all(ends, 8);
      return error;
    }
    ends[i] = above_standard(ends[i]);
    ends[i + 1] = above_standard(ends[i + 1]);
  }
  // No handler of this process may run in the child before its signals are its own.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  *failure = child_failed_fork;
  pid_t process = fork();
  if (process == 0) run(request, ends[0], ends[3], ends[5], ends[7]);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (process < 0) {
    close_all(ends, 8);
    return error;
  }
  int theirs[4] = {ends[0], ends[3], ends[5], ends[7]};
  close_all(theirs, 4);
  struct complaint complaint;
  ssize_t count;
  do {
    count = read(ends[6], &complaint, sizeof complaint);
  } while (count < 0 && errno == EINTR);
  close(ends[6]);
  int ours[3] = {ends[1], ends[2], ends[4]};
  if (count == (ssize_t)sizeof complaint) {
    close_all(ours, 3);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
    }
    *failure = complaint.failure;
    return complaint.error;
  }
  for (int i = 0; i < 3; i++) {
    if (ours[i] >= 0) fcntl(ours[i], F_SETFL, fcntl(ours[i], F_GETFL) | O_NONBLOCK);
  }
#ifdef F_SETNOSIGPIPE
  fcntl(ours[0], F_SETNOSIGPIPE, 1);
#endif
  *failure = 0;
  started->process = process;
  started->input = ours[0];
  started->output = ours[1];
  started->error = ours[2];
  return 0;
}

ssize_t child_write(int descriptor, const void *bytes, size_t count) {
#ifdef F_SETNOSIGPIPE
  return write(descriptor, bytes, count);
#else
  // The signal goes to the thread that writes: blocked, it stays pending, and is taken away unless it
  // was there before.
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  int was_pending = sigismember(&pending, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  ssize_t written = write(descriptor, bytes, count);
  int error = errno;
  if (written < 0 && error == EPIPE && !was_pending) {
    struct timespec now = {0, 0};
    while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return written;
#endif
}

int child_adopt_orphans(void) {
#ifdef __linux__
  return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#else
  return -1;
#endif
}

void child_forbid_inspection(void) {
#ifdef __linux__
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int child_forbids_inspection(void) {
#ifdef __linux__
  return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
#else
  return 0;
#endif
}
