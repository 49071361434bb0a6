#include "http/http_watch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/list.h"
#include "http/http_peer.h"

/* The kernel is asked for the round-trip time this often at most: it costs a system
 * call, and changes slowly. */
#define PATH_INTERVAL (100 * NK_NANOSECONDS_PER_MILLISECOND)

/* Bytes of each text of a request that are kept; the line of the log shows fewer. */
#define TEXT_MAX 1100

/* One request that is not finished. */
struct http_record {
    struct http_record *next;
    uint64_t started; /* monotonic ns */
    uint64_t begin;   /* bytes of the connection before its response */
    uint64_t end;     /* and with it; valid when handed over */
    bool is_handed_over;
    char *rule;                  /* owned; NULL = none, or it lies in `text` */
    char *user;                  /* owned */
    struct http_log_entry entry; /* its slices point into `text` */
    char text[];
};

struct http_visitor {
    struct http_watch *watch;
    struct nk_tcp_connection *connection;
    struct nk_list_node node; /* in watch->unsettled */
    struct http_record *first;
    struct http_record *last;
    uint64_t path_asked; /* monotonic ns; 0 = never */
    bool has_path;
    struct nk_tcp_info path;
    char address[NK_SOCKADDR_TEXT_MAX];
};

struct http_watch {
    struct http_watch_options options;
    struct http_log_buffer *buffer;
    struct nk_list_node unsettled; /* visitors with responses that were handed over */
    struct nk_task task;
    bool task_is_due;
};

/* ---- the way to the peer ---- */

static void ask_path(struct http_visitor *visitor, uint64_t now)
{
    bool is_known = visitor->path_asked > 0 && now - visitor->path_asked < PATH_INTERVAL;
    if (is_known || !visitor->watch->buffer || visitor->watch->options.log->format != HTTP_LOG_JSON)
        return;
    visitor->path_asked = now;
    visitor->has_path = nk_tcp_connection_info(visitor->connection, &visitor->path) == 0;
}

static struct http_visitor *visitor_new(struct http_watch *watch,
                                        struct nk_tcp_connection *connection)
{
    struct http_visitor *visitor = calloc(1, sizeof(*visitor));
    if (!visitor)
        return NULL;
    visitor->watch = watch;
    visitor->connection = connection;
    nk_list_init(&visitor->node);
    if (watch->buffer)
        http_peer_print(connection, visitor->address);
    return visitor;
}

/* ---- beginning ---- */

static struct nk_slice keep(char **at, struct nk_slice text)
{
    char *start = *at;
    if (text.len > 0)
        memcpy(start, text.data, text.len);
    *at += text.len;
    return nk_slice_make(start, text.len);
}

static struct nk_slice field(const struct http_request *request, const char *name)
{
    const struct nk_slice *value = http_request_header(request, name);
    return value ? nk_slice_first(*value, TEXT_MAX) : nk_slice_make(NULL, 0);
}

/* A record without its texts. */
static struct http_record *record_new(size_t text_len)
{
    struct http_record *record = malloc(sizeof(*record) + text_len);
    if (record)
        *record = (struct http_record){.entry = {.method = ""}};
    return record;
}

/* What the log shows of a request, copied: its bytes are gone before it is finished. */
static struct http_record *record_request(const struct http_request *request)
{
    const struct nk_slice target = nk_slice_first(request->target, TEXT_MAX);
    const struct nk_slice host = nk_slice_first(request->host, TEXT_MAX);
    const struct nk_slice referer = field(request, "referer");
    const struct nk_slice agent = field(request, "user-agent");
    struct http_record *record = record_new(target.len + host.len + referer.len + agent.len);
    if (!record)
        return NULL;
    char *at = record->text;
    record->entry.method = http_method_name(request->method);
    record->entry.minor_version = request->minor_version;
    record->entry.target = keep(&at, target);
    record->entry.host = keep(&at, host);
    record->entry.referer = keep(&at, referer);
    record->entry.agent = keep(&at, agent);
    return record;
}

static bool is_line_end(char byte)
{
    return byte == '\r' || byte == '\n';
}

/* The first line that is not empty, as far as it is there. */
static struct nk_slice first_line(struct nk_slice input)
{
    size_t len = 0;
    while (input.len > 0 && is_line_end(input.data[0]))
        input = nk_slice_from(input, 1);
    while (len < input.len && !is_line_end(input.data[len]))
        len++;
    return nk_slice_first(input, len);
}

static struct http_record *record_refusal(struct nk_slice head, const char *rule)
{
    const struct nk_slice shown = nk_slice_first(first_line(head), TEXT_MAX);
    const struct nk_slice rule_with_end = nk_slice_make(rule, strlen(rule) + 1);
    struct http_record *record = record_new(shown.len + rule_with_end.len);
    if (!record)
        return NULL;
    char *at = record->text;
    record->entry.line = keep(&at, shown);
    record->entry.rule = keep(&at, rule_with_end).data;
    return record;
}

static void append(struct http_visitor *visitor, struct http_record *record)
{
    if (visitor->last)
        visitor->last->next = record;
    else
        visitor->first = record;
    visitor->last = record;
}

static uint64_t output_of(const struct nk_tcp_connection *connection)
{
    return nk_tcp_connection_bytes_sent(connection) + nk_tcp_connection_queued(connection);
}

static void begin(struct http_watch *watch, struct http_visitor *visitor,
                  struct http_record *record)
{
    if (!visitor || !record) { /* out of memory: it is served, but not told */
        free(record);
        return;
    }
    if (watch->options.counters)
        http_counters_begin(watch->options.counters);
    record->started = nk_event_loop_now(watch->options.loop);
    record->entry.wall = watch->buffer ? nk_clock_wall(nk_clock_system()) : 0;
    record->begin = output_of(visitor->connection);
    ask_path(visitor, record->started);
    append(visitor, record);
}

