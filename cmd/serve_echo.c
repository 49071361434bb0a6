/* `netkit serve echo`: from the command line to echo_service_run. */
#include "access.h"
#include "command.h"
#include "echo/echo_service.h"
#include "report.h"
#include "serve.h"

#define DEFAULT_PORT 43211

/* A prefix is a greeting, and every reply carries it. */
#define PREFIX_MAX 4096

/* Lines and payloads are held in memory until they are complete. */
#define DEFAULT_MAX_FRAME (UINT64_C(1024) * 1024)
#define LARGEST_MAX_FRAME (UINT64_C(1024) * 1024 * 1024)

#define HOUR (UINT64_C(3600) * 1000000000)

struct serve_echo_options {
    struct common_options common;
    struct echo_options echo;
    const char *transform; /* the words of the command line */
    const char *prefix;
    const char *frame;
};

static const struct serve_echo_options defaults = {
    .echo.service = SERVICE_OPTIONS_DEFAULT,
    .echo.max_frame = DEFAULT_MAX_FRAME,
};

/* In the order of the enumerations. */
static const char *const transforms[] = {"none", "upper", "rot13", NULL};
static const char *const framings[] = {"raw", "line", "len32", NULL};

static const struct option_spec echo_options[] = {
    {
        .name = "transform",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_echo_options, transform),
        .argument = "HOW",
        .choices = transforms,
        .help = "none, upper or rot13",
        .unset = "none",
    },
    {
        .name = "prefix",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_echo_options, prefix),
        .argument = "TEXT",
        .help = "put this in front of each line or datagram",
    },
    {
        .name = "frame",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct serve_echo_options, frame),
        .argument = "HOW",
        .choices = framings,
        .help = "what a message is: raw, line or len32",
        .unset = "raw",
    },
    {
        .name = "max-frame",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct serve_echo_options, echo.max_frame),
        .argument = "SIZE",
        .minimum = 1,
        .maximum = LARGEST_MAX_FRAME,
        .help = "the longest line or len32 payload",
    },
    {
        .name = "delay",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct serve_echo_options, echo.delay),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "hold each reply back",
        .unset = "none",
    },
};

static const struct option_table echo_option_table = {echo_options, NK_ARRAY_LENGTH(echo_options)};

static const struct option_part parts[] = {
    {&echo_option_table, 0},
    {&server_option_table, offsetof(struct serve_echo_options, echo.service)},
    {&access_option_table, offsetof(struct serve_echo_options, echo.service.access)},
    {&common_option_table, 0},
    {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_UDP, NK_SCHEME_UNIX,
                                         NK_SCHEME_UNIX_DGRAM, NK_SCHEME_UNIX_SEQPACKET};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), false};

/* The place of `word` among the choices; 0 for no word. */
static int choice_index(const char *word, const char *const *choices)
{
    for (int i = 0; word != NULL && choices[i] != NULL; i++) {
        if (strcmp(word, choices[i]) == 0)
            return i;
    }
    return 0;
}

/* Fills in what the words say together. */
static enum exit_status complete(const struct command_call *call,
                                 struct serve_echo_options *options)
{
    const char *name = call->command->name;
    const char *prefix = options->prefix != NULL ? options->prefix : "";

    options->echo.style.transform =
        (enum echo_transform)choice_index(options->transform, transforms);
    options->echo.framing = (enum echo_framing)choice_index(options->frame, framings);
    options->echo.style.prefix = nk_slice_of_string(prefix);
    if (strlen(prefix) > PREFIX_MAX)
        return command_usage_error(name, "--prefix is longer than %d bytes", PREFIX_MAX);
    if (*prefix != '\0' && options->frame == NULL)
        options->echo.framing = ECHO_FRAMING_LINE;
    if (*prefix != '\0' && options->echo.framing == ECHO_FRAMING_RAW)
        return command_usage_error(
            name, "--prefix has no effect on a stream with --frame raw; use line or len32");
    if (option_given(parts, &call->result, "max-frame") &&
        options->echo.framing == ECHO_FRAMING_RAW)
        return command_usage_error(name, "--max-frame has no effect without --frame line or len32");
    return EXIT_STATUS_OK;
}

static enum exit_status run(struct command_call *call)
{
    struct serve_echo_options *options = call->options;
    struct service_options *service = &options->echo.service;
    enum exit_status status = server_options_complete(call, &rules, service);

    service->default_port = DEFAULT_PORT;
    if (status == EXIT_STATUS_OK)
        status = complete(call, options);
    if (status == EXIT_STATUS_OK) {
        struct report report;

        report_init(&report, &options->common);
        status = echo_service_run(&options->echo, &report.reporter);
        report_deinit(&report, status);
    }
    server_options_release(service);
    return status;
}

static const struct command_example examples[] = {
    {"netkit serve echo", "port 43211, reachable from this machine"},
    {"netkit serve echo :7 udp://:7", "the port of RFC 862, on every interface"},
    {"netkit serve echo unix:/tmp/echo", "a unix stream socket"},
    {"netkit serve echo --prefix 'Hi, ' --delay 1s", "line by line, a second later"},
    {NULL, NULL},
};

const struct command serve_echo_command = {
    .name = "serve echo",
    .summary = "send every byte back to its sender (RFC 862)",
    .arguments = "[OPTION]... [ADDRESS]...",
    .description =
        "Send every byte back to its sender (RFC 862), on tcp, udp and unix sockets.\n"
        "Without ADDRESS listen on TCP port 43211 of this machine (127.0.0.1 and [::1]).\n"
        "A bare port is a port of this machine; ':PORT' is on every interface.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
