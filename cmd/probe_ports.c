/* `netkit probe tcp --ports`: a target for each port, and a table of what they are. */
#include "probe_ports.h"

#include <errno.h>
#include <netdb.h>

#include "output.h"
#include "probe_report.h"

/* More ports of one state than this are counted, not listed: the open ones are what
 * people look for. */
#define LISTED_MAX 25

enum port_state { PORT_OPEN, PORT_CLOSED, PORT_FILTERED, PORT_STATE_COUNT };

static const char *const state_names[PORT_STATE_COUNT] = {"open", "closed", "filtered"};

enum exit_status probe_spread_ports(struct probe_command_options *mine,
                                    const struct probe_number_set *ports)
{
    char **hosts = mine->targets;
    size_t count = mine->probe.target_count;
    enum exit_status status = EXIT_STATUS_OK;

    mine->targets = NULL;
    mine->target_room = 0;
    mine->probe.target_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct nk_address address;
        char text[NK_ADDRESS_TEXT_MAX];
        const char *ignored;
        bool is_right = nk_address_parse(&address, hosts[i], &ignored) == 0;

        address.has_port = true;
        for (uint32_t port = 1; is_right && port <= UINT16_MAX && status == EXIT_STATUS_OK;
             port++) {
            address.port = (uint16_t)port;
            if (probe_number_set_holds(ports, (uint16_t)port))
                status = probe_add_target(mine, nk_address_print(&address, text));
        }
        free(hosts[i]);
    }
    free(hosts);
    return status;
}

/* Who says nothing may be there or not; so may one whose way is blocked. */
static enum port_state state_of(const struct probe_target *target)
{
    if (target->statistics.replies > 0)
        return PORT_OPEN;
    return target->statistics.last_error == -ECONNREFUSED ? PORT_CLOSED : PORT_FILTERED;
}

/* Splits "tcp://host:80?options" into what stands before the last colon, and the port. */
static size_t split_name(const char *name, uint16_t *port)
{
    size_t len = strcspn(name, "?");

    while (len > 0 && name[len - 1] != ':')
        len--;
    *port = (uint16_t)strtoul(name + len, NULL, 10);
    return len > 0 ? len - 1 : 0;
}

static void print_port(const struct probe_target *target)
{
    enum port_state state = state_of(target);
    struct probe_figures figures;
    char text[PROBE_RTT_TEXT_MAX] = "-";
    const struct servent *service;
    uint16_t port;

    (void)split_name(target->name, &port);
    (void)probe_statistics_figures(&target->statistics, &figures);
    service = getservbyport(htons(port), "tcp");
    if (state == PORT_OPEN)
        probe_show_rtt(figures.p50, text);
    printf("%5u  %-8s  %8s", (unsigned)port, state_names[state], text);
    if (service != NULL) {
        fputs("  ", stdout);
        output_visible(stdout, service->s_name);
    }
    putchar('\n');
}

/* Whether both are ports of the same host. */
static bool is_same_host(const struct probe_target *one, const struct probe_target *other)
{
    uint16_t port;
    size_t len = split_name(one->name, &port);

    return split_name(other->name, &port) == len && memcmp(one->name, other->name, len) == 0;
}

static void print_host(struct probe_target *const *targets, size_t count, bool lists_all)
{
    size_t counts[PORT_STATE_COUNT] = {0};
    uint16_t port;

    for (size_t i = 0; i < count; i++)
        counts[state_of(targets[i])]++;
    output_visible_part(stdout, targets[0]->name, split_name(targets[0]->name, &port));
    printf("\n port  state     time, ms  service\n");
    for (size_t i = 0; i < count; i++) {
        enum port_state state = state_of(targets[i]);

        if (state == PORT_OPEN || lists_all || counts[state] <= LISTED_MAX)
            print_port(targets[i]);
    }
    for (int state = PORT_CLOSED; state < PORT_STATE_COUNT; state++) {
        if (!lists_all && counts[state] > LISTED_MAX)
            printf("%zu ports are %s\n", counts[state], state_names[state]);
    }
}

void probe_print_ports(const struct probe_totals *totals, bool lists_all)
{
    size_t start = 0;

    while (start < totals->target_count) {
        size_t end = start + 1;

        while (end < totals->target_count &&
               is_same_host(totals->targets[start], totals->targets[end]))
            end++;
        if (start > 0)
            putchar('\n');
        print_host(totals->targets + start, end - start, lists_all);
        start = end;
    }
}
