/* A getaddrinfo of the test's own: the program's definition is linked in place
 * of the C library's. Names under .invalid are answered from `fake_names` and
 * nothing leaves this machine; every other host goes to the real one. Include
 * cmocka.h first. */
#ifndef TESTS_UNIT_FAKE_NAMES_H
#define TESTS_UNIT_FAKE_NAMES_H

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "os/sockaddr.h"

/* What the next look-up of a name under .invalid finds. */
static struct {
    int code;                            /* of getaddrinfo; errno for EAI_SYSTEM is EMFILE */
    const struct nk_sockaddr *addresses; /* with their ports */
    size_t count;
    sem_t *gate;        /* the look-up waits here, if any */
    sem_t *started;     /* and says so here */
    atomic_int lookups; /* how often the name was asked for */
} fake_names;

/* Node and address in one block, which the real freeaddrinfo frees as one. */
static struct addrinfo *fake_entry(const struct nk_sockaddr *address, struct addrinfo *next)
{
    struct addrinfo *entry = calloc(1, sizeof *entry + sizeof *address);

    assert_non_null(entry);
    struct nk_sockaddr *copy = (struct nk_sockaddr *)(void *)(entry + 1);
    *copy = *address;
    entry->ai_family = address->any.sa_family;
    entry->ai_addr = &copy->any;
    entry->ai_addrlen = address->len;
    entry->ai_next = next;
    return entry;
}

static int fake_look_up(const struct addrinfo *hints, struct addrinfo **result)
{
    struct addrinfo *list = NULL;

    atomic_fetch_add(&fake_names.lookups, 1);
    if (fake_names.started)
        sem_post(fake_names.started);
    if (fake_names.gate)
        while (sem_wait(fake_names.gate) != 0)
            continue;
    if (fake_names.code) {
        errno = EMFILE;
        return fake_names.code;
    }
    for (size_t i = fake_names.count; i > 0; i--) {
        int family = fake_names.addresses[i - 1].any.sa_family;
        if (hints->ai_family == AF_UNSPEC || hints->ai_family == family)
            list = fake_entry(&fake_names.addresses[i - 1], list);
    }
    *result = list;
    return list ? 0 : EAI_NODATA;
}

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    static const char suffix[] = ".invalid";
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    size_t len = host ? strlen(host) : 0;

    if (len >= sizeof suffix && strcmp(host + len - (sizeof suffix - 1), suffix) == 0)
        return hints->ai_flags & AI_NUMERICHOST ? EAI_NONAME : fake_look_up(hints, result);

    /* ISO C knows no conversion of an object pointer to a function pointer. */
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    return real(host, service, hints, result);
}

#endif
