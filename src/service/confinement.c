#include "service/confinement.h"

#include <errno.h>

struct plan {
    struct confine_rule *rules; /* each with a path of its own */
    size_t count;
};

static int add(struct plan *plan, enum confine_kind kind, struct nk_slice path)
{
    struct confine_rule *rules = reallocarray(plan->rules, plan->count + 1, sizeof(plan->rules[0]));
    if (!rules)
        return -ENOMEM;
    plan->rules = rules;
    char *copy = nk_slice_copy_string(path);
    if (!copy)
        return -ENOMEM;
    rules[plan->count++] = (struct confine_rule){kind, copy};
    return 0;
}

static void plan_deinit(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free((char *)(uintptr_t)plan->rules[i].path);
    free(plan->rules);
}

static int add_service(struct plan *plan, const struct service *service)
{
    int error = 0;
    for (size_t i = 0; i < service->confinement_count && !error; i++) {
        const struct confine_rule *rule = &service->confinement[i];
        error = add(plan, rule->kind, nk_slice_of_string(rule->path));
    }
    return error;
}

static int add_sockets(struct plan *plan, const struct service_options *options)
{
    int error = 0;
    for (size_t i = 0; i < options->address_count && !error; i++) {
        const struct nk_address *address = &options->addresses[i];
        if (nk_scheme_is_unix(address->scheme) && address->path[0] != '@')
            error = add(plan, CONFINE_REMOVE, nk_slice_of_string(address->path));
    }
    return error;
}

static int add_list_file(void *context, struct nk_slice path)
{
    return add(context, CONFINE_READ_AGAIN, path);
}

int service_confine(const struct service *service, const struct service_options *options)
{
    struct plan plan = {NULL, 0};
    if (!service->confinement)
        return 0;
    int error = add_service(&plan, service);
    if (!error)
        error = add_sockets(&plan, options);
    if (!error && options->access_list)
        error = access_list_each_file(options->access_list, add_list_file, &plan);
    if (!error)
        error = confine_process(plan.rules, plan.count);
    plan_deinit(&plan);
    return error;
}
