"""HTTP/1.1 on the wire: one case per row of the table of the protocol, and more.

Each request is sent in one piece over TCP and byte by byte over a unix socket,
so that no answer depends on how the bytes arrive. After each case a second
connection, which was open all the time, is still served.
"""

import random
import re
from dataclasses import dataclass

import pytest

from http_client import HttpClient, request
from netkit_server import wait_until

pytestmark = pytest.mark.dispatchers

TEXT = b"the file that every case asks for\n"

# What becomes of the connection.
CLOSE = "close"  # the response says so, and it ends
KEEP = "keep"  # the next request on it is answered
ANY = "any"  # either, as long as the response and the connection agree

# Longer requests are not sent byte by byte.
BYTEWISE_MAX = 2000


@dataclass
class Case:
    name: str
    data: bytes
    statuses: list
    end: str
    methods: tuple = ()  # of the requests, where not GET
    half_close: bool = False
    sends_on: bool = False  # after having asked for the end: then it may be a reset
    check: object = None


def case(row, name, data, *statuses, end=CLOSE, **more):
    return Case(f"{row:02}-{name}", data, list(statuses), end, **more)


def get(*fields, **options):
    """GET /text with these header lines."""
    return request("/text", *fields, **options)


def line(text, fields="Host: localhost\r\n"):
    """A request with this request line."""
    return (text + "\r\n" + fields + "\r\n").encode("latin-1")


def chunked(data, *fields, target="/text"):
    return request(target, "Transfer-Encoding: chunked", *fields, body=data)


NEXT = get()  # what a smuggled request would look like


def framing():
    """Rows 1 to 15: where a body ends."""
    te = "Transfer-Encoding: chunked"
    body = b"0\r\n\r\n"
    yield case(1, "length-and-chunked", get("Content-Length: 5", te, body=body), 400)
    yield case(1, "chunked-and-length", get(te, "Content-Length: 5", body=body), 400)
    yield case(2, "chunked-in-1.0", get(te, version="HTTP/1.0", body=body), 400)
    yield case(2, "chunked-in-1.0-kept", get(te, "Connection: keep-alive", version="HTTP/1.0",
                                             body=body), 400)
    yield case(3, "chunked-not-last", get("Transfer-Encoding: chunked, gzip", body=body), 400)
    for coding in ("gzip", "identity", "br", "foo"):
        yield case(4, coding, get(f"Transfer-Encoding: {coding}", body=body), 501)
    yield case(5, "chunked-twice", get("Transfer-Encoding: chunked, chunked", body=body), 400)
    yield case(5, "two-lines", get(te, te, body=body), 400)
    yield case(5, "two-lines-one-unknown", get("Transfer-Encoding: gzip", te, body=body),
               501)
    for name, value in {
        "empty": "",
        "comma-first": ", chunked",
        "comma-last": "chunked,",
        "quoted": '"chunked"',
        "parameter": "chunked;q=1",
        "prefix": "xchunked",
        "suffix": "chunkedx",
        "nul": "chu\0nked",
        "vertical-tab": "\x0bchunked",
        "vertical-tab-behind": "chunked\x0b",
        "high-byte": "chunked\xed",
    }.items():
        yield case(6, name, get(f"Transfer-Encoding: {value}", body=body), 400)
    for name, field in {
        "space": "Transfer-Encoding : chunked",
        "tab": "Transfer-Encoding\t: chunked",
        "other-name": "X-Other : 1",
        "length": "Content-Length : 5",
    }.items():
        yield case(7, f"before-colon-{name}", get(field, body=body), 400)
    yield case(8, "fold", get("Transfer-Encoding:\r\n chunked", body=body), 400)
    yield case(8, "fold-with-tab", get("X: a\r\n\tb"), 400)
    yield case(8, "fold-of-blanks", get("X: a\r\n \r\nY: b"), 400)
    yield case(9, "bare-lf", get("X: y\nTransfer-Encoding: chunked", body=body), 400)
    yield case(9, "bare-lf-in-request-line", b"GET /text HTTP/1.1\nHost: a\r\n\r\n", 400)
    yield case(9, "bare-lf-at-the-end", b"GET /text HTTP/1.1\r\nHost: a\r\n\n", 400)
    yield case(9, "only-bare-lf", b"GET /text HTTP/1.1\nHost: a\n\n", 400)
    yield case(10, "cr-in-request-line", b"GET /te\rxt HTTP/1.1\r\nHost: a\r\n\r\n", 400)
    yield case(10, "cr-behind-version", b"GET /text HTTP/1.1\r\r\nHost: a\r\n\r\n", 400)
    yield case(10, "cr-in-name", get("X\rY: 1"), 400)
    yield case(10, "cr-in-value", get("X: a\rb"), 400)
    yield case(10, "cr-hides-field", get("X: a\rTransfer-Encoding: chunked", body=body), 400)
    yield case(10, "cr-in-chunk-line", chunked(b"5\rX\r\nhello\r\n0\r\n\r\n"), 400)
    yield case(10, "cr-at-the-end", b"GET /text HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n", 400)
    yield case(11, "two-lengths", get("Content-Length: 5", "Content-Length: 6", body=b"hello"), 400)
    yield case(12, "equal-lengths", get("Content-Length: 5", "Content-Length: 5",
                                        body=b"hello"), 400)
    yield case(12, "list", get("Content-Length: 5, 5", body=b"hello"), 400)
    for value in ("+5", "-1", "-0", "0x5", "5_0", "5 5", "1e1", "", "abc", "5\t5", "5.0", "5;",
                  "\u00b2", "0b1", "5,"):
        yield case(13, f"length-{value!a}", get(f"Content-Length: {value}", body=b"hello"), 400)
    yield case(14, "length-2^63", get(f"Content-Length: {2**63}"), 413)
    yield case(14, "length-2^64-1", get(f"Content-Length: {2**64 - 1}"), 413)
    yield case(14, "length-2^64", get(f"Content-Length: {2**64}"), 400)
    yield case(14, "length-2^64+5", get(f"Content-Length: {2**64 + 5}", body=b"hello"), 400)
    yield case(14, "length-2^32+5", get(f"Content-Length: {2**32 + 5}", body=b"hello"), 413)
    yield case(14, "length-10^40", get(f"Content-Length: {10**40}"), 400)
    yield case(15, "leading-zeros", get("Content-Length: 00005", body=b"hello"), 200, end=KEEP)
    yield case(15, "no-octal", get("Content-Length: 010", body=b"0123456789"), 200, end=KEEP)
    yield case(15, "many-zeros", get("Content-Length: " + "0" * 40 + "5", body=b"hello"),
               200, end=KEEP)


