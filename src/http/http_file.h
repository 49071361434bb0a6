/* What is known of a file that is served: what the system says of it, and what HTTP
 * says about it. Pure.
 *
 * The entity tag is made of the inode, the size, and the times of the last change of
 * content and inode in nanoseconds. That is strong enough: whoever writes a file
 * anew and renames it gives it another inode, whoever writes into it moves its times,
 * and cannot set the second one back. Only two changes within one tick of the
 * kernel's clock (4 ms) that keep the size look alike, and since Linux 6.13 not even
 * those on the usual file systems: after a look at a file its next change gets a time of
 * its own. The numbers are mixed, so that they tell a client nothing.
 */
#ifndef HTTP_HTTP_FILE_H
#define HTTP_HTTP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "http/http_coding.h"
#include "http/http_conditions.h"

/* Equal stamps are the same state of the same file. */
struct http_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t modified; /* ns since 1970 */
    int64_t changed;  /* the same, of the inode */
};

/* Content-Encoding, Vary, ETag, Last-Modified and Accept-Ranges, at their longest. */
#define HTTP_FILE_FIELDS_SIZE 256

#define HTTP_ETAG_SIZE 64

struct http_file {
    struct http_stamp stamp;
    const char *type; /* of the content, whatever its coding; constant */
    enum http_coding coding;
    uint64_t size;     /* of what is sent */
    int64_t modified;  /* seconds since 1970, never in the future */
    unsigned siblings; /* codings that lie beside it as files, as bits */
    bool has_looked;   /* for them */
    bool is_coded;     /* by the server, when a client wants it */
    bool is_made;      /* it is what the server has coded, and never changes */
    bool varies;       /* other clients may get it in another coding */
    char etag[HTTP_ETAG_SIZE];
    char fields[HTTP_FILE_FIELDS_SIZE]; /* header lines */
    size_t state_at;                    /* from here on a 304 repeats them */
};

void http_stamp_of(struct http_stamp *stamp, const struct stat *status);
bool http_stamp_equal(const struct http_stamp *a, const struct http_stamp *b);

/* Whether the file had come to rest by `now` (seconds since 1970): a change after
 * that time shows in its stamp, however coarse the clock is. */
bool http_stamp_is_settled(const struct http_stamp *stamp, uint64_t now);

/* Fills everything of `file` but siblings, has_looked, is_coded, is_made and varies,
 * which are none, and the fields. */
void http_file_describe(struct http_file *file, const struct stat *status, const char *type,
                        enum http_coding coding, uint64_t now);

/* The content of `file` in another coding, made by `maker` (a word that changes when
 * the same content would be coded differently). */
void http_file_describe_coded(struct http_file *coded, const struct http_file *file,
                              enum http_coding coding, const char *maker, uint64_t size);

/* Prints the fields; everything else has to be set. */
void http_file_print_fields(struct http_file *file);

/* Takes out of the fields what names a state of the content, which is not known any
 * more. */
void http_file_forget_state(struct http_file *file);

static inline struct http_validators http_file_validators(const struct http_file *file)
{
    return (struct http_validators){nk_slice_of_string(file->etag), file->modified};
}

#endif
