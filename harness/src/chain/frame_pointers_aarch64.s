// The hot path: walk the frame pointers to the boundary, hash both lanes, look the hash up; see frame_pointers.rs.
// x0 = &Context; walks from the caller's frame. Returns w0 = chain number, or MISS, or BROKEN.
// No call, no store but the two hash words, and no load outside [sp, boundary.fp + 16), the context and the seen set.

    .globl  firsthit_walk_frame_pointers
    .hidden firsthit_walk_frame_pointers
    .type   firsthit_walk_frame_pointers, %function
firsthit_walk_frame_pointers:
    .cfi_startproc
    ldr     x1, [x0]                    // boundary.fp
    ldp     x2, x3, [x0, #8]            // lanes lo, hi
    movz    x4, #0x7c15
    movk    x4, #0x7f4a, lsl #16
    movk    x4, #0x79b9, lsl #32
    movk    x4, #0x9e37, lsl #48        // LANE_LO
    mov     x6, x29
    mov     x7, sp
    cmp     x6, x7
    b.lo    8f
    cmp     x6, x1
    b.hi    8f
    tst     x6, #7
    b.ne    8f
1:                                      // x6 = a frame in [sp, boundary.fp], aligned
    cmp     x6, x1
    b.eq    2f
    ldp     x8, x9, [x6]                // the frame outside of it, its return address
    ror     x2, x2, #59                 // rotate left by 5
    eor     x2, x2, x9
    mul     x2, x2, x4
    ror     x3, x3, #41                 // rotate left by 23
    add     x3, x3, x9
    cmp     x8, x6                      // frames lie strictly outwards,
    b.ls    8f
    cmp     x8, x1                      // never past the boundary,
    b.hi    8f
    tst     x8, #7                      // on whole words
    b.ne    8f
    mov     x6, x8
    b       1b
2:
    stp     x2, x3, [x0, #48]
    ldp     x10, x11, [x0, #24]         // slots, mask
    ldr     x12, [x0, #40]              // variants
    lsr     x13, x2, #32                // place
3:
    and     x13, x13, x11
    add     x14, x10, x13, lsl #3
    ldar    x14, [x14]                  // acquire: the variant was written before the slot
    cbz     x14, 7f
    lsr     x15, x14, #32
    cmp     w15, w2                     // tag
    b.ne    6f
    sub     w15, w14, #1
    add     x15, x12, x15, lsl #5       // variants are 32 bytes
    ldp     x16, x17, [x15]
    cmp     x16, x2
    b.ne    6f
    cmp     x17, x3
    b.ne    6f
    ldr     w0, [x15, #16]
    ret
6:
    add     x13, x13, #1
    b       3b
7:
    mov     w0, #-1
    ret
8:
    mov     w0, #-2
    ret
    .cfi_endproc
    .size   firsthit_walk_frame_pointers, . - firsthit_walk_frame_pointers
