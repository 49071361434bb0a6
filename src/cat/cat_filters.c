#include "cat/cat_filters.h"

/* Bytes that telnet looks at in one go, for which its answers have room. */
#define TELNET_PIECE ((size_t)4096)

void cat_filters_init(struct cat_filters *filters, const struct cat_filter_options *options)
{
    *filters = (struct cat_filters){.options = *options};
    telnet_init(&filters->telnet);
}

bool cat_filters_have_work(const struct cat_filter_options *options)
{
    return options->trace || options->crlf || options->telnet || options->hides_data ||
           options->on_received;
}

/* ---- user to network ---- */

static int encode_telnet(struct telnet *telnet, struct nk_slice bytes, struct nk_buffer *out)
{
    char *tail;
    int error = nk_buffer_reserve(out, TELNET_OUTPUT_MAX(bytes.len), &tail, NULL);
    if (!error)
        nk_buffer_commit(out, telnet_output(telnet, bytes, tail));
    return error;
}

static int change(struct cat_filters *filters, struct nk_slice bytes, struct nk_buffer *out)
{
    if (filters->options.telnet)
        return encode_telnet(&filters->telnet, bytes, out);
    if (filters->options.crlf)
        return cat_crlf_filter(&filters->crlf, bytes, out);
    return nk_buffer_append(out, bytes);
}

int cat_filter_up(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    struct cat_filters *filters = context;
    size_t before = nk_buffer_len(out);
    int error = change(filters, bytes, out);
    struct nk_slice changed = nk_slice_from(nk_buffer_slice(out), before);
    if (!error && changed.len > 0)
        cat_trace_chunk(filters->options.trace, RECORD_SENT, changed);
    return error;
}

/* ---- network to user ---- */

static int answer(struct cat_filters *filters, struct nk_slice reply)
{
    if (reply.len == 0)
        return 0;
    cat_trace_chunk(filters->options.trace, RECORD_SENT, reply);
    return filters->reply(filters->context, reply);
}

static void watch_echo(struct cat_filters *filters, bool was_on)
{
    bool is_on = telnet_is_on(&filters->telnet, TELNET_REMOTE, TELNET_ECHO);
    if (is_on != was_on && filters->on_echo)
        filters->on_echo(filters->context, is_on);
}

static int decode_telnet(struct cat_filters *filters, struct nk_slice bytes, struct nk_buffer *out)
{
    char reply[TELNET_REPLY_MAX(TELNET_PIECE)];
    bool was_echoing = telnet_is_on(&filters->telnet, TELNET_REMOTE, TELNET_ECHO);
    int error = 0;
    while (bytes.len > 0 && !error) {
        struct nk_slice piece = nk_slice_first(bytes, TELNET_PIECE);
        char *tail;
        size_t reply_len;
        error = nk_buffer_reserve(out, piece.len, &tail, NULL);
        if (error)
            break;
        size_t len = telnet_input(&filters->telnet, piece, tail, reply, &reply_len);
        nk_buffer_commit(out, filters->options.hides_data ? 0 : len);
        error = answer(filters, nk_slice_make(reply, reply_len));
        bytes = nk_slice_from(bytes, piece.len);
    }
    watch_echo(filters, was_echoing);
    return error;
}

int cat_filter_down(void *context, struct nk_slice bytes, struct nk_buffer *out)
{
    struct cat_filters *filters = context;
    cat_trace_chunk(filters->options.trace, RECORD_RECEIVED, bytes);
    if (filters->options.on_received)
        filters->options.on_received(filters->options.received_context, bytes);
    if (filters->options.telnet)
        return decode_telnet(filters, bytes, out);
    return filters->options.hides_data ? 0 : nk_buffer_append(out, bytes);
}
