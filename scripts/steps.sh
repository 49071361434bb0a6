# shellcheck shell=bash
# The steps of scripts/test and scripts/test-full, and the way they are run and
# counted. Sourced by both; the caller is in the root of the repository.

# Most tests wait for something most of the time: four for each processor.
jobs=${NETKIT_TEST_JOBS:-$((4 * $(nproc)))}
results=$PWD/build/results

# Everything a sanitizer reports ends the program with this status, which
# netkit itself never uses: no test can take a report for an ordinary failure.
sanitizer_status=86
export ASAN_OPTIONS="exitcode=$sanitizer_status:allocator_may_return_null=1:strict_string_checks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="exitcode=$sanitizer_status:print_stacktrace=1"
export TSAN_OPTIONS="exitcode=$sanitizer_status:allocator_may_return_null=1:second_deadlock_stack=1"
export LSAN_OPTIONS="exitcode=$sanitizer_status"
export PYTHONDONTWRITEBYTECODE=1

# The sanitizers of older compilers need more of the address space than a kernel
# with strong randomisation leaves them.
without_aslr=()
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ] && setarch -R true 2>/dev/null; then
    without_aslr=(setarch -R)
fi

# ---- running and counting ----

seconds_since() {
    awk -v from="$1" -v to="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.1f", to - from }'
}

# check NAME COMMAND...: one check that passes or fails. Quiet when it passes.
check() {
    local name=$1 log=$results/check.log from=${EPOCHREALTIME/,/.}
    shift
    if "$@" >"$log" 2>&1 </dev/null 9>&-; then
        printf '  %-40s ok %8s s\n' "$name" "$(seconds_since "$from")"
        printf 'passed %s\n' "$name" >>"$results/checks"
    else
        cat "$log"
        printf '  %-40s FAILED %4s s\n' "$name" "$(seconds_since "$from")"
        printf 'failed %s\n' "$name" >>"$results/checks"
        return 1
    fi
}

# runner NAME SECONDS COMMAND...: a test runner that writes $results/NAME.xml.
# When it fails without having counted a failure (it could not start, it hung),
# that counts as one. SIGINT lets pytest stop the servers it has started.
runner() {
    local name=$1 limit=$2 status=0
    shift 2
    printf -- '-- %s\n' "$name"
    timeout --foreground -s INT -k 30 "$limit" "${without_aslr[@]}" "$@" </dev/null 9>&- || status=$?
    [ $status -ne 0 ] || return 0
    if [ "$(scripts/junit-totals "$results/$name.xml" | cut -d' ' -f2)" -eq 0 ]; then
        printf 'failed %s (status %d)\n' "$name" $status >>"$results/checks"
    fi
    return 1
}

# A machine with much else to do fails tests that wait for real programs. A few that have
# failed are tried once more, one at a time, and have to pass then; the log names them, so
# that they are mended. What a sanitizer has reported is never tried again, nor are unit
# tests, which wait for nobody.
# once_more NAME SECONDS COMMAND...: the command runs what has failed.
once_more() {
    local name=$1 limit=$2 report=$results/$1.xml failed
    shift 2
    failed=$(scripts/junit-totals "$report" | cut -d' ' -f2)
    if [ "$failed" -eq 0 ] || [ "$failed" -gt 3 ] || grep -q 'Sanitizer' "$report"; then
        return 1
    fi
    printf -- '-- %s: %d failed, once more\n' "$name" "$failed"
    timeout --foreground -s INT -k 30 "$limit" "${without_aslr[@]}" "$@" </dev/null 9>&- || return 1
    sed -i -E 's/\berrors="[0-9]+"/errors="0"/; s/\bfailures="[0-9]+"/failures="0"/' "$report"
}

# run_pytest NAME ARGS...
run_pytest() {
    local name=$1 limit=${NETKIT_TEST_TIMEOUT:-900}
    local pytest=(/usr/bin/python3 -m pytest -q -o cache_dir="$results/$name.cache")
    shift
    runner "$name" "$limit" "${pytest[@]}" --junitxml "$results/$name.xml" "$@" ||
        once_more "$name" "$limit" "${pytest[@]}" "$@" -n 0 -rA --last-failed \
            --last-failed-no-failures none
}

# run_e2e NAME PRESET MARKERS ARGS...: end-to-end tests with a preset's program,
# several at a time; measure_e2e: one at a time, for tests that measure.
run_e2e() {
    local name=$1 preset=$2 markers=$3
    shift 3
    NETKIT=$PWD/build/$preset/cmd/netkit NETKIT_SOURCE=$PWD \
        run_pytest "$name" -n "$jobs" -m "$markers" tests/e2e "$@"
}

measure_e2e() {
    jobs=0 run_e2e "$@"
}

# run_ctest NAME PRESET ARGS...: unit and fault tests of a preset.
run_ctest() {
    local name=$1 preset=$2
    shift 2
    runner "$name" 600 ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure \
        --no-tests=error --output-junit "$results/$name.xml" "$@"
}

configure_and_build() {
    cmake --preset "$1" && cmake --build --preset "$1"
}

build() {
    check "build $1" configure_and_build "$1"
}