def chunks():
    """Rows 16 to 24: the chunked coding."""
    end = b"0\r\n\r\n"
    good = {
        "empty": end,
        "one": b"5\r\nhello\r\n" + end,
        "hexadecimal": b"A\r\n0123456789\r\n" + end,
        "lower-case": b"a\r\n0123456789\r\n" + end,
        "leading-zeros": b"0005\r\nhello\r\n000\r\n\r\n",
        "many": b"1\r\nx\r\n" * 20 + end,
        "holds-crlf": b"8\r\n0\r\n\r\n\r\nX\r\n" + end,
        "looks-like-a-request": b"%x\r\n%s\r\n" % (len(NEXT), NEXT) + end,
    }
    for name, body in good.items():
        yield case(16, f"good-{name}", chunked(body), 200, end=KEEP)
    for size in ("0x5", "+5", "-1", " 5", "5 ", "5_", "Z", "", "\t5", "5\t", "5h", "\xb2"):
        data = size.encode("latin-1") + b"\r\nhello\r\n" + end
        yield case(16, f"size-{size!a}", chunked(data), 400)
    yield case(17, "size-17-digits", chunked(b"FFFFFFFFFFFFFFFF0\r\nhello"), 400)
    yield case(17, "size-17-digits-wraps", chunked(b"10000000000000005\r\nhello\r\n" + end), 400)
    yield case(17, "size-16-digits", chunked(b"FFFFFFFFFFFFFFF0\r\nhello"), 413)
    yield case(17, "size-2^63", chunked(b"8000000000000000\r\nhello"), 413)
    yield case(17, "sum-wraps", chunked(b"5\r\nhello\r\nFFFFFFFFFFFFFFFB\r\nhello"), 413)
    yield case(17, "over-the-limit", chunked(b"100001\r\nhello"), 413)
    yield case(18, "bare-lf-behind-size", chunked(b"5\nhello\r\n" + end), 400)
    yield case(18, "bare-lf-behind-last-size", chunked(b"5\r\nhello\r\n0\n\r\n"), 400)
    yield case(19, "lf-in-extension", chunked(b"5;a\nb\r\nhello\r\n" + end), 400)
    yield case(19, "cr-in-extension", chunked(b"5;a\rb\r\nhello\r\n" + end), 400)
    yield case(19, "lf-ends-extension", chunked(b"5;a\nhello\r\n" + end), 400)
    yield case(19, "lf-in-quoted-extension", chunked(b'5;a="\n"\r\nhello\r\n' + end), 400)
    for extension in (b";", b";bad[=x", b";a=\x01", b";a=", b";=b", b";a=b c", b';a="b', b";a\0",
                      b";a b", b';a="b"c', b";;", b" ;a=b", b';a="\x07"'):
        yield case(20, f"bad-extension-{extension!a}", chunked(b"5" + extension + b"\r\nhello\r\n"
                                                               + end), 400)
    for extension in (b";a", b";a=b", b';a="b c"', b";a;b=c", b';a="\\""', b';a=";"', b';a="\xe4"'):
        data = b"5" + extension + b"\r\nhello\r\n0" + extension + b"\r\n\r\n"
        yield case(20, f"good-extension-{extension!a}", chunked(data), 200, end=KEEP)
    yield case(21, "long-extension", chunked(b"5;a=" + b"x" * 65536 + b"\r\nhello\r\n" + end), 400)
    yield case(21, "many-extensions", chunked((b"1;a=" + b"x" * 100 + b"\r\nz\r\n") * 200 + end),
               400)
    yield case(21, "many-small-chunks", chunked(b"1\r\nz\r\n" * 5000 + end), 200, end=KEEP)
    yield case(22, "data-too-long", chunked(b"5\r\nhello!\r\n" + end), 400)
    yield case(22, "data-too-short", chunked(b"5\r\nhell\r\n" + end), 400)
    yield case(22, "no-crlf-behind-data", chunked(b"5\r\nhello0\r\n\r\n"), 400)
    yield case(22, "lf-behind-data", chunked(b"5\r\nhello\n0\r\n\r\n"), 400)
    for name, trailer in {
        "length": b"Content-Length: 1000",
        "chunked": b"Transfer-Encoding: chunked",
        "host": b"Host: evil",
        "authorization": b"Authorization: Basic x",
        "connection": b"Connection: close",
        "expect": b"Expect: nothing",
        "unknown": b"X-Checksum: 1",
    }.items():
        yield case(23, f"trailer-{name}", chunked(b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n\r\n"),
                   200, end=KEEP)
    for trailer in (b"X : 1", b"no colon", b"X: a\0b", b"X: a\nY: b", b" X: 1", b": 1"):
        yield case(23, f"bad-trailer-{trailer!a}",
                   chunked(b"0\r\n" + trailer + b"\r\n\r\n"), 400)
    yield case(23, "trailer-too-long", chunked(b"0\r\nX: " + b"x" * 65536 + b"\r\n\r\n"), 400)
    yield case(24, "end-in-chunk", chunked(b"5\r\nhel"), half_close=True)
    yield case(24, "end-before-last-chunk", chunked(b"5\r\nhello\r\n"), half_close=True)
    yield case(24, "end-before-last-line", chunked(b"0\r\n"), half_close=True)
    yield case(24, "end-in-length", get("Content-Length: 5", body=b"hell"), half_close=True)
    yield case(24, "end-before-body", get("Content-Length: 5"), half_close=True)
    yield case(24, "end-in-head", b"GET /text HTTP/1.1\r\nHost: a\r\n", half_close=True)
    yield case(24, "end-in-second-head", get() + b"GET /te", 200, half_close=True)


def targets():
    """Rows 25 to 34: the request line."""
    yield case(25, "no-host", get(host=None), 400)
    yield case(25, "two-hosts", get("Host: other"), 400)
    yield case(25, "two-equal-hosts", get("Host: localhost"), 400)
    for host in ("a,b", "u@h", "h/path", "h h", "h:port", "h:1:2", "h:99999", "h:-1", "h:+1", "[::1",
                 "::1", "h#f", "h?q", "h\\p", "[::1]x", "h\tx"):
        yield case(25, f"host-{host!a}", get(host=host), 400)
    yield case(25, "empty-host-with-authority",
               request("http://h/text", host=""), 400)
    for host in ("h", "h:80", "127.0.0.1:80", "[::1]", "[::1]:80", "h:", "xn--bcher-kva.example"):
        yield case(25, f"good-host-{host}", get(host=host), 200, end=KEEP)
    yield case(25, "no-host-in-1.0", get(host=None, version="HTTP/1.0"), 200)
    yield case(26, "absolute", request("http://other/text"), 200, end=KEEP)
    yield case(26, "absolute-with-port", request("http://other:8080/text?q"), 200, end=KEEP)
    yield case(26, "absolute-upper-case", request("HTTP://other/text"), 200, end=KEEP)
    yield case(26, "absolute-without-path", request("http://other"), 200, end=KEEP)
    yield case(26, "absolute-user", request("http://u@h/text"), 400)
    yield case(26, "absolute-no-host", request("http:///text"), 400)
    yield case(26, "absolute-other-scheme", request("ftp://h/text"), 400)
    yield case(27, "star", line("GET * HTTP/1.1"), 400)
    yield case(27, "options-star", line("OPTIONS * HTTP/1.1"), 204, end=KEEP, methods=("OPTIONS",),
               check=allows_all)
    yield case(27, "options-path", line("OPTIONS /text HTTP/1.1"), 204, end=KEEP,
               methods=("OPTIONS",), check=allows_all)
    yield case(28, "connect", line("CONNECT h:443 HTTP/1.1"), 405, end=ANY, methods=("CONNECT",))
    yield case(28, "connect-path", line("CONNECT /text HTTP/1.1"), 400)
    yield case(28, "connect-no-port", line("CONNECT h HTTP/1.1"), 400)
    yield case(28, "get-authority", line("GET h:443 HTTP/1.1"), 400)
    for target in ("../etc/passwd", "text", "te xt", "/te xt", "/text#frag", "/\x80", "/\xff",
                   "/te\xc3\xa4", "/te\x01", "/te\x7f", "/te\0xt", "/te\tx", "?q", "."):
        yield case(29, f"target-{target!a}", line(f"GET {target} HTTP/1.1"), 400)
    for name, text in {
        "two-spaces": "GET  /text HTTP/1.1",
        "two-spaces-behind": "GET /text  HTTP/1.1",
        "tab": "GET\t/text HTTP/1.1",
        "tab-behind": "GET /text\tHTTP/1.1",
        "trailing-space": "GET /text HTTP/1.1 ",
        "leading-space": " GET /text HTTP/1.1",
        "vertical-tab": "GET\x0b/text HTTP/1.1",
        "trailing-word": "GET /text HTTP/1.1 x",
    }.items():
        yield case(30, name, line(text), 400)
    for version in ("http/1.1", "HTTP/1", "HTTP/01.1", "HTTP/ 1.1", "HTTP/1.1x", "HTTP/1.10",
                    "HTTP/1.", "HTTP/.1", "HTTP/1,1", "HTTP 1.1", "HTTPS/1.1", "XTTP/1.1", "HTTP/",
                    "Http/1.1", "HTTP/1.\xb9"):
        yield case(31, f"version-{version!a}", line(f"GET /text {version}"), 400)
    for version in ("HTTP/2.0", "HTTP/9.9", "HTTP/0.9", "HTTP/3.0"):
        yield case(32, f"version-{version}", line(f"GET /text {version}"), 505)
    yield case(32, "version-HTTP/1.7", line("GET /text HTTP/1.7"), 200, end=KEEP)
    yield case(33, "no-version", b"GET /text\r\n\r\n", 400)
    yield case(33, "no-version-one-line", b"GET /text\r\n", 400)
    yield case(33, "no-target", b"GET\r\n\r\n", 400)
    yield case(33, "space-but-no-version", b"GET /text \r\n\r\n", 400)
    yield case(34, "one-empty-line", b"\r\n" + get(), 200, end=KEEP)
    yield case(34, "two-empty-lines", b"\r\n\r\n" + get(), 200, end=KEEP)
    yield case(34, "three-empty-lines", b"\r\n\r\n\r\n" + get(), 400)
    yield case(34, "many-empty-lines", b"\r\n" * 200 + get(), 400)
    yield case(34, "empty-line-between-requests", get() + b"\r\n" + get(), 200, 200, end=KEEP)
    yield case(34, "bare-lf-first", b"\n" + get(), 400)


def allows_all(response):
    assert set(response["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def fields():
    """Rows 35 to 40: header fields and methods."""
    yield case(35, "blank-line", line("GET /text HTTP/1.1", " \r\nHost: a\r\n"), 400)
    yield case(35, "indented-first-field", line("GET /text HTTP/1.1", " Host: a\r\n"), 400)
    for field in ("no colon", "nocolon", ": no name", "a[: 1", "a b: 1", "a\x01: 1", "\xc3\xa4: 1",
                  "a(: 1", "a/b: 1", "a@: 1", "(comment): 1", "a\x7f: 1", '"a": 1', "a,b: 1"):
        yield case(36, f"name-{field!a}", get(field), 400)
    yield case(36, "odd-but-good-name", get("!#$%&'*+-.^_`|~9aZ: 1"), 200, end=KEEP)
    for value in ("a\0b", "a\x07b", "a\x7fb", "a\x1bb", "\x01", "a\x0bb", "a\x0cb"):
        yield case(37, f"value-{value!a}", get(f"X: {value}"), 400)
    yield case(37, "tab-in-value", get("X: a\tb"), 200, end=KEEP)
    yield case(37, "high-bytes-in-value", get("X: \xe4\xff\x80"), 200, end=KEEP)
    yield case(38, "tab-behind-colon", get("X:\ta"), 200, end=KEEP)
    yield case(38, "nothing-behind-colon", get("X:a"), 200, end=KEEP)
    yield case(38, "empty-value", get("X:"), 200, end=KEEP)
    yield case(38, "blank-value", get("X:  \t "), 200, end=KEEP)
    yield case(38, "blanks-around-value", get("Content-Length: \t 5 \t ", body=b"hello"), 200,
               end=KEEP)
    yield case(38, "host-without-space", line("GET /text HTTP/1.1", "Host:a\r\n"), 200, end=KEEP)
    yield case(38, "name-in-any-case", get("cOnTeNt-LeNgTh: 5", body=b"hello"), 200, end=KEEP)
    for method in ("BREW", "get", "Get", "GETS", "GE", "PROPFIND", "G" * 32, "M-SEARCH"):
        yield case(39, f"method-{method}", line(f"{method} /text HTTP/1.1"), 501)
    yield case(39, "endless-method", line("G" * 500 + " /text HTTP/1.1"), 501)
    yield case(39, "bad-method", line("G(ET /text HTTP/1.1"), 400)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        yield case(40, method, line(f"{method} /text HTTP/1.1"), 405, end=ANY)
        yield case(40, f"{method}-missing", line(f"{method} /missing HTTP/1.1"), 405, end=ANY)


def bodies():
    """Rows 41 to 43: bodies nobody asked for, and asking before sending one."""
    yield case(41, "get-with-body", get("Content-Length: 5", body=b"hello"), 200, end=KEEP)
    yield case(41, "head-with-body",
               request("/text", "Content-Length: 5", method="HEAD", body=b"hello"), 200,
               end=KEEP, methods=("HEAD",))
    yield case(41, "options-with-body",
               request("/text", "Content-Length: 5", method="OPTIONS", body=b"hello"), 204,
               end=KEEP, methods=("OPTIONS",))
    yield case(41, "body-holds-a-request",
               get(f"Content-Length: {len(NEXT)}", body=NEXT) + get(), 200, 200, end=KEEP)
    yield case(41, "empty-body", get("Content-Length: 0"), 200, end=KEEP)
    yield case(41, "body-of-64k", get("Content-Length: 65536", body=b"x" * 65536), 200, end=KEEP)
    yield case(41, "body-of-1M", get("Content-Length: 1048576", body=b"x" * 1048576), 200, end=KEEP)
    yield case(41, "body-over-the-limit", get("Content-Length: 1048577", body=b"x"), 413)
    yield case(41, "head-with-body-over-the-limit",
               request("/text", "Transfer-Encoding: chunked", method="HEAD", body=b"100001\r\n"),
               413, methods=("HEAD",))
    yield case(41, "head-with-bad-chunks",
               request("/text", "Transfer-Encoding: chunked", method="HEAD", body=b"x\r\n"), 400,
               methods=("HEAD",))
    yield case(42, "post-with-body",
               request("/text", "Content-Length: 5", method="POST", body=b"hello"), 405, end=ANY)
    yield case(42, "post-chunked",
               request("/text", "Transfer-Encoding: chunked", method="POST",
                       body=b"5\r\nhello\r\n0\r\n\r\n"), 405, end=ANY)
    yield case(42, "post-body-holds-a-request",
               request("/text", f"Content-Length: {len(NEXT)}", method="POST", body=NEXT), 405,
               end=ANY)
    yield case(42, "post-large",
               request("/text", "Content-Length: 60000", method="POST", body=b"x" * 60000), 405,
               end=ANY)
    yield case(43, "body-already-here", get("Expect: 100-continue", "Content-Length: 5",
                                            body=b"hello"), 200, end=KEEP, check=may_be_100)
    yield case(43, "no-body", get("Expect: 100-continue"), 200, end=KEEP)
    yield case(43, "1.0", get("Expect: 100-continue", "Content-Length: 5", version="HTTP/1.0",
                              body=b"hello"), 200)
    yield case(43, "unknown", get("Expect: 200-ok"), 417)
    yield case(43, "unknown-beside-known", get("Expect: 100-continue, x"), 417)
    yield case(43, "any-case", get("Expect: 100-Continue", "Content-Length: 0"), 200, end=KEEP)


def may_be_100(response):
    """Marks cases that, sent byte by byte, may see a 100 first."""


def limits():
    """Rows 44 to 48: sizes, order, connections, other protocols."""
    long = "a" * (8000 - len("GET /?q= HTTP/1.1") - 2)
    yield case(44, "line-of-8000", request("/text?q=" + long), 200, end=KEEP)
    yield case(44, "target-of-8000", request("/text?" + "a" * (8000 - 6)), 200, end=KEEP)
    yield case(44, "target-of-8192", request("/text?" + "a" * (8192 - 6)), 200, end=KEEP)
    yield case(44, "target-of-8193", request("/text?" + "a" * (8193 - 6)), 414)
    yield case(44, "target-of-16k", request("/" + "a" * 16384), 414)
    # No more than the server takes before it closes: 8 KiB for the target, 64 KiB behind its answer.
    yield case(44, "target-of-70k", request("/" + "a" * 70_000), 414)
    yield case(44, "endless-target", b"GET /" + b"a" * 50_000, 414)
    yield case(44, "long-path", request("/" + "a/" * 1000), 404, end=KEEP)
    yield case(44, "long-name", request("/" + "a" * 300), 404, end=KEEP)
    yield case(45, "100-lines", get(*[f"X-{i}: 1" for i in range(99)]), 200, end=KEEP)
    yield case(45, "101-lines", get(*[f"X-{i}: 1" for i in range(100)]), 431)
    yield case(45, "1000-lines", get(*[f"X-{i}: 1" for i in range(1000)]), 431)
    yield case(45, "head-of-32000", get("X: " + "a" * 31900), 200, end=KEEP)
    yield case(45, "head-of-40000", get("X: " + "a" * 40_000), 431)
    yield case(45, "long-name", get("a" * 40_000 + ": 1"), 431)
    yield case(45, "endless-value", b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000, 431)
    yield case(46, "three-requests", get() * 3, 200, 200, 200, end=KEEP)
    yield case(46, "thirty-requests", get() * 30, *[200] * 30, end=KEEP)
    yield case(46, "bad-in-the-middle", get() + request("/missing") + line("GET /te xt HTTP/1.1")
               + get(), 200, 404, 400)
    yield case(46, "different-requests",
               get() + request("/text", method="HEAD") + request("/missing") + request("/sub/")
               + get("Content-Length: 5", body=b"hello") + chunked(b"0\r\n\r\n") + get(),
               200, 200, 404, 200, 200, 200, 200, end=KEEP,
               methods=("GET", "HEAD", "GET", "GET", "GET", "GET", "GET"))
    yield case(46, "listings", request("/sub/") * 3 + get() + request("/sub/"), *[200] * 5, end=KEEP)
    yield case(46, "close-in-the-middle", get() + get("Connection: close") + get(), 200, 200,
               sends_on=True)
    yield case(46, "half-close-behind", get() * 3, 200, 200, 200, half_close=True)
    yield case(46, "half-close-behind-listing", request("/sub/"), 200, half_close=True)
    yield case(46, "half-close-behind-listings", request("/sub/") * 3, 200, 200, 200,
               half_close=True)
    yield case(47, "close", get("Connection: close"), 200)
    yield case(47, "close-in-a-list", get("Connection: foo, CLOSE"), 200)
    yield case(47, "close-in-a-second-line", get("Connection: foo", "Connection: close"), 200)
    yield case(47, "close-and-keep-alive", get("Connection: keep-alive, close"), 200)
    yield case(47, "similar-word", get("Connection: closed"), 200, end=KEEP)
    yield case(47, "1.0", get(version="HTTP/1.0"), 200)
    yield case(47, "1.0-keep-alive", get("Connection: Keep-Alive", version="HTTP/1.0"), 200,
               end=KEEP, check=says_keep_alive)
    yield case(47, "1.0-with-body", get("Content-Length: 5", version="HTTP/1.0", body=b"hello"), 200)
    yield case(48, "websocket", get("Upgrade: websocket", "Connection: Upgrade",
                                    "Sec-WebSocket-Version: 13"), 200, end=KEEP)
    yield case(48, "h2c", get("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings",
                              "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), 200, end=KEEP)
    yield case(48, "http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0", 400)
    yield case(48, "tls", b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3" + b"\xaa" * 50 + b"\r\n", 400)
    yield case(48, "ssh", b"SSH-2.0-OpenSSH_9.2\r\n", 400)


def says_keep_alive(response):
    assert response["Connection"].lower() == "keep-alive"


def rest():
    """Rows 49 to 52: TRACE, odd names, odd paths."""
    yield case(49, "trace", request("/text", "Authorization: secret", "Cookie: secret",
                                    method="TRACE"), 405, end=ANY, check=hides_secrets)
    yield case(50, "underscore-length", get("Content_Length: 5"), 200, end=KEEP)
    yield case(50, "underscore-chunked", get("Transfer_Encoding: chunked"), 200, end=KEEP)
    for path in ("/%zz", "/%2", "/%", "/a%", "/%00", "/text%00", "/text%00.html", "/%0"):
        yield case(51, f"path-{path}", request(path), 400, end=ANY)
    for path in ("/sub%2ffile", "/sub%2Ffile", "/%2fetc/passwd", "/..%2f..%2fetc/passwd", "/%2f"):
        yield case(51, f"path-{path}", request(path), 404, end=ANY)
    yield case(51, "escaped-percent", request("/%252e"), 200, end=KEEP, check=is_percent_file)
    yield case(51, "escaped-text", request("/%74%65xt"), 200, end=KEEP)
    yield case(51, "escaped-percent-is-no-dot", request("/%252e%252e/etc/passwd"), 404, end=KEEP)
    yield case(52, "crlf-in-redirect", request("/a%0d%0aX-Evil:%20yes"), 301, end=KEEP,
               check=redirects_to("/a%0D%0AX-Evil:%20yes/"))
    yield case(52, "slashes-in-redirect", request("//sub"), 301, end=KEEP,
               check=redirects_to("/sub/"))
    yield case(52, "dots-and-slashes-in-redirect", request("/.//sub"), 301, end=KEEP,
               check=redirects_to("/sub/"))
    yield case(52, "backslash-in-redirect", request("/%5c%5chost"), 301, end=KEEP,
               check=redirects_to("/%5C%5Chost/"))
    yield case(52, "query-in-redirect", request("/sub?a=b&c"), 301, end=KEEP,
               check=redirects_to("/sub/?a=b&c"))
    yield case(52, "absolute-target-in-redirect", request("http://evil/sub"), 301, end=KEEP,
               check=redirects_to("/sub/"))


def files():
    """Rows 53 to 55: ranges and conditions; the rest of them is in test_http_ranges.py and
    test_http_conditions.py."""
    many = ",".join(f"{i}-{i}" for i in range(65))
    for value in ("bytes=5-2", "bytes=a-b", "lines=0-1", "bytes=0-1,1-2", f"bytes={many}"):
        yield case(53, f"range-{value[:20]}", get(f"Range: {value}"), 200, end=KEEP, check=is_text)
    for value in ("bytes=-0", "bytes=34-", f"bytes={2**64}-", f"bytes={2**64 + 1}-{2**64 + 2}"):
        yield case(53, f"range-{value}", get(f"Range: {value}"), 416, end=KEEP, check=says_size)
    yield case(53, "first-byte", get("Range: bytes=0-0"), 206, end=KEEP, check=is_first_byte)
    yield case(54, "none-match-any", get("If-None-Match: *"), 304, end=KEEP)
    yield case(54, "none-match-wins",
               get('If-None-Match: "x"', "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"), 200,
               end=KEEP, check=is_text)
    yield case(54, "bad-date", get("If-Modified-Since: yesterday"), 200, end=KEEP, check=is_text)
    for date in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                 "Sun Nov  6 08:49:37 1994"):
        yield case(54, f"date-{date}", get(f"If-Unmodified-Since: {date}"), 412, end=KEEP)
    yield case(55, "if-range-weak", get("Range: bytes=0-0", 'If-Range: W/"x"'), 200, end=KEEP,
               check=is_text)


def is_text(response):
    assert response.body == TEXT


def says_size(response):
    assert response["Content-Range"] == f"bytes */{len(TEXT)}"


def is_first_byte(response):
    assert (response.body, response["Content-Range"]) == (TEXT[:1], f"bytes 0-0/{len(TEXT)}")


def hides_secrets(response):
    assert b"secret" not in response.body
    assert not any("secret" in value for _, value in response.fields)


def is_percent_file(response):
    assert response.body == b"the file named %2e\n"


def redirects_to(location):
    def check(response):
        assert response["Location"] == location
        assert response["X-Evil"] is None

    return check


CASES = [
    each
    for table in (framing, chunks, targets, fields, bodies, limits, rest, files)
    for each in table()
]


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    """One server for all cases, on both kinds of socket, and a connection to it that no case
    may disturb."""
    root = tmp_path_factory.mktemp("root")
    (root / "text").write_bytes(TEXT)
    (root / "%2e").write_bytes(b"the file named %2e\n")
    (root / "sub").mkdir()
    (root / "sub" / "file").write_bytes(b"a file in a directory\n")
    (root / "a\r\nX-Evil: yes").mkdir()
    (root / "\\\\host").mkdir()
    path = tmp_path_factory.mktemp("run") / "socket"
    server = serve_module(
        "http", "127.0.0.1:0", f"unix:{path}", "--root", root, "--keepalive-requests", 0,
        "--keepalive-timeout", "1h",
    )
    server.bystander = HttpClient(server.addresses[0])
    yield server
    server.bystander.close()


def check_bystander(server):
    response = server.bystander.get("/text")
    assert (response.status, response.body) == (200, TEXT)


def receive_all(client, case, bytewise):
    """The responses of a case, each checked."""
    methods = case.methods or ("GET",) * len(case.statuses)
    for number, (status, method) in enumerate(zip(case.statuses, methods)):
        response = client.receive(method)
        if response.status == 100 and bytewise and case.check is may_be_100:
            response = client.receive(method)
        assert response.status == status, f"response {number}: {response}"
        is_last = number + 1 == len(case.statuses)
        if not is_last:
            assert not response.says_close(), f"response {number}: {response}"
        yield response


def check_end(client, case, last):
    """The connection ends, or is kept, as the last response says and as the case demands."""
    if case.half_close:
        client.expect_end()
    elif last.says_close():
        assert case.end != KEEP, last
        try:
            client.expect_end()
        except ConnectionResetError:
            assert case.sends_on
    else:
        assert case.end != CLOSE, f"a response without Connection: close: {last}"
        after = client.get("/text")
        assert (after.status, after.body) == (200, TEXT)


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.name)
@pytest.mark.parametrize("how", ["whole", "bytewise"])
def test_case(server, each, how):
    """A row of the table is answered differently, or how the bytes arrive decides, or another
    connection notices."""
    bytewise = how == "bytewise"
    if bytewise and len(each.data) > BYTEWISE_MAX:
        pytest.skip("too long to be sent byte by byte")
    with HttpClient(server.addresses[1 if bytewise else 0]) as client:
        if bytewise:
            client.send_bytewise(each.data)
        else:
            client.send(each.data)
        if each.half_close:
            client.half_close()
        last = None
        for last in receive_all(client, each, bytewise):
            pass
        if each.check:
            each.check(last)
        check_end(client, each, last)
    check_bystander(server)


@pytest.mark.parametrize(
    "field, text",
    [
        ("Host : h", 'white space before the colon in "Host " (RFC 9112 5.1)'),
        ("Content-Length: +5", 'Content-Length is not digits only in "Content-Length" (RFC 9110 8.6)'),
        ("X-A: a\x01b", 'control byte in a field value in "X-A" (RFC 9110 5.5)'),
        ("a\x1b[: 1", 'field name is not a token in "a" (RFC 9110 5.1)'),
    ],
)
def test_a_400_names_the_rule_and_the_field(server, field, text):
    """Who sees the 400 has to guess which of his fields was wrong."""
    with HttpClient(server) as client:
        client.send(get(field))
        response = client.receive()
        assert response.status == 400
        assert response.body.decode() == f"400 Bad Request: {text}\n"


def test_every_row_has_a_case():
    """A row of the table that nobody tests."""
    rows = {int(each.name[:2]) for each in CASES}
    assert rows == set(range(1, 56))
    names = [each.name for each in CASES]
    assert len(names) == len(set(names)), "two cases with the same name"


# ---- what no table can say ----


def test_continue_is_sent_before_the_body(server):
    """A client that waits for the 100 waits for ever, or gets it twice."""
    with HttpClient(server) as client:
        client.send(request("/text", "Expect: 100-continue", "Content-Length: 5"))
        assert client.receive().status == 100
        client.expect_silence()
        client.send(b"hello")
        response = client.receive()
        assert (response.status, response.body) == (200, TEXT)
        assert client.get("/text").status == 200


def test_continue_for_a_chunked_body(server):
    """The same without a length."""
    with HttpClient(server) as client:
        client.send(request("/text", "Expect: 100-continue", "Transfer-Encoding: chunked"))
        assert client.receive().status == 100
        client.send(b"5\r\nhello\r\n0\r\n\r\n")
        assert client.receive().status == 200


def test_continue_is_not_sent_for_a_refused_request(server):
    """A client is asked for a body that nobody will read."""
    with HttpClient(server) as client:
        client.send(
            request("/text", "Expect: 100-continue", "Content-Length: 1000", method="POST")
        )
        response = client.receive()
        assert response.status == 405
        if response.says_close():
            client.expect_end()


def test_continue_comes_behind_the_responses_before_it(server):
    """A 100 overtakes the response to an earlier request."""
    with HttpClient(server) as client:
        client.send(
            request("/text")
            + request("/sub/")
            + request("/text", "Expect: 100-continue", "Content-Length: 5")
        )
        assert client.receive().status == 200
        assert client.receive().body.startswith(b"<!DOCTYPE html>")
        assert client.receive().status == 100
        client.send(b"hello")
        assert client.receive().body == TEXT


def test_head_is_get_without_the_body(server):
    """HEAD tells other lengths or types than GET, or sends bytes that the next response starts
    with."""
    for target in ("/text", "/sub/", "/sub", "/missing", "/sub/file"):
        with HttpClient(server) as client:
            head = client.get(target, method="HEAD")
            get_ = client.get(target)
            assert head.status == get_.status
            for name in ("Content-Length", "Content-Type", "Location", "Connection"):
                assert head[name] == get_[name], name


def test_a_chunked_request_may_be_cut_anywhere(server):
    """The decoder loses its place where two pieces meet."""
    data = (
        b"\r\n"
        + chunked(b'5;a="b"\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n')
        + request("/sub/file")
    )
    for cut in range(1, len(data)):
        with HttpClient(server.addresses[1]) as client:
            client.send(data[:cut])
            wait_until(lambda client=client: client_is_read(client), "the first piece is read")
            client.send(data[cut:])
            assert client.receive().body == TEXT
            assert client.receive().body == b"a file in a directory\n"
    check_bystander(server)


def client_is_read(client):
    client._wait_until_read()  # pylint: disable=protected-access
    return True


def mutations(count):
    """Requests with a few random mistakes; the same ones in every run."""
    source = random.Random(20)
    odd = [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b",", b";", b"/", b"..", b"%", b"%2e", b"0",
           b"5", b"\xff", b"*", b"#", b"?", b"http://", b"HTTP/1.1", b"close", b"chunked", b"\x7f"]
    seeds = [each.data for each in CASES if len(each.data) < 400 and b"xpect" not in each.data]
    for _ in range(count):
        data = bytearray(source.choice(seeds))
        for _ in range(source.randint(1, 3)):
            at = source.randrange(len(data) + 1)
            action = source.randrange(4)
            if action == 0:
                data[at:at] = source.choice(odd)
            elif action == 1:
                del data[at : at + source.randint(1, 4)]
            elif action == 2:
                data[at : at + 1] = source.choice(odd)
            else:
                data += source.choice(seeds)
        yield bytes(data)


def conversation(server, data, send):
    """All that the server answers, without the dates."""
    with HttpClient(server.addresses[1]) as client:
        try:
            send(client, data)
            client.half_close()
        except (BrokenPipeError, ConnectionResetError, OSError):
            pass  # it has seen enough
        received = b""
        try:
            while piece := client.socket.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
    return re.sub(rb"\r\nDate: [^\r]*", b"", received)


def test_how_the_bytes_arrive_changes_nothing(server):
    """A mistake is seen in one piece and not in many, or the other way round."""
    for data in mutations(500):
        whole = conversation(server, data, HttpClient.send)
        bytewise = conversation(server, data, HttpClient.send_bytewise)
        assert whole == bytewise, data
    check_bystander(server)


def test_the_same_head_again_with_another_body(server):
    """A head that is recognised as a repetition brings the old body or path with it."""
    head = request("/text", "Transfer-Encoding: chunked")
    with HttpClient(server) as client:
        client.send((head + b"0\r\n\r\n") * 3 + head + b"5\r\nhello\r\n0\r\n\r\n")
        for _ in range(4):
            assert client.receive().body == TEXT
        client.send(head + b"Z\r\n")
        assert client.receive().status == 400
        client.expect_end()


def test_heads_that_begin_alike(server):
    """A head that begins like the last one is taken for it."""
    with HttpClient(server) as client:
        for _ in range(2):
            for target, status in (("/text", 200), ("/text2", 404), ("/tex", 404), ("/text", 200)):
                assert client.get(target).status == status
        assert client.get("/text", method="HEAD").body == b""
        assert client.get("/text").body == TEXT
        assert client.get("/text", "Connection: close").says_close()


def test_many_methods_on_one_connection(server):
    """State of one request leaks into the next."""
    with HttpClient(server) as client:
        for _ in range(20):
            assert client.get("/text").body == TEXT
            assert client.get("/missing").status == 404
            assert client.get("/sub/").status == 200
            assert client.get("*", method="OPTIONS").status == 204
            assert client.get("/sub", method="HEAD").status == 301


def test_an_error_reaches_a_client_that_still_sends(server):
    """The server closes with unread bytes, and the reset destroys the answer on its way."""
    with HttpClient(server) as client:
        client.send(request("/te xt") + b"x" * 60_000)
        response = client.receive()
        assert response.status == 400
        client.expect_end()


def test_an_error_reaches_a_client_that_sends_a_large_body(server):
    """The same with a body that is refused: lingering close."""
    with HttpClient(server) as client:
        client.send(request("/text", "Content-Length: 50000", method="POST") + b"x" * 20_000)
        response = client.receive()
        assert response.status == 405
        client.send(b"x" * 30_000)
        client.expect_end()


def test_the_rule_that_was_broken_is_told(server):
    """A developer gets a 400 and no idea why."""
    with HttpClient(server) as client:
        client.send(get("X : 1"))
        assert b"RFC 9112 5.1" in client.receive().body
