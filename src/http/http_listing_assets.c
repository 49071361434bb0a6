/* The style and the script of a listing, and the policy that allows exactly them. */
#include "http/http_listing_private.h"

/* Colours with a contrast of at least 7:1 against their background. What only
 * decorates has an empty text for screen readers, where the browser knows that. */
const char http_listing_style[] =
    "\n:root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fff;--quiet:#4a4a52;--line:#d5d5dc;"
    "--link:#0b3d91;--hover:#eef2fb}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8e8ee;--paper:#15151a;--quiet:#b9b9c4;"
    "--line:#3a3a44;--link:#a9c7ff;--hover:#23232c}}\n"
    "body{margin:0 auto;padding:1.25rem 1rem 3rem;max-width:60rem;background:var(--paper);"
    "color:var(--ink);font:1rem/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.3rem;margin:.25rem 0 1rem;overflow-wrap:anywhere}\n"
    "a{color:var(--link);text-decoration:none}\n"
    "a:hover{text-decoration:underline}\n"
    "a:focus-visible,input:focus-visible,button:focus-visible"
    "{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}\n"
    "nav ol{display:flex;flex-wrap:wrap;list-style:none;margin:0;padding:0}\n"
    "nav li{overflow-wrap:anywhere}\n"
    "nav li+li::before{content:\"/\";content:\"/\" / \"\";color:var(--quiet);padding:0 .4rem}\n"
    "nav a[aria-current]{color:var(--ink)}\n"
    "table{width:100%;border-collapse:collapse}\n"
    "caption{text-align:left;color:var(--quiet);padding-bottom:.5rem}\n"
    "th,td{padding:.4rem .5rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}\n"
    "tbody th{font-weight:400;overflow-wrap:anywhere}\n"
    ".directory th{font-weight:600}\n"
    "thead th:first-child{width:100%}\n"
    "td,thead th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\n"
    "td{color:var(--quiet)}\n"
    "tbody tr:hover{background:var(--hover)}\n"
    "th[aria-sort=ascending] a::after{content:\"\\a0\\2191\";content:\"\\a0\\2191\" / \"\"}\n"
    "th[aria-sort=descending] a::after{content:\"\\a0\\2193\";content:\"\\a0\\2193\" / \"\"}\n"
    "form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center;margin-top:1.5rem;"
    "padding:1rem;border:1px solid var(--line);border-radius:.5rem}\n"
    "label,progress,output{flex-basis:100%}\n"
    "progress{width:100%}\n"
    "output:empty,[hidden]{display:none}\n"
    "input,button{font:inherit;color:inherit;max-width:100%}\n"
    "@media(max-width:34rem){th,td{padding:.4rem .25rem}td,thead th{font-size:.875rem}"
    "td,thead th+th{white-space:normal}time{display:inline-block;width:11ch}}\n"
    "@media(prefers-contrast:more){:root{--quiet:var(--ink);--line:var(--ink)}}\n";

/* With it the form shows how far an upload is, files may be dropped on the page,
 * and an error does not lead away; without it a form is a form. */
const char http_listing_script[] =
    "\n'use strict';\n"
    "(() => {\n"
    "  const form = document.getElementById('upload');\n"
    "  const input = document.getElementById('file');\n"
    "  const button = form.querySelector('button');\n"
    "  const progress = document.getElementById('progress');\n"
    "  const status = document.getElementById('status');\n"
    "  const end = (text) => {\n"
    "    status.textContent = text;\n"
    "    progress.hidden = true;\n"
    "    button.disabled = false;\n"
    "  };\n"
    "  const send = (files) => {\n"
    "    const data = new FormData();\n"
    "    for (const file of files) data.append('file', file);\n"
    "    const request = new XMLHttpRequest();\n"
    "    request.upload.onprogress = (event) => {\n"
    "      if (!event.lengthComputable) return;\n"
    "      progress.value = event.loaded / event.total;\n"
    "      status.textContent = Math.floor(100 * progress.value) + ' %';\n"
    "    };\n"
    "    request.onload = () => {\n"
    "      if (request.status < 300) location.reload();\n"
    "      else end('Failed: ' + (request.responseText.trim() || request.status));\n"
    "    };\n"
    "    request.onerror = () => end('Failed: the connection was lost.');\n"
    "    progress.value = 0;\n"
    "    progress.hidden = false;\n"
    "    button.disabled = true;\n"
    "    request.open('POST', form.action);\n"
    "    request.send(data);\n"
    "  };\n"
    "  form.addEventListener('submit', (event) => {\n"
    "    event.preventDefault();\n"
    "    send(input.files);\n"
    "  });\n"
    "  document.addEventListener('dragover', (event) => event.preventDefault());\n"
    "  document.addEventListener('drop', (event) => {\n"
    "    event.preventDefault();\n"
    "    if (event.dataTransfer.files.length && !button.disabled) send(event.dataTransfer.files);\n"
    "  });\n"
    "})();\n";

/* The digests are those of the two texts above; a test compares them. */
#define STYLE_DIGEST "hGuUtOWmBpoe8JWBqMhHcs9jCULooR39BxFUBggq14M="
#define SCRIPT_DIGEST "ULdX4110qffyAhrVqIMdL7evHOv9GYphDjbS95EdOWg="

#define POLICY_START                                                                               \
    "Vary: Accept\r\nReferrer-Policy: same-origin\r\n"                                             \
    "Content-Security-Policy: default-src 'none'; style-src 'sha256-" STYLE_DIGEST                 \
    "'; img-src data:; base-uri 'none'; frame-ancestors 'none'"

const char http_listing_policy[] = POLICY_START "; form-action 'none'\r\n";
const char http_listing_policy_with_upload[] = POLICY_START
    "; form-action 'self'; connect-src 'self'; script-src 'sha256-" SCRIPT_DIGEST "'\r\n";