# compile_with COMPILER FLAGS: the product alone, every warning an error.
compile_with() {
    local compiler=$1 flags=$2 directory
    directory=build/compile/$compiler$(printf '%s' "$flags" | tr -d ' =')
    cmake -S . -B "$directory" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" \
        -DCMAKE_BUILD_TYPE=None -DNETKIT_WERROR=ON -DNETKIT_TESTS=OFF &&
        cmake --build "$directory"
}

# ---- the steps: each does all it can and returns whether all of it passed ----

step_structure() {
    local status=0 kind
    for kind in $(scripts/lint --list); do
        check "lint: $kind" scripts/lint --only "$kind" || status=1
    done
    NETKIT_SOURCE=$PWD run_pytest structure --ignore tests/structure/test_installed.py \
        tests/structure "$@" || status=1
    return $status
}

# Warnings depend on how much the compiler looks at: nothing, everything, and what is
# shipped. The levels between are left to test-full.
compile_at() {
    local status=0 compiler level
    for compiler in gcc clang; do
        for level in "$@"; do
            check "$compiler $level" compile_with $compiler "$level" || status=1
        done
    done
    return $status
}

step_levels() {
    compile_at -O1 -O2
}

step_compile() {
    local status=0 compiler
    compile_at -O0 -O3 || status=1
    for compiler in gcc clang; do
        check "$compiler -O2 -DNDEBUG, fortified" compile_with $compiler \
            '-O2 -DNDEBUG -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2' || status=1
    done
    return $status
}

step_unit() {
    build asan && run_ctest unit asan "$@"
}

step_e2e() {
    build asan && run_e2e e2e asan 'not full and not release' "$@"
}

# on_dispatcher NAME ARGS...: end-to-end tests on one dispatcher.
on_dispatcher() {
    local dispatcher=$1
    shift
    NETKIT_DISPATCHER=$dispatcher run_e2e "e2e-$dispatcher" asan \
        'dispatchers and not full and not release' "$@"
}

# Both go through the same loop, so that of the end-to-end tests only those of the
# protocols and of servers in general are run on select, too; all of them in test-full.
step_dispatchers() {
    local status=0 dispatcher
    build asan || return 1
    for dispatcher in poll select; do
        NETKIT_DISPATCHER=$dispatcher run_ctest "unit-$dispatcher" asan -L dispatchers || status=1
    done
    on_dispatcher poll "$@" || status=1
    on_dispatcher select \
        -k 'test_http_protocol or test_check_http or test_echo or test_cat_grid or test_server' \
        "$@" || status=1
    return $status
}

step_select() {
    build asan && on_dispatcher select "$@"
}

step_threads() {
    local status=0
    build tsan || return 1
    run_ctest unit-threads tsan || status=1
    run_e2e e2e-threads tsan 'threads and not full and not release' "$@" || status=1
    return $status
}

step_release() {
    local status=0
    build release || return 1
    run_e2e e2e-ndebug release 'not full and not release' "$@" || status=1
    measure_e2e e2e-release release 'release and not full' "$@" || status=1
    return $status
}

step_library() {
    NETKIT_SOURCE=$PWD run_pytest library tests/structure/test_installed.py "$@"
}

step_full() {
    NETKIT_TEST_TIMEOUT=${NETKIT_TEST_TIMEOUT:-7200}
    build release && measure_e2e e2e-full release full "$@"
}

step_fuzz() {
    local status=0 seconds=${NETKIT_FUZZ_SECONDS:-60} source name
    build fuzz || return 1
    for source in tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        mkdir -p "build/found/$name"
        # New inputs go to the first directory; the committed ones are only read.
        check "$name for $seconds s" "build/fuzz/tests/fuzz/$name" -max_total_time="$seconds" \
            -artifact_prefix="$results/$name-" \
            "build/found/$name" "tests/fuzz/corpus/${name#fuzz_}" || status=1
    done
    return $status
}

step_tidy() {
    check 'clang-tidy' scripts/lint --tidy
}

# ---- the whole ----

# run_step NAME ARGS...
run_step() {
    local name=$1 from=${EPOCHREALTIME/,/.} outcome=ok
    shift
    printf '\n== %s ==\n' "$name"
    "step_$name" "$@" || outcome=FAILED
    printf '== %s: %s, %s s ==\n' "$name" "$outcome" "$(seconds_since "$from")"
    [ $outcome = ok ]
}

# run_steps NAME...: one after the other up to the first that fails.
run_steps() {
    local name
    for name in "$@"; do
        run_step "$name" || return 1
    done
}

# Build directories and results belong to one run at a time.
begin() {
    mkdir -p build
    exec 9>build/test.lock
    if ! flock -n 9; then
        printf 'waiting for another run of the tests in this directory ...\n'
        flock 9
    fi
    trap end EXIT
    rm -rf "$results"
    mkdir -p "$results"
    : >"$results/checks"
}

count_checks() {
    awk -v outcome="$1" '$1 == outcome { n++ } END { print n + 0 }' "$results/checks"
}

# One plain line over all runners, always the last.
end() {
    local status=$? passed failed skipped
    read -r passed failed skipped < <(scripts/junit-totals "$results"/*.xml)
    passed=$((passed + $(count_checks passed)))
    failed=$((failed + $(count_checks failed)))
    if [ "$failed" -eq 0 ] && [ $status -ne 0 ]; then
        failed=1
    fi
    printf '\n'
    [ "$skipped" -eq 0 ] || printf '%d skipped\n' "$skipped"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] || exit 1
}
