/*
 * A slow or failing card: a library that is loaded before libc (LD_PRELOAD) and stands before every
 * fsync() and fdatasync() of the process, those of SQLite and of the runtime alike.
 *
 * SLOW_FSYNC_MS    every sync takes at least so many milliseconds
 * SLOW_FSYNC_HOLD  a path: while there is a file, every sync waits for its end, and tells so by a
 *                  file of that name and ".waiting"
 * SLOW_FSYNC_FAIL  a path: while there is a file, every sync fails with EIO
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int (*sync_function)(int);

static void wait_ms(long ms)
{
    struct timespec left = { ms / 1000, (ms % 1000) * 1000000L };
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static int is_there(const char *variable)
{
    const char *path = getenv(variable);
    return path != NULL && *path != '\0' && access(path, F_OK) == 0;
}

static void tell_waiting(void)
{
    char path[4096];
    int fd;

    snprintf(path, sizeof path, "%s.waiting", getenv("SLOW_FSYNC_HOLD"));
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
}

static int slow_sync(const char *name, int fd)
{
    const char *ms = getenv("SLOW_FSYNC_MS");
    sync_function next = (sync_function)dlsym(RTLD_NEXT, name);

    if (ms != NULL) wait_ms(strtol(ms, NULL, 10));
    if (is_there("SLOW_FSYNC_HOLD")) {
        tell_waiting();
        while (is_there("SLOW_FSYNC_HOLD")) wait_ms(1);
    }
    if (is_there("SLOW_FSYNC_FAIL")) {
        errno = EIO;
        return -1;
    }
    return next(fd);
}

int fsync(int fd)
{
    return slow_sync("fsync", fd);
}

int fdatasync(int fd)
{
    return slow_sync("fdatasync", fd);
}
