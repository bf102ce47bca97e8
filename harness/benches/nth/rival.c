/* The plain way: the N-th allocation behind main fails, once, and where it stood is written down. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>
#include <unistd.h>

static long wanted, seen;
static int armed, busy;
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_aligned)(size_t, size_t);
static int (*real_memalign)(void **, size_t, size_t);
static int (*real_main)(int, char **, char **);

static int fails(void) {
    if (!armed || __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED) != wanted || busy) return 0;
    void *frames[64];
    busy = 1;
    int count = backtrace(frames, 64);
    int fd = atoi(getenv("RIVAL_FD"));
    if (write(fd, frames, count * sizeof *frames) < 0) _exit(99);
    errno = ENOMEM;
    return 1;
}

#define REAL(name, symbol) if (!name) *(void **)&name = dlsym(RTLD_NEXT, symbol)

void *malloc(size_t size) { REAL(real_malloc, "malloc"); return fails() ? 0 : real_malloc(size); }
void *calloc(size_t n, size_t size) { REAL(real_calloc, "calloc"); return fails() ? 0 : real_calloc(n, size); }
void *realloc(void *p, size_t size) { REAL(real_realloc, "realloc"); return fails() ? 0 : real_realloc(p, size); }
void *aligned_alloc(size_t a, size_t size) { REAL(real_aligned, "aligned_alloc"); return fails() ? 0 : real_aligned(a, size); }
int posix_memalign(void **out, size_t a, size_t size) {
    REAL(real_memalign, "posix_memalign");
    return fails() ? ENOMEM : real_memalign(out, a, size);
}

static int begin(int c, char **v, char **e) {
    void *frames[4];
    backtrace(frames, 4); /* loads what it needs before anything is counted */
    wanted = atol(getenv("RIVAL_N"));
    armed = 1;
    int status = real_main(c, v, e);
    armed = 0;
    return status;
}

int __libc_start_main(int (*main)(int, char **, char **), int c, char **v, void (*i)(void), void (*f)(void), void (*r)(void), void *s) {
    int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return start(begin, c, v, i, f, r, s);
}
