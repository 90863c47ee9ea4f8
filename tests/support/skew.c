/* Loaded before libc (LD_PRELOAD): the real time of this process is that of the machine plus the seconds that stand in
 * the file which INBOX_SYNC_TEST_SKEW names, as one double. The file is mapped, so the clock jumps while it runs. Times
 * that only measure (CLOCK_MONOTONIC) are left alone, as they are when somebody sets the clock of a machine. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile double *skew;

__attribute__((constructor)) static void open_skew(void) {
  const char *name = getenv("INBOX_SYNC_TEST_SKEW");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(0, sizeof *skew, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) skew = page;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *told) {
  int failed = syscall(SYS_clock_gettime, clock, told);
  if (!failed && skew && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) told->tv_sec += lround(*skew);
  return failed;
}

int gettimeofday(struct timeval *restrict told, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  told->tv_sec = now.tv_sec;
  told->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *told) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (told) *told = now.tv_sec;
  return now.tv_sec;
}
