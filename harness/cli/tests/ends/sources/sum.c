#include <stdlib.h>
#include <string.h>

/* Checks what it is given. */
int sum_checked(size_t bytes) {
    char *room = malloc(bytes); //~ c-checked
    if (!room) return -1;
    memset(room, 1, bytes);
    int sum = room[0] + room[bytes - 1];
    free(room);
    return sum;
}

/* Does not. */
int sum_unchecked(size_t bytes) {
    volatile char *room = malloc(bytes); //~ c-unchecked
    room[0] = 1;
    room[bytes - 1] = 1;
    int sum = room[0] + room[bytes - 1];
    free((void *)room);
    return sum;
}

/* Gives the first block back twice when there is no second one. */
int sum_twice(size_t bytes) {
    void *volatile one = malloc(bytes); //~ c-first
    if (!one) return -1;
    void *volatile other = malloc(bytes); //~ c-second
    if (!other) free(one);
    free(one);
    free(other);
    return other ? 2 : -1;
}

/* Gives the first block back when there is no second one, and goes on writing to it. */
int sum_after(size_t bytes) {
    volatile char *one = malloc(bytes); //~ c-kept
    if (!one) return -1;
    void *volatile other = malloc(bytes); //~ c-missing
    if (!other) free((void *)one);
    one[1] = 1;
    if (!other) return -1;
    free((void *)one);
    free(other);
    return 1;
}
