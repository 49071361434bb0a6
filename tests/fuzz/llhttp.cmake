# llhttp, the parser of Node.js: Debian's node-llhttp ships its C sources, which are
# compiled from there. Only the tests use it; without the package those that do are not
# built. Sets LLHTTP_FOUND and the target `llhttp`.

find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
find_path(LLHTTP_INCLUDES llhttp/llhttp.h PATHS /usr/share/include NO_DEFAULT_PATH)
if(LLHTTP_SOURCES AND LLHTTP_INCLUDES)
  set(LLHTTP_FOUND TRUE)
else()
  set(LLHTTP_FOUND FALSE)
  message(STATUS "node-llhttp is not installed: the parser is not compared with it")
endif()
if(LLHTTP_FOUND AND NOT TARGET llhttp)
  add_library(llhttp STATIC EXCLUDE_FROM_ALL
    ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
  # Its sources include "llhttp.h", and so may the headers of others be called.
  target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDES}
    PRIVATE ${LLHTTP_INCLUDES}/llhttp)
  target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  target_compile_options(llhttp PRIVATE -w -O2)
endif()
