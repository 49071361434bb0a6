/* Content that the server itself codes (--compress).
 *
 * A worker compresses a file once; the result is kept, bounded like the small files
 * are, for as long as the file stays as it is. While it is being made, when the
 * workers have too much to do, and when it would hardly be smaller or could not be
 * kept, the client gets the content as it is: that is never wrong. Parts of files are
 * not coded. The files are the same for everybody and hold nothing of the request, so
 * that their sizes tell no secrets (BREACH). Loop thread only.
 */
#ifndef HTTP_HTTP_CODED_H
#define HTTP_HTTP_CODED_H

#include "http/http_file.h"
#include "http/http_server.h"

/* Smaller files fit one packet anyway; larger ones would keep a worker busy. */
#define HTTP_CODED_MIN 1024
#define HTTP_CODED_MAX (UINT64_C(8) << 20)

void http_coded_init(struct http_coded *coded, size_t capacity);
void http_coded_deinit(struct http_coded *coded);

/* Whether the server codes such a file. */
bool http_coded_is_for(const struct http_server *server, const struct http_file *file);

/* Whether this state of the file is known to be better sent as it is. */
bool http_coded_is_given_up(struct http_exchange *exchange, const struct http_file *file,
                            struct nk_slice name, enum http_coding coding);

/* Answers with the content of `file` in a coding when that is kept; returns whether it
 * did. */
bool http_coded_respond_kept(struct http_exchange *exchange, const struct http_file *file,
                             struct nk_slice name, enum http_coding coding, unsigned asks);

/* The same, or has it made and answers then. Takes the descriptor of the file if it
 * returns true. */
bool http_coded_respond(struct http_exchange *exchange, const struct http_file *file, int fd,
                        struct nk_slice name, enum http_coding coding, unsigned asks);

#endif
