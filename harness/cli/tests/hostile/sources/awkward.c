#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf out;
static char *kept;

static void called_back(size_t bytes) {
    char *room = malloc(bytes); //~ called-back
    if (!room)
        longjmp(out, 1);
    memset(room, 1, bytes);
    free(room);
}

static void visiting(size_t bytes, void (*callback)(size_t)) {
    char *own = malloc(bytes); //~ visiting
    if (!own)
        longjmp(out, 1);
    memset(own, 2, bytes);
    kept = own;
    callback(bytes / 2);
    kept = NULL;
    free(own);
}

int visit(int keeps, size_t bytes) {
    if (setjmp(out)) {
        if (keeps)
            free(kept);
        kept = NULL;
        return -1;
    }
    visiting(bytes, called_back);
    return 0;
}

void *table(size_t bytes) {
    char *room = malloc(bytes); //~ table
    if (!room) {
        int error = errno;
        close(-1);
        errno = error;
    }
    return room;
}

int unchecked(size_t bytes) {
    volatile char *room = malloc(bytes); //~ unchecked
    room[0] = 1;
    free((void *)room);
    return 0;
}

int doors(void) {
    int none = 0;
    void *block = NULL;
    char *text = NULL;
    size_t size = 0;
    block = calloc(3, 5); //~ door-calloc
    none += !block;
    void *more = realloc(block, 400); //~ door-realloc
    none += !more;
    free(more ? more : block);
    block = reallocarray(NULL, 7, 9); //~ door-reallocarray
    none += !block;
    free(block);
    block = aligned_alloc(64, 128); //~ door-aligned-alloc
    none += !block;
    free(block);
    block = NULL;
    none += posix_memalign(&block, 64, 100) != 0; //~ door-posix-memalign
    free(block);
    text = strdup("a word"); //~ door-strdup
    none += !text;
    free(text);
    text = strndup("a word", 3); //~ door-strndup
    none += !text;
    free(text);
    text = NULL;
    if (asprintf(&text, "%d words", 7) < 0) { //~ door-asprintf
        none++;
        text = NULL;
    }
    free(text);
    FILE *file = fmemopen("a line\n", 7, "r"); //~ door-fmemopen
    none += !file;
    if (file) {
        text = NULL;
        if (getline(&text, &size, file) < 0) //~ door-getline
            none++;
        free(text);
        fclose(file);
    }
    return none;
}

static void ending(void) {
    void *room = malloc(50); //~ ending
    if (room)
        memset(room, 3, 50);
    free(room);
}

int at_the_end(void) {
    return atexit(ending);
}
