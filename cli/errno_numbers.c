/* Error numbers: the names of Linux. Their meaning is base/explain.h's. */
#include "errno_code.h"

#include <errno.h>
#include <string.h>

#define CODE(name)                                                                                 \
    {                                                                                              \
        name, #name, NULL, NULL,                                                                   \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define TWICE(name, alias)                                                                         \
    {                                                                                              \
        name, #name, alias, NULL,                                                                  \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define NONE(number)                                                                               \
    {                                                                                              \
        number, "", NULL, NULL,                                                                    \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define KERNEL(number, name, ...)                                                                  \
    {                                                                                              \
        number, name, NULL, "(the kernel's own)",                                                  \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* clang-format off */
static const struct errno_code codes[] = {
    {0, "", NULL, NULL,
     {"no call has failed; PHP's fsockopen() gives 0 if it failed before connecting",
      "read its text: a bad address, an unknown transport, a name that is not found, or TLS"}},
    CODE(EPERM),
    CODE(ENOENT),
    CODE(ESRCH),
    CODE(EINTR),
    CODE(EIO),
    CODE(ENXIO),
    CODE(E2BIG),
    CODE(ENOEXEC),
    CODE(EBADF),
    CODE(ECHILD),
    TWICE(EAGAIN, "EWOULDBLOCK"),
    CODE(ENOMEM),
    CODE(EACCES),
    CODE(EFAULT),
    CODE(ENOTBLK),
    CODE(EBUSY),
    CODE(EEXIST),
    CODE(EXDEV),
    CODE(ENODEV),
    CODE(ENOTDIR),
    CODE(EISDIR),
    CODE(EINVAL),
    CODE(ENFILE),
    CODE(EMFILE),
    CODE(ENOTTY),
    CODE(ETXTBSY),
    CODE(EFBIG),
    CODE(ENOSPC),
    CODE(ESPIPE),
    CODE(EROFS),
    CODE(EMLINK),
    CODE(EPIPE),
    CODE(EDOM),
    CODE(ERANGE),
    TWICE(EDEADLK, "EDEADLOCK"),
    CODE(ENAMETOOLONG),
    CODE(ENOLCK),
    CODE(ENOSYS),
    CODE(ENOTEMPTY),
    CODE(ELOOP),
    NONE(41),
    CODE(ENOMSG),
    CODE(EIDRM),
    CODE(ECHRNG),
    CODE(EL2NSYNC),
    CODE(EL3HLT),
    CODE(EL3RST),
    CODE(ELNRNG),
    CODE(EUNATCH),
    CODE(ENOCSI),
    CODE(EL2HLT),
    CODE(EBADE),
    CODE(EBADR),
    CODE(EXFULL),
    CODE(ENOANO),
    CODE(EBADRQC),
    CODE(EBADSLT),
    NONE(58),
    CODE(EBFONT),
    CODE(ENOSTR),
    CODE(ENODATA),
    CODE(ETIME),
    CODE(ENOSR),
    CODE(ENONET),
    CODE(ENOPKG),
    CODE(EREMOTE),
    CODE(ENOLINK),
    CODE(EADV),
    CODE(ESRMNT),
    CODE(ECOMM),
    CODE(EPROTO),
    CODE(EMULTIHOP),
    CODE(EDOTDOT),
    CODE(EBADMSG),
    CODE(EOVERFLOW),
    CODE(ENOTUNIQ),
    CODE(EBADFD),
    CODE(EREMCHG),
    CODE(ELIBACC),
    CODE(ELIBBAD),
    CODE(ELIBSCN),
    CODE(ELIBMAX),
    CODE(ELIBEXEC),
    CODE(EILSEQ),
    CODE(ERESTART),
    CODE(ESTRPIPE),
    CODE(EUSERS),
    CODE(ENOTSOCK),
    CODE(EDESTADDRREQ),
    CODE(EMSGSIZE),
    CODE(EPROTOTYPE),
    CODE(ENOPROTOOPT),
    CODE(EPROTONOSUPPORT),
    CODE(ESOCKTNOSUPPORT),
    TWICE(EOPNOTSUPP, "ENOTSUP"),
    CODE(EPFNOSUPPORT),
    CODE(EAFNOSUPPORT),
    CODE(EADDRINUSE),
    CODE(EADDRNOTAVAIL),
    CODE(ENETDOWN),
    CODE(ENETUNREACH),
    CODE(ENETRESET),
    CODE(ECONNABORTED),
    CODE(ECONNRESET),
    CODE(ENOBUFS),
    CODE(EISCONN),
    CODE(ENOTCONN),
    CODE(ESHUTDOWN),
    CODE(ETOOMANYREFS),
    CODE(ETIMEDOUT),
    CODE(ECONNREFUSED),
    CODE(EHOSTDOWN),
    CODE(EHOSTUNREACH),
    CODE(EALREADY),
    CODE(EINPROGRESS),
    CODE(ESTALE),
    CODE(EUCLEAN),
    CODE(ENOTNAM),
    CODE(ENAVAIL),
    CODE(EISNAM),
    CODE(EREMOTEIO),
    CODE(EDQUOT),
    CODE(ENOMEDIUM),
    CODE(EMEDIUMTYPE),
    CODE(ECANCELED),
    CODE(ENOKEY),
    CODE(EKEYEXPIRED),
    CODE(EKEYREVOKED),
    CODE(EKEYREJECTED),
    CODE(EOWNERDEAD),
    CODE(ENOTRECOVERABLE),
    CODE(ERFKILL),
    CODE(EHWPOISON),    KERNEL(512, "ERESTARTSYS",
     "the kernel will begin the call again after a signal; only strace shows it",
     "take it for EINTR"),
    KERNEL(513, "ERESTARTNOINTR",
     "the kernel begins the call again after a signal; only strace shows it",
     "nothing: the program never sees it"),
    KERNEL(514, "ERESTARTNOHAND",
     "the kernel begins the call again if the signal has no handler; only strace shows it",
     "take it for EINTR"),
    KERNEL(516, "ERESTART_RESTARTBLOCK",
     "the kernel goes on with a call that waits, after a signal; only strace shows it",
     "take it for EINTR"),
    KERNEL(524, "ENOTSUPP",
     "a driver, file system or BPF says that it can't do this, with a number that should not have "
     "left the kernel",
     "take it for EOPNOTSUPP (95)"),
};
/* clang-format on */

static const char *text(int number)
{
    const char *known = strerrordesc_np(number);
    return known ? known : fsock_strerror(number);
}

const struct errno_kind errno_kind_errno = {
    .name = "errno",
    .about = "error numbers of Linux",
    .code = codes,
    .n = sizeof codes / sizeof *codes,
    .text = text,
    .advice = &fsk_advice_by_errno,
};
