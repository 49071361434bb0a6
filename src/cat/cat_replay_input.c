#include "cat/cat_replay_input.h"

#include <errno.h>

#include "os/socket.h"

/* How soon a datagram that was not taken is offered again. */
#define RETRY_INTERVAL NK_NANOSECONDS_PER_MILLISECOND

struct cat_replay_input {
    struct cat_replay_options options;
    struct cat_recording *recording;
    struct cat_player player;
    struct cat_check check;
    bool keeps_records;

    /* Playing into a descriptor: our end of the pair. */
    struct nk_channel channel;
    size_t written; /* bytes of the chunk that it has taken */
    void (*on_failed)(void *context, int error);
    void *context;
};

int cat_replay_input_open(struct cat_replay_input **out, const struct cat_replay_options *options,
                          bool keeps_records, struct cat_recording_problem *problem)
{
    *problem = (struct cat_recording_problem){0};
    struct cat_replay_input *input = calloc(1, sizeof(*input));
    if (!input)
        return -ENOMEM;
    int error = cat_recording_open(&input->recording, options->file, problem);
    if (error) {
        free(input);
        return error;
    }
    input->options = *options;
    input->keeps_records = keeps_records;
    input->channel.fd = -1;
    cat_check_init(&input->check, input->recording, keeps_records);
    *out = input;
    return 0;
}

void cat_replay_input_stop(struct cat_replay_input *input)
{
    cat_player_stop(&input->player);
    if (nk_channel_is_open(&input->channel))
        nk_channel_close_descriptor(&input->channel);
}

void cat_replay_input_close(struct cat_replay_input *input)
{
    if (!input)
        return;
    cat_replay_input_stop(input);
    cat_recording_close(input->recording);
    free(input);
}

const struct cat_recording_summary *cat_replay_input_summary(const struct cat_replay_input *input)
{
    return cat_recording_summary(input->recording);
}

/* ---- playing into a descriptor ---- */

static void on_writable(struct nk_channel *channel, unsigned events)
{
    struct cat_replay_input *input = nk_container_of(channel, struct cat_replay_input, channel);
    (void)events;
    nk_channel_want(channel, 0);
    cat_player_retry(&input->player);
}

/* What was written of a chunk before is skipped. A record is written whole. */
static int write_chunk(void *context, struct nk_slice chunk)
{
    struct cat_replay_input *input = context;
    if (chunk.len == 0 && !input->keeps_records)
        return 0;
    do {
        struct nk_slice rest = nk_slice_from(chunk, input->written);
        ssize_t put = nk_socket_send(input->channel.fd, rest.data, rest.len, false);
        if (put < 0) {
            nk_channel_want(&input->channel, put == -EAGAIN ? NK_WRITE : 0);
            return (int)put;
        }
        input->written += (size_t)put;
    } while (input->written < chunk.len);
    input->written = 0;
    return 0;
}

static void on_played(void *context, int error)
{
    struct cat_replay_input *input = context;
    nk_channel_close_descriptor(&input->channel);
    if (error)
        input->on_failed(input->context, error);
}

static void start(struct cat_replay_input *input, struct cat_player_options options)
{
    options.recording = input->recording;
    options.fast = input->options.fast;
    options.speed = input->options.speed;
    cat_player_init(&input->player, &options);
    cat_player_start(&input->player);
}

int cat_replay_input_start(struct cat_replay_input *input, struct nk_event_loop *loop, int *fd,
                           void (*on_failed)(void *context, int error), void *context)
{
    const struct cat_player_options options = {
        .loop = loop,
        .on_chunk = write_chunk,
        .on_ended = on_played,
        .context = input,
    };
    int fds[2];
    int error = nk_socket_pair(input->keeps_records ? SOCK_SEQPACKET : SOCK_STREAM, fds);
    if (error)
        return error;
    error = nk_channel_open(&input->channel, loop, fds[1], on_writable);
    if (error) {
        input->channel.fd = -1;
        nk_socket_close(fds[0]);
        nk_socket_close(fds[1]);
        return error;
    }
    input->on_failed = on_failed;
    input->context = context;
    start(input, options);
    *fd = fds[0];
    return 0;
}

void cat_replay_input_start_datagrams(struct cat_replay_input *input, struct nk_event_loop *loop,
                                      int (*on_chunk)(void *context, struct nk_slice chunk),
                                      void (*on_ended)(void *context, int error), void *context)
{
    start(input, (struct cat_player_options){
                     .loop = loop,
                     .on_chunk = on_chunk,
                     .on_ended = on_ended,
                     .context = context,
                     .retry_after = RETRY_INTERVAL,
                 });
}

/* ---- comparing ---- */

bool cat_replay_input_received(struct cat_replay_input *input, struct nk_slice bytes)
{
    return !input->options.check || cat_check_received(&input->check, bytes);
}

bool cat_replay_input_end(struct cat_replay_input *input)
{
    return !input->options.check || cat_check_end(&input->check);
}

const char *cat_replay_input_difference(const struct cat_replay_input *input)
{
    return cat_check_difference(&input->check);
}
