#include "http/http_coding.h"

#include "http/http_chars.h"
#include "http/http_list.h"
#include "http/http_weight.h"

const struct http_coding_names http_coding_names[HTTP_CODING_COUNT] = {
    [HTTP_CODING_IDENTITY] = {"", ""},
    [HTTP_CODING_GZIP] = {"gzip", ".gz"},
    [HTTP_CODING_ZSTD] = {"zstd", ".zst"},
    [HTTP_CODING_BROTLI] = {"br", ".br"},
};

void http_accepted_init(struct http_accepted *accepted)
{
    *accepted = (struct http_accepted){.rest = 0};
}

/* The weight behind a coding: nothing, or ";q=" and a qvalue. */
static bool read_parameter(struct nk_slice text, unsigned *weight)
{
    static const struct nk_slice q = NK_SLICE("q=");
    *weight = HTTP_WEIGHT_ONE;
    if (text.len == 0)
        return true;
    if (text.data[0] != ';')
        return false;
    text = nk_slice_trim(nk_slice_from(text, 1));
    return nk_slice_equal_ignoring_case(nk_slice_first(text, q.len), q) &&
           http_weight_read(nk_slice_from(text, q.len), weight);
}

static void set_weight(struct http_accepted *accepted, struct nk_slice name, uint16_t weight)
{
    static const struct {
        struct nk_slice name;
        enum http_coding coding;
    } names[] = {
        {NK_SLICE("identity"), HTTP_CODING_IDENTITY}, {NK_SLICE("gzip"), HTTP_CODING_GZIP},
        {NK_SLICE("x-gzip"), HTTP_CODING_GZIP},       {NK_SLICE("zstd"), HTTP_CODING_ZSTD},
        {NK_SLICE("br"), HTTP_CODING_BROTLI},
    };
    if (name.len == 1 && name.data[0] == '*') {
        accepted->has_rest = true;
        accepted->rest = weight;
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        if (!nk_slice_equal_ignoring_case(name, names[i].name))
            continue;
        accepted->weights[names[i].coding] = weight;
        accepted->named |= (uint8_t)HTTP_CODING_BIT(names[i].coding);
    }
}

static void read_member(struct http_accepted *accepted, struct nk_slice member)
{
    const char *const end = member.data + member.len;
    const char *const stop = http_char_skip(member.data, end, HTTP_CHAR_TOKEN);
    const struct nk_slice name = nk_slice_first(member, (size_t)(stop - member.data));
    unsigned weight;
    if (name.len > 0 && read_parameter(nk_slice_trim(nk_slice_from(member, name.len)), &weight))
        set_weight(accepted, name, (uint16_t)weight);
}

void http_accepted_read(struct http_accepted *accepted, struct nk_slice value)
{
    struct nk_slice member;
    while (http_list_next(&value, &member)) {
        if (member.len > 0)
            read_member(accepted, member);
    }
}

static unsigned weight_of(const struct http_accepted *accepted, enum http_coding coding)
{
    if ((accepted->named & HTTP_CODING_BIT(coding)) != 0)
        return accepted->weights[coding];
    if (accepted->has_rest)
        return accepted->rest;
    /* RFC 9110 12.5.3: the identity is acceptable unless something says no, but
     * whoever names other codings wants those. */
    return 0;
}

enum http_coding http_accepted_choose(const struct http_accepted *accepted, unsigned available)
{
    enum http_coding best = HTTP_CODING_IDENTITY;
    unsigned best_weight = weight_of(accepted, best);
    for (unsigned coding = 1; coding < HTTP_CODING_COUNT; coding++) {
        const unsigned weight = weight_of(accepted, (enum http_coding)coding);
        if ((available & HTTP_CODING_BIT(coding)) == 0 || weight == 0 || weight < best_weight)
            continue;
        best = (enum http_coding)coding;
        best_weight = weight;
    }
    return best;
}
