#include "cat/cat_run_replay.h"

#include <errno.h>
#include <unistd.h>

#include "cat/cat_replay_input.h"

static void on_failed(void *context, int error)
{
    cat_run_end(context, EXIT_STATUS_FAILED, "read the record", NULL, error);
}

int cat_run_input(struct cat_run *run)
{
    int fd = STDIN_FILENO;
    if (!run->options->replay)
        return fd;
    int error = cat_replay_input_start(run->options->replay, run->loop, &fd, on_failed, run);
    if (!error)
        return fd;
    on_failed(run, error);
    return -1;
}

static void report_difference(const struct cat_run *run)
{
    char text[NK_ADDRESS_TEXT_MAX];
    run->reporter->failed_because(run->reporter->context, "get the recorded answer from",
                                  nk_address_print(&run->options->address, text), -EBADMSG,
                                  cat_replay_input_difference(run->options->replay));
}

void cat_run_check(void *context, struct nk_slice bytes)
{
    struct cat_run *run = context;
    if (!run->options->replay || run->has_ended ||
        cat_replay_input_received(run->options->replay, bytes))
        return;
    report_difference(run);
    cat_run_end(run, EXIT_STATUS_FAILED, NULL, NULL, 0);
}

bool cat_run_has_all(const struct cat_run *run)
{
    if (!run->options->replay || cat_replay_input_end(run->options->replay))
        return true;
    report_difference(run);
    return false;
}

void cat_run_stop_input(const struct cat_run *run)
{
    if (run->options->replay)
        cat_replay_input_stop(run->options->replay);
}
