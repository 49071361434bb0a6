#include "terminal/terminal_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int terminal_settings_keep(struct terminal_settings *settings, int fd)
{
    struct termios given;
    if (tcgetattr(fd, &given) < 0)
        return -errno;
    *settings = (struct terminal_settings){.fd = fd, .given = given};
    return 0;
}

/* What all modes but the given one have in common. Output is left as it is, so that
 * bytes that are still on their way look the same in every mode. */
static void take_single_keys(struct termios *termios)
{
    termios->c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    termios->c_iflag &= ~(tcflag_t)(INLCR | IGNCR | ISTRIP);
    termios->c_iflag |= ICRNL;
    termios->c_cc[VMIN] = 1;
    termios->c_cc[VTIME] = 0;
}

void terminal_settings_change(struct terminal_settings *settings, enum terminal_mode mode)
{
    struct termios wanted = settings->given;
    if (!terminal_is_ours(settings->fd) || (mode == TERMINAL_GIVEN && !settings->is_changed))
        return;
    if (mode != TERMINAL_GIVEN)
        take_single_keys(&wanted);
    if (mode == TERMINAL_EDITS)
        wanted.c_cc[VINTR] = _POSIX_VDISABLE;
    if (mode == TERMINAL_RAW) {
        wanted.c_lflag &= ~(tcflag_t)ISIG;
        wanted.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    }
    int result;
    do {
        result = tcsetattr(settings->fd, TCSANOW, &wanted);
    } while (result < 0 && errno == EINTR);
    settings->is_changed = mode != TERMINAL_GIVEN;
}

bool terminal_is_ours(int fd)
{
    pid_t foreground = tcgetpgrp(fd);
    /* Not the controlling terminal: then there is no job control on it. */
    return foreground < 0 ? errno == ENOTTY : foreground == getpgrp();
}

int terminal_open_again(int fd, bool *is_shared)
{
    char path[32];
    int access = fcntl(fd, F_GETFL);
    if (access < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int own = open(path, (access & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0) {
        *is_shared = false;
        return own;
    }
    own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (own < 0)
        return -errno;
    *is_shared = true;
    return own;
}
