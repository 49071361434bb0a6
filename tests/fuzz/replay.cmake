# Every corpus file through every fuzz target, as ordinary tests that need no
# fuzzer: fuzz-replay/<name>. Included by tests/CMakeLists.txt.

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fuzz_*.c)
file(GLOB fuzz_corpora CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/corpus/*)

if(NOT LLHTTP_FOUND)
  list(FILTER fuzz_sources EXCLUDE REGEX "llhttp")
endif()

foreach(source IN LISTS fuzz_sources)
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${target})
  add_executable(replay_${name} ${source} ${CMAKE_CURRENT_LIST_DIR}/replay.c)
  target_link_libraries(replay_${name} PRIVATE services)
  if(name MATCHES "llhttp")
    target_sources(replay_${name} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/http_llhttp.c)
    target_link_libraries(replay_${name} PRIVATE llhttp)
  endif()
  add_test(NAME fuzz-replay/${name} COMMAND replay_${name} ${fuzz_corpora})
endforeach()
