/* Connections, timers and tasks hang in lists like these: a wrong link is a
 * connection that is never freed or freed twice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/list.h"

struct element {
    int number;
    struct nk_list_node node;
};

static struct element *element_of(struct nk_list_node *node)
{
    return nk_container_of(node, struct element, node);
}

/* Compares forwards and backwards, so that a half-made link is seen. */
static void assert_numbers(struct nk_list_node *head, const int *numbers, size_t count)
{
    struct nk_list_node *node = head->next;

    for (size_t i = 0; i < count; i++, node = node->next)
        assert_int_equal(element_of(node)->number, numbers[i]);
    assert_ptr_equal(node, head);

    node = head->prev;
    for (size_t i = count; i > 0; i--, node = node->prev)
        assert_int_equal(element_of(node)->number, numbers[i - 1]);
    assert_ptr_equal(node, head);
}

static void fill(struct nk_list_node *head, struct element *elements, int count)
{
    nk_list_init(head);
    for (int i = 0; i < count; i++) {
        elements[i].number = i;
        nk_list_append(head, &elements[i].node);
    }
}

static void new_list_is_empty(void **state)
{
    struct nk_list_node head;

    (void)state;
    nk_list_init(&head);
    assert_true(nk_list_is_empty(&head));
    assert_null(nk_list_first(&head));
}

static void append_keeps_the_order(void **state)
{
    struct nk_list_node head;
    struct element elements[3];

    (void)state;
    fill(&head, elements, 3);
    assert_numbers(&head, (const int[]){0, 1, 2}, 3);
    assert_false(nk_list_is_empty(&head));
    assert_ptr_equal(nk_list_first(&head), &elements[0].node);
}

static void remove_works_at_every_place(void **state)
{
    struct nk_list_node head;
    struct element elements[3];

    (void)state;
    fill(&head, elements, 3);
    nk_list_remove(&elements[1].node);
    assert_numbers(&head, (const int[]){0, 2}, 2);
    fill(&head, elements, 3);
    nk_list_remove(&elements[0].node);
    assert_numbers(&head, (const int[]){1, 2}, 2);
    fill(&head, elements, 3);
    nk_list_remove(&elements[2].node);
    assert_numbers(&head, (const int[]){0, 1}, 2);
}

/* Closing is idempotent, so unlinking must be: a second removal may touch
 * neither the old neighbours nor a list. */
static void removing_twice_is_harmless(void **state)
{
    struct nk_list_node head;
    struct element elements[3];

    (void)state;
    fill(&head, elements, 3);
    nk_list_remove(&elements[1].node);
    nk_list_remove(&elements[1].node);
    assert_numbers(&head, (const int[]){0, 2}, 2);
    nk_list_append(&head, &elements[1].node);
    assert_numbers(&head, (const int[]){0, 2, 1}, 3);
}

static void last_removal_leaves_an_empty_list(void **state)
{
    struct nk_list_node head;
    struct element elements[1];

    (void)state;
    fill(&head, elements, 1);
    nk_list_remove(&elements[0].node);
    assert_true(nk_list_is_empty(&head));
    assert_null(nk_list_first(&head));
    nk_list_remove(&elements[0].node);
    assert_true(nk_list_is_empty(&head));
}

/* A closed connection takes itself out of the list that is being walked. */
static void walk_survives_removal_of_the_current_node(void **state)
{
    struct nk_list_node head;
    struct nk_list_node other;
    struct nk_list_node *node;
    struct nk_list_node *following;
    struct element elements[5];
    int visited = 0;

    (void)state;
    fill(&head, elements, 5);
    nk_list_init(&other);
    NK_LIST_FOR_EACH (node, following, &head) {
        assert_int_equal(element_of(node)->number, visited++);
        if (element_of(node)->number % 2 == 0) {
            nk_list_remove(node);
            nk_list_append(&other, node);
        }
    }
    assert_int_equal(visited, 5);
    assert_numbers(&head, (const int[]){1, 3}, 2);
    assert_numbers(&other, (const int[]){0, 2, 4}, 3);
}

static void walk_of_an_empty_list_does_nothing(void **state)
{
    struct nk_list_node head;
    struct nk_list_node *node;
    struct nk_list_node *following;

    (void)state;
    nk_list_init(&head);
    NK_LIST_FOR_EACH (node, following, &head) {
        fail();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_list_is_empty),
        cmocka_unit_test(append_keeps_the_order),
        cmocka_unit_test(remove_works_at_every_place),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(last_removal_leaves_an_empty_list),
        cmocka_unit_test(walk_survives_removal_of_the_current_node),
        cmocka_unit_test(walk_of_an_empty_list_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
