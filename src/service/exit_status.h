/* The exit status of every netkit command, documented in every man page. */
#ifndef SERVICE_EXIT_STATUS_H
#define SERVICE_EXIT_STATUS_H

enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_FAILED = 1,        /* the operation failed or a probe was missed */
    EXIT_STATUS_USAGE = 2,         /* the command line is wrong */
    EXIT_STATUS_UNRESOLVED = 3,    /* a name was not resolved */
    EXIT_STATUS_REFUSED = 4,       /* refused, unreachable, no such socket, no permission */
    EXIT_STATUS_TIMED_OUT = 5,     /* a time-out; over UDP: no answer */
    EXIT_STATUS_LOST = 6,          /* the connection was lost */
    EXIT_STATUS_TLS = 7,           /* TLS failed */
    EXIT_STATUS_CANNOT_LISTEN = 8, /* cannot bind or listen, permission included */
    EXIT_STATUS_THRESHOLD = 9,     /* a threshold was not met */
};

/* That of a connection that could not be made because of this -errno. */
enum exit_status exit_status_of_connect_error(int error);

#endif
