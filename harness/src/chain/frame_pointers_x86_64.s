# The hot path: walk the frame pointers to the boundary, hash both lanes, look the hash up; see frame_pointers.rs.
# rdi = &Context; walks from the caller's frame. Returns eax = chain number, or MISS, or BROKEN.
# No call, no store but the two hash words, and no load outside [rsp, boundary.fp + 16), the context and the seen set.

    .globl  firsthit_walk_frame_pointers
    .hidden firsthit_walk_frame_pointers
    .type   firsthit_walk_frame_pointers, @function
firsthit_walk_frame_pointers:
    .cfi_startproc
    push    rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    mov     rsi, [rdi]                  # boundary.fp
    mov     r8, [rdi + 8]               # lane lo
    mov     r9, [rdi + 16]              # lane hi
    movabs  r10, 0x9e3779b97f4a7c15     # LANE_LO
    movabs  r11, 0xc2b2ae3d27d4eb4f     # LANE_HI
    mov     rax, rbp
    cmp     rax, rsp
    jb      8f
    cmp     rax, rsi
    ja      8f
    test    al, 7
    jnz     8f
    .p2align 4
1:                                      # rax = a frame in [rsp, boundary.fp], aligned
    cmp     rax, rsi
    je      2f
    mov     rdx, [rax + 8]              # its return address
    mov     rcx, [rax]                  # the frame outside of it
    rol     r8, 5
    xor     r8, rdx
    imul    r8, r10
    rol     r9, 23
    xor     r9, rdx
    imul    r9, r11
    cmp     rcx, rax                    # frames lie strictly outwards,
    jbe     8f
    cmp     rcx, rsi                    # never past the boundary,
    ja      8f
    test    cl, 7                       # on whole words
    jnz     8f
    mov     rax, rcx
    jmp     1b
2:
    mov     [rdi + 48], r8
    mov     [rdi + 56], r9
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
    mov     ebx, eax
    dec     ebx
    shl     rbx, 5                      # variants are 32 bytes
    add     rbx, r11
    cmp     [rbx], r8
    jne     6f
    cmp     [rbx + 8], r9
    jne     6f
    mov     eax, [rbx + 16]
    pop     rbx
    .cfi_remember_state
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_restore_state
6:
    inc     rdx
    jmp     3b
7:
    mov     eax, 0xffffffff
    pop     rbx
    .cfi_remember_state
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_restore_state
8:
    mov     eax, 0xfffffffe
    pop     rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_endproc
    .size   firsthit_walk_frame_pointers, . - firsthit_walk_frame_pointers
