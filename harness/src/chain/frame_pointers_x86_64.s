# The hot path: walk the frame pointers to the boundary, hash both lanes, look the hash up; see frame_pointers.rs.
# rdi = &Context; walks from the caller's frame. Returns eax = chain number, or MISS, or BROKEN.
# No call, no store but the two hash words of a miss, and no load outside [rsp, boundary.fp + 16), the context and the seen set.

    .globl  firsthit_walk_frame_pointers
    .hidden firsthit_walk_frame_pointers
    .type   firsthit_walk_frame_pointers, @function
firsthit_walk_frame_pointers:
    .cfi_startproc
    mov     rsi, [rdi]                  # boundary.fp
    mov     r8, [rdi + 8]               # lane lo
    mov     r9, [rdi + 16]              # lane hi
    movabs  r10, 0x9e3779b97f4a7c15     # LANE_LO
    mov     rax, rbp
    cmp     rax, rsp
    jb      8f
    cmp     rax, rsi
    jae     2f
    .p2align 4
1:                                      # rax = a frame in [rsp, boundary.fp)
    mov     rdx, [rax + 8]              # its return address
    mov     rcx, [rax]                  # the frame outside of it
    rol     r8, 5
    xor     r8, rdx
    imul    r8, r10
    rol     r9, 23
    add     r9, rdx
    cmp     rcx, rax                    # frames lie strictly outwards,
    jbe     8f
    cmp     rcx, rsi
    jae     2f
    mov     rdx, [rcx + 8]              # the same from there
    mov     rax, [rcx]
    rol     r8, 5
    xor     r8, rdx
    imul    r8, r10
    rol     r9, 23
    add     r9, rdx
    cmp     rax, rcx
    jbe     8f
    cmp     rax, rsi
    jb      1b
2:                                      # by a comparison with the boundary:
    jne     8f                          # never past it
    mov     rsi, [rdi + 24]             # slots
    mov     r10, [rdi + 32]             # mask
    mov     r11, [rdi + 40]             # variants
    mov     rdx, r8
    shr     rdx, 32                     # place
3:
    and     rdx, r10
    mov     rax, [rsi + rdx * 8]
    test    rax, rax
    jz      7f
    mov     rcx, rax
    shr     rcx, 32
    cmp     ecx, r8d                    # tag
    jne     6f
    lea     ecx, [rax - 1]
    shl     rcx, 5                      # variants are 32 bytes
    add     rcx, r11
    cmp     [rcx], r8
    jne     6f
    cmp     [rcx + 8], r9
    jne     6f
    mov     eax, [rcx + 16]
    ret
6:
    inc     rdx
    jmp     3b
7:
    mov     [rdi + 48], r8
    mov     [rdi + 56], r9
    mov     eax, 0xffffffff
    ret
8:
    mov     eax, 0xfffffffe
    ret
    .cfi_endproc
    .size   firsthit_walk_frame_pointers, . - firsthit_walk_frame_pointers
