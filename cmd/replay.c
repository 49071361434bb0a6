/* `netkit replay`: from the command line to cat_replay_run. */
#include "base/clock.h"
#include "cat.h"
#include "cat/cat_replay.h"
#include "service/values.h"

#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)

struct replay_command_options {
    struct cat_command_options cat; /* first: what it shares with connect */
    struct cat_replay_options replay;
    const char *speed; /* a factor; NULL when not given */
};

static const struct replay_command_options defaults = {
    .cat = {.cat = CAT_OPTIONS_DEFAULT, .on_eof = "half"},
    .replay = {.speed = 1000},
};

static const struct option_spec replay_options[] = {
    {
        .name = "check",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct replay_command_options, replay.check),
        .help = "fail when other bytes come back than recorded",
    },
    {
        .name = "fast",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct replay_command_options, replay.fast),
        .help = "send everything at once",
    },
    {
        .name = "speed",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct replay_command_options, speed),
        .argument = "FACTOR",
        .help = "send so many times as fast as recorded",
        .unset = "1",
    },
    {
        .name = "wait",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct replay_command_options, cat.cat.datagram.wait),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "udp: for answers after the last datagram",
    },
    {
        .name = "connect-timeout",
        .letter = 'w',
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct replay_command_options, cat.cat.connect_timeout),
        .argument = "TIME",
        .minimum = NK_NANOSECONDS_PER_MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "give up connecting (status 5)",
        .unset = "never",
    },
};

static const struct option_table table = {replay_options, NK_ARRAY_LENGTH(replay_options)};

static const struct option_part parts[] = {
    {&cat_option_table, 0},
    {&table, 0},
    {&common_option_table, 0},
    {NULL, 0},
};

static enum exit_status take_speed(const struct command_call *call)
{
    struct replay_command_options *mine = call->options;
    const char *problem = NULL;

    if (mine->speed == NULL)
        return EXIT_STATUS_OK;
    if (mine->replay.fast)
        return command_usage_error(call->command->name, "--fast and --speed exclude each other");
    if (value_parse_factor(mine->speed, &mine->replay.speed, &problem) != 0)
        return command_usage_error(call->command->name, "--speed: '%.300s' %s", mine->speed,
                                   problem);
    return EXIT_STATUS_OK;
}

/* The first word; the others are an address as for connect. */
static enum exit_status take_file(struct command_call *call)
{
    struct replay_command_options *mine = call->options;

    if (call->result.word_count == 0)
        return command_usage_error(call->command->name, "the file is missing");
    mine->replay.file = call->result.words[0];
    call->result.words++;
    call->result.word_count--;
    if (mine->cat.cat.record != NULL && strcmp(mine->cat.cat.record, mine->replay.file) == 0)
        return command_usage_error(call->command->name, "--record would overwrite '%.300s'",
                                   mine->replay.file);
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    struct replay_command_options *options = call->options;
    struct cat_reporter reporter = cat_report(&options->cat.common);
    enum exit_status status = take_speed(call);

    if (status == EXIT_STATUS_OK)
        status = take_file(call);
    if (status == EXIT_STATUS_OK)
        status = cat_options_complete(call, false);
    if (status != EXIT_STATUS_OK)
        return status;
    status = cat_replay_run(&options->cat.cat, &options->replay, &reporter);
    cat_report_end(&options->cat.common, status);
    return status;
}

static const struct command_example examples[] = {
    {"netkit connect --record session.rec host 25", "record one"},
    {"netkit replay session.rec host 25", "the same once more"},
    {"netkit replay --speed 2 session.rec unix:/run/x", "elsewhere, twice as fast"},
    {"netkit replay --fast --check q.rec udp://host:53", "is every answer still the same?"},
    {NULL, NULL},
};

const struct command replay_command = {
    .name = "replay",
    .summary = "send a recorded session again",
    .arguments = "[OPTION]... FILE ADDRESS | FILE HOST PORT",
    .description =
        "Connect to ADDRESS, send what FILE says was sent, when it was sent, and write\n"
        "what comes back to standard output. FILE is what 'connect --record' has written.\n"
        "Without ADDRESS connect to port 43211 of this machine.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_FILE,
    .examples = examples,
    .run = run,
};