void http_watch_begin(struct http_watch *watch, struct http_visitor **visitor,
                      struct nk_tcp_connection *connection, const struct http_request *request)
{
    if (!*visitor)
        *visitor = visitor_new(watch, connection);
    else if ((*visitor)->last && !(*visitor)->last->is_handed_over)
        return;
    begin(watch, *visitor, watch->buffer ? record_request(request) : record_new(0));
}

void http_watch_refuse(struct http_watch *watch, struct http_visitor **visitor,
                       struct nk_tcp_connection *connection, struct nk_slice head, const char *rule)
{
    if (!*visitor)
        *visitor = visitor_new(watch, connection);
    begin(watch, *visitor, record_refusal(head, rule));
}

void http_watch_status(struct http_visitor *visitor, int status)
{
    if (!visitor || !visitor->last)
        return;
    struct http_record *record = visitor->last;
    record->entry.status = status;
    record->entry.first_byte = nk_clock_monotonic(nk_clock_system()) - record->started;
}

void http_watch_rule(struct http_visitor *visitor, const char *rule)
{
    if (!visitor || !visitor->last || !visitor->watch->buffer || visitor->last->entry.rule)
        return;
    visitor->last->rule = strdup(rule);
    visitor->last->entry.rule = visitor->last->rule;
}

void http_watch_user(struct http_visitor *visitor, const char *name)
{
    if (!visitor || !visitor->last || !visitor->watch->buffer || visitor->last->user)
        return;
    visitor->last->user = strdup(name);
    visitor->last->entry.user = visitor->last->user;
}

/* ---- finishing ---- */

static void finish_first(struct http_visitor *visitor, uint64_t now, bool is_gone)
{
    const struct http_watch *watch = visitor->watch;
    struct http_record *record = visitor->first;
    struct http_log_entry *entry = &record->entry;
    uint64_t sent = nk_tcp_connection_bytes_sent(visitor->connection);
    uint64_t end = record->is_handed_over && record->end < sent ? record->end : sent;
    visitor->first = record->next;
    if (!visitor->first)
        visitor->last = NULL;
    entry->bytes = end > record->begin ? end - record->begin : 0;
    entry->is_complete = !is_gone || (record->is_handed_over && sent >= record->end);
    entry->duration = now > record->started ? now - record->started : 0;
    entry->client = visitor->address;
    entry->loop = watch->options.index;
    entry->has_path = visitor->has_path;
    entry->round_trip = visitor->path.rtt;
    entry->retransmits = visitor->path.total_retransmits;
    if (watch->options.counters)
        http_counters_finish(watch->options.counters, entry->status, entry->bytes, entry->duration);
    if (watch->buffer)
        http_log_add(watch->buffer, entry);
    free(record->rule);
    free(record->user);
    free(record);
}

/* Finishes what the kernel has taken completely. */
static void settle(struct http_visitor *visitor, uint64_t now)
{
    uint64_t sent = nk_tcp_connection_bytes_sent(visitor->connection);
    while (visitor->first && visitor->first->is_handed_over && visitor->first->end <= sent)
        finish_first(visitor, now, false);
}

/* At the end of the turn everything that goes out at once has gone out. */
static void settle_all(struct nk_task *task)
{
    struct http_watch *watch = nk_container_of(task, struct http_watch, task);
    uint64_t now = nk_clock_monotonic(nk_clock_system());
    watch->task_is_due = false;
    while (!nk_list_is_empty(&watch->unsettled)) {
        struct http_visitor *visitor =
            nk_container_of(watch->unsettled.next, struct http_visitor, node);
        nk_list_remove(&visitor->node);
        settle(visitor, now);
    }
}

void http_watch_hand_over(struct http_visitor *visitor)
{
    if (!visitor || !visitor->last)
        return;
    struct http_watch *watch = visitor->watch;
    visitor->last->is_handed_over = true;
    visitor->last->end = output_of(visitor->connection);
    nk_list_remove(&visitor->node);
    nk_list_append(&watch->unsettled, &visitor->node);
    if (watch->task_is_due)
        return;
    watch->task_is_due = true;
    nk_event_loop_at_turn_end(watch->options.loop, &watch->task, settle_all);
}

void http_watch_drained(struct http_visitor *visitor)
{
    if (visitor && visitor->first)
        settle(visitor, nk_clock_monotonic(nk_clock_system()));
}

void http_watch_end(struct http_visitor *visitor)
{
    if (!visitor)
        return;
    uint64_t now = nk_clock_monotonic(nk_clock_system());
    while (visitor->first)
        finish_first(visitor, now, true);
    nk_list_remove(&visitor->node);
    free(visitor);
}

/* ---- life ---- */

int http_watch_new(struct http_watch **out, const struct http_watch_options *options)
{
    struct http_watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    int error = options->log ? http_log_buffer_new(&watch->buffer, options->log, options->loop) : 0;
    if (error) {
        free(watch);
        return error;
    }
    watch->options = *options;
    nk_list_init(&watch->unsettled);
    *out = watch;
    return 0;
}

void http_watch_free(struct http_watch *watch)
{
    if (!watch)
        return;
    http_log_buffer_free(watch->buffer);
    free(watch);
}

void http_watch_flush(struct http_watch *watch)
{
    if (watch->buffer)
        http_log_flush(watch->buffer);
}
