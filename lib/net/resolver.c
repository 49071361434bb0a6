#include "net/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>

#define SERVICE_SIZE sizeof "65535"

struct nk_resolver {
    struct nk_job job;
    nk_resolver_fn *on_done;
    void *context;
    atomic_bool is_cancelled; /* read by the worker, which then need not begin */
    struct addrinfo hints;
    char host[NK_ADDRESS_HOST_MAX + 1];
    char service[SERVICE_SIZE];
    int result;
    struct nk_sockaddr addresses[NK_RESOLVER_MAX];
};

/* ---- getaddrinfo ---- */

static const struct {
    int code;
    int error;
} failures[] = {
    {EAI_NONAME, -ENOENT},       {EAI_NODATA, -ENODATA},     {EAI_ADDRFAMILY, -ENODATA},
    {EAI_AGAIN, -EAGAIN},        {EAI_MEMORY, -ENOMEM},      {EAI_FAMILY, -EAFNOSUPPORT},
    {EAI_SOCKTYPE, -EPROTOTYPE}, {EAI_SERVICE, -EPROTOTYPE}, {EAI_BADFLAGS, -EINVAL},
};

/* errno is what EAI_SYSTEM refers to. */
static int error_of(int code)
{
    if (code == EAI_SYSTEM)
        return errno ? -errno : -EIO;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(failures); i++)
        if (failures[i].code == code)
            return failures[i].error;
    return -EIO;
}

static bool is_known(const struct nk_resolver *resolver, int count, const struct nk_sockaddr *found)
{
    for (int i = 0; i < count; i++)
        if (nk_sockaddr_equal(&resolver->addresses[i], found))
            return true;
    return false;
}

/* An address may be listed twice, as by two lines of /etc/hosts; trying it twice
 * would only take time. */
static int keep(struct nk_resolver *resolver, const struct addrinfo *list)
{
    int count = 0;
    for (; list && count < NK_RESOLVER_MAX; list = list->ai_next) {
        struct nk_sockaddr found = {.len = 0};
        bool is_ip = list->ai_family == AF_INET || list->ai_family == AF_INET6;
        if (!is_ip || list->ai_addrlen > sizeof found.v6)
            continue;
        memcpy(&found.any, list->ai_addr, list->ai_addrlen);
        found.len = list->ai_addrlen;
        if (!is_known(resolver, count, &found))
            resolver->addresses[count++] = found;
    }
    return count > 0 ? count : -ENODATA;
}

static int look_up(struct nk_resolver *resolver, const char *host)
{
    struct addrinfo *list = NULL;
    errno = 0;
    int code = getaddrinfo(host, resolver->service, &resolver->hints, &list);
    if (code != 0)
        return error_of(code);
    int result = keep(resolver, list);
    freeaddrinfo(list);
    return result;
}

/* ---- getaddrinfo, on the caller's thread ---- */

static struct nk_resolver *new_resolver(const char *host, uint16_t port, int family, int socktype)
{
    struct nk_resolver *resolver = calloc(1, sizeof(*resolver));
    if (!resolver)
        return NULL;
    snprintf(resolver->host, sizeof resolver->host, "%s", host);
    snprintf(resolver->service, sizeof resolver->service, "%u", (unsigned)port);
    resolver->hints = (struct addrinfo){
        .ai_flags = AI_NUMERICSERV,
        .ai_family = family,
        .ai_socktype = socktype,
    };
    return resolver;
}

int nk_resolver_look_up(const char *host, uint16_t port, int socktype,
                        struct nk_sockaddr *addresses, int max)
{
    if (strlen(host) > NK_ADDRESS_HOST_MAX)
        return -EINVAL;
    struct nk_resolver *resolver = new_resolver(host, port, AF_UNSPEC, socktype);
    if (!resolver)
        return -ENOMEM;
    int result = look_up(resolver, resolver->host);
    if (result > max)
        result = max;
    if (result > 0)
        memcpy(addresses, resolver->addresses, (size_t)result * sizeof(*addresses));
    free(resolver);
    return result;
}

/* ---- getaddrinfo, on a worker's ---- */

static void work(struct nk_job *job)
{
    struct nk_resolver *resolver = nk_container_of(job, struct nk_resolver, job);
    if (!atomic_load(&resolver->is_cancelled))
        resolver->result = look_up(resolver, resolver->host);
}

/* ---- on the loop ---- */

static void complete(struct nk_job *job)
{
    struct nk_resolver *resolver = nk_container_of(job, struct nk_resolver, job);
    if (!atomic_load(&resolver->is_cancelled))
        resolver->on_done(resolver->context, resolver->result, resolver->addresses);
    free(resolver);
}

/* The way of a result that was known at once: as if a worker had been asked. */
static void complete_task(struct nk_task *task)
{
    struct nk_job *job = nk_container_of(task, struct nk_job, completion);
    job->complete(job);
}

/* Without a host getaddrinfo means the loopback addresses; with AI_NUMERICHOST it
 * reads every numeric form, also "127.1", and asks nobody. Neither blocks. Nor
 * does what holds a colon, which is a bad IPv6 address and never a name. */
static bool is_answered_at_once(struct nk_resolver *resolver)
{
    const char *host = resolver->host[0] ? resolver->host : NULL;
    resolver->hints.ai_flags |= AI_NUMERICHOST;
    resolver->result = look_up(resolver, host);
    resolver->hints.ai_flags &= ~AI_NUMERICHOST;
    return resolver->result != -ENOENT || !host || strchr(host, ':');
}

bool nk_resolver_is_needed(const struct nk_address *address)
{
    struct nk_sockaddr ignored;
    return !nk_scheme_is_unix(address->scheme) && address->host[0] &&
           nk_sockaddr_from_numeric(&ignored, address->host, 0) == -EINVAL;
}

int nk_resolver_start(struct nk_resolver **out, struct nk_event_loop *loop,
                      struct nk_worker_pool *pool, const char *host, uint16_t port, int family,
                      int socktype, nk_resolver_fn *on_done, void *context)
{
    if (strlen(host) > NK_ADDRESS_HOST_MAX)
        return -EINVAL;
    struct nk_resolver *resolver = new_resolver(host, port, family, socktype);
    if (!resolver)
        return -ENOMEM;
    resolver->job = (struct nk_job){.work = work, .complete = complete, .loop = loop};
    resolver->on_done = on_done;
    resolver->context = context;
    int error = 0;
    if (is_answered_at_once(resolver))
        nk_event_loop_post(loop, &resolver->job.completion, complete_task);
    else
        error = pool ? nk_worker_pool_submit(pool, &resolver->job) : -EINVAL;
    if (error)
        free(resolver);
    else
        *out = resolver;
    return error;
}

/* The worker may be using the memory right now; the completion, which comes in
 * any case, finds that nobody wants to know and frees it. */
void nk_resolver_cancel(struct nk_resolver *resolver)
{
    atomic_store(&resolver->is_cancelled, true);
}

static const struct {
    int error;
    const char *text;
} texts[] = {
    {-ENOENT, "no such host"},
    {-ENODATA, "the host has no address of the kind asked for"},
    {-EAGAIN, "the name servers do not answer"},
    {-EIO, "the name look-up failed"},
};

const char *nk_resolver_error_text(int error, char room[static NK_ERROR_TEXT_MAX])
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++)
        if (texts[i].error == error)
            return texts[i].text;
    return nk_error_text(error, room);
}
