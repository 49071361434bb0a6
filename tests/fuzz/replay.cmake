# Every corpus file through every fuzz target, as ordinary tests that need no
# fuzzer: fuzz-replay/<name>. Included by tests/CMakeLists.txt.

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fuzz_*.c)
file(GLOB fuzz_corpora CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/corpus/*)

foreach(source IN LISTS fuzz_sources)
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${target})
  add_executable(replay_${name} ${source} ${CMAKE_CURRENT_LIST_DIR}/replay.c)
  target_link_libraries(replay_${name} PRIVATE services)
  add_test(NAME fuzz-replay/${name} COMMAND replay_${name} ${fuzz_corpora})
endforeach()
