#!/usr/bin/python3
"""forbid.py CALL COMMAND... - runs a command for which a system call fails with EPERM, as in a container.

CALL is `ptrace`, `seccomp` (filters can't be installed) or `process_vm_readv`.
"""
import ctypes
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
PRCTL = {'x86_64': 157, 'aarch64': 167}
NUMBERS = {'ptrace': {'x86_64': 101, 'aarch64': 117}, 'process_vm_readv': {'x86_64': 310, 'aarch64': 270}}
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7fff0000, 0x00050001


def code(name, machine):
    """A program for the kernel: (operation, if true, if false, value)."""
    if name == 'seccomp':  # prctl(PR_SET_SECCOMP)
        return [(LOAD, 0, 0, 0), (IF_EQUAL, 0, 3, PRCTL[machine]), (LOAD, 0, 0, 16), (IF_EQUAL, 0, 1, PR_SET_SECCOMP),
                (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    return [(LOAD, 0, 0, 0), (IF_EQUAL, 0, 1, NUMBERS[name][machine]), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]


def main():
    steps = code(sys.argv[1], platform.machine())
    words = ctypes.create_string_buffer(b''.join(struct.pack('=HBBI', *step) for step in steps))
    program = struct.pack('@HP', len(steps), ctypes.addressof(words))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(program)) != 0:
        sys.exit(f'forbid: {os.strerror(ctypes.get_errno())}')
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == '__main__':
    main()
