#include "probe/probe_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct probe_name {
    struct probe_name *next;
    struct nk_resolver *resolver; /* NULL unless it is at work */
    struct nk_list_node wishes;   /* that wait for it */
    int result;                   /* of the last look-up; 0 = there was none */
    struct nk_sockaddr *addresses;
    char host[];
};

/* The name, new if need be; NULL without memory. */
static struct probe_name *find(struct probe_names *names, const char *host)
{
    struct probe_name *name = names->first;
    size_t size = strlen(host) + 1;
    while (name && strcmp(name->host, host) != 0)
        name = name->next;
    if (name)
        return name;
    name = calloc(1, sizeof(*name) + size);
    if (!name)
        return NULL;
    memcpy(name->host, host, size);
    nk_list_init(&name->wishes);
    name->next = names->first;
    names->first = name;
    return name;
}

static int keep(struct probe_name *name, int count, const struct nk_sockaddr *addresses)
{
    struct nk_sockaddr *copy = reallocarray(name->addresses, (size_t)count, sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    memcpy(copy, addresses, (size_t)count * sizeof(*copy));
    name->addresses = copy;
    return count;
}

/* Whoever is told may withdraw any other wish, or have one again that is granted from
 * within. */
static void on_resolved(void *context, int result, const struct nk_sockaddr *addresses)
{
    struct probe_name *name = context;
    struct nk_list_node *node;
    name->resolver = NULL;
    name->result = result > 0 ? keep(name, result, addresses) : result;
    while (!name->resolver && (node = nk_list_first(&name->wishes))) {
        struct probe_name_wish *wish = nk_container_of(node, struct probe_name_wish, node);
        nk_list_remove(node);
        wish->on_done(wish, name->result, name->addresses);
    }
}

int probe_names_ask(struct probe_names *names, const char *host, bool may_be_old,
                    struct probe_name_wish *wish, probe_name_fn *on_done)
{
    struct probe_name *name = find(names, host);
    if (!name)
        return -ENOMEM;
    wish->on_done = on_done;
    nk_list_init(&wish->node);
    if (!name->resolver && (name->result > 0 || (name->result < 0 && may_be_old))) {
        on_done(wish, name->result, name->addresses);
        return 0;
    }
    if (!name->resolver) {
        int error = nk_resolver_start(&name->resolver, names->loop, names->pool, host, 0,
                                      names->family, SOCK_STREAM, on_resolved, name);
        if (error)
            return error;
    }
    nk_list_append(&name->wishes, &wish->node);
    return 0;
}

void probe_names_withdraw(struct probe_name_wish *wish)
{
    nk_list_remove(&wish->node);
}

bool probe_names_deinit(struct probe_names *names)
{
    bool was_under_way = false;
    struct probe_name *name;
    while ((name = names->first)) {
        names->first = name->next;
        if (name->resolver)
            nk_resolver_cancel(name->resolver);
        was_under_way |= name->resolver != NULL;
        free(name->addresses);
        free(name);
    }
    return was_under_way;
}
