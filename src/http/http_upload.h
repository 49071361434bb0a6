/* `--upload`: files that clients bring, by PUT (one, under the path of the request)
 * or by POST (a form with any number of them, into the directory of the path).
 *
 * The bytes are gathered on the connection's loop and written by a worker; meanwhile
 * nothing more is read. What is saved where: http_upload_file.h.
 */
#ifndef HTTP_HTTP_UPLOAD_H
#define HTTP_HTTP_UPLOAD_H

#include "http/http_server.h"

/* Answers PUT and POST, and GET and HEAD of "?upload": how much of an interrupted
 * upload is there. Returns false for every other request. */
bool http_upload_handle(struct http_exchange *exchange);

#endif
