#include "open_url.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error_text.h"
#include "base/log.h"

#define OPENER "xdg-open"

/* The browser may outlive the server, whose log the waiting thread must not use then. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_forgotten; /* under the lock */

struct opening {
    pid_t process;
    char url[];
};

/* Nothing of ours reaches the browser: no output, no signals of the terminal. */
static int prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions)
{
    sigset_t none;
    sigset_t all;
    int error = 0;

    sigemptyset(&none);
    sigfillset(&all);
    for (int fd = 0; fd <= 2 && error == 0; fd++)
        error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                     POSIX_SPAWN_SETSID);
    return error;
}

static int start(struct opening *opening)
{
    char program[] = OPENER;
    char *const words[] = {program, opening->url, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    error = prepare(&attributes, &actions);
    if (error == 0)
        error = posix_spawnp(&opening->process, OPENER, &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Some desktops let it run as long as the browser does: a thread waits for it. */
static void *await_end(void *context)
{
    struct opening *opening = context;
    int status;
    pid_t ended;

    do
        ended = waitpid(opening->process, &status, 0);
    while (ended < 0 && errno == EINTR);
    pthread_mutex_lock(&lock);
    if (!is_forgotten && ended > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        nk_log(NK_LOG_WARNING, "cannot show '%s' in a browser: " OPENER " has failed",
               opening->url);
    pthread_mutex_unlock(&lock);
    free(opening);
    return NULL;
}

void open_url(const char *url)
{
    size_t len = strlen(url) + 1;
    struct opening *opening = malloc(sizeof *opening + len);
    char room[NK_ERROR_TEXT_MAX];
    pthread_t thread;
    int error = ENOMEM;

    if (opening != NULL) {
        memcpy(opening->url, url, len);
        error = start(opening);
    }
    if (error != 0) {
        nk_log(NK_LOG_WARNING, "cannot show '%s' in a browser: " OPENER ": %s", url,
               nk_error_text(-error, room));
        free(opening);
    } else if (pthread_create(&thread, NULL, await_end, opening) == 0) {
        pthread_detach(thread);
    } else {
        free(opening);
    }
}

void open_url_forget(void)
{
    pthread_mutex_lock(&lock);
    is_forgotten = true;
    pthread_mutex_unlock(&lock);
}
